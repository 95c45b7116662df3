"""Asking Kafka for the next batch: everything that is there, when it is wanted (ADR 0069).

aiokafka fetches ahead the moment a batch is taken, and stops as soon as anything came; so the next batch would be
the one record that happened to come first, and what came while the last batch was applied would wait for the one
after it. FastStream sleeps between two empty polls. Here partitions rest while a batch is applied, and are asked
together when the next one is wanted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from itertools import chain
from typing import Any, Final

log = logging.getLogger(__name__)

_WAIT_MS: Final = 500
_COMMIT_S: Final = 1.0
_REST_S: Final = 0.1
_LARGE: Final = 500  # records: more at once would not be cheaper


class Polling:
    """How one consumer asks: at once while little happens, less often when batches come one upon another."""

    def __init__(self, name: str, max_records: int) -> None:
        self._name = name
        self._max_records = max_records
        self._took = (0, 0.0)  # the last batch's records, and when it was handed over
        self._committed_at = time.monotonic()
        self._passed = False
        self.behind = 0  # records that are not applied yet, as far as Kafka has said how many there are

    async def next(self, consumer: Any) -> tuple[Any, ...]:
        """The records that are there, of all partitions; none after half a second without any.

        FastStream calls it when the last batch has been applied or given back.
        """
        await self._commit(consumer)
        await asyncio.sleep(self._rest())
        consumer.resume(*consumer.paused())
        found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=self._max_records)
        consumer.pause(*consumer.assignment())
        records = tuple(chain.from_iterable(found.values()))
        self._took = len(records), time.monotonic()
        self._passed = self._passed or bool(records)
        self.behind = len(records) + await _waiting(consumer)
        return records

    def _rest(self) -> float:
        """Every batch has its price, whatever its size: after a small one that took long, let more come together."""
        records, since = self._took
        if records < 2 or records >= _LARGE:
            return 0.0
        return min(2 * (time.monotonic() - since), _REST_S)

    async def _commit(self, consumer: Any) -> None:
        """Tell Kafka how far we are, once a second: for whoever looks at lag; the offset in PostgreSQL is the truth."""
        now = time.monotonic()
        if not self._passed or now - self._committed_at < _COMMIT_S:
            return
        self._committed_at, self._passed = now, False
        try:
            await asyncio.wait_for(consumer.commit(), 5)
        except Exception as error:  # noqa: BLE001  a hint that is not taken is given again with the next batch
            log.info("%s: Kafka did not take the commit (%r); the offset in PostgreSQL holds", self._name, error)


async def _waiting(consumer: Any) -> int:
    """Records behind those handed over: the end of each partition as the last answer of Kafka gave it."""
    found = 0
    for place in consumer.assignment():
        end = consumer.highwater(place)
        if end is not None:
            found += max(0, end - await consumer.position(place))
    return found

"""The relay: what a transaction said, Kafka hears, in the order of each key, at least once.

One relay a database, whoever holds the advisory lock. It claims whatever is not yet published, never
"greater than the last id": rows of a slow transaction become visible late and would be skipped.
Rows are deleted once every record in them is acknowledged; a crash in between sends them again, and
the consumers' inboxes drop the second copy.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from runtime import names, telemetry
from runtime.db import TRANSIENT, Database, Packed, unpack
from runtime.kafka import build_producer
from runtime.settings import Settings

log = logging.getLogger(__name__)
_LOCK: Final = 0x4F555442
_CLAIM: Final = 8  # outbox rows a round, about a megabyte each at most
_SEND_TIMEOUT: Final = 20.0  # seconds; aiokafka itself would wait for ever
_SPANS: Final = 128  # at most so many send spans a round
_sent = telemetry.meter.create_counter(names.SENT, unit="{message}")


class Relay:
    """Publishes the outbox of one database; start it as a task and cancel it to stop."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._wake = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self.healthy = True
        database.on_emit(self._wake.set)

    async def run(self) -> None:
        """Publish until cancelled. Faults of the broker or the database are waited out, never skipped."""
        delay = 0.1
        try:
            while True:
                try:
                    await self._lead()
                    delay = 0.1
                except asyncio.CancelledError:
                    raise
                except Exception as error:  # noqa: BLE001  a relay that dies loses nothing but time; it must go on
                    self.healthy = False
                    if not isinstance(error, TRANSIENT):
                        log.warning("relay: %r; again in %.1f s", error, delay)
                    await self._discard_producer()
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
        finally:
            await self._discard_producer()

    async def _lead(self) -> None:
        async with self._database.session() as connection:
            if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                await asyncio.sleep(1)
                return
            try:
                self.healthy = True
                while True:
                    rows = await connection.fetch("select id, records from outbox order by id limit $1", _CLAIM)
                    if not rows:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._wake.wait(), 0.5)
                        self._wake.clear()
                        continue
                    records = [record for row in rows for record in unpack(row["records"])]
                    await asyncio.wait_for(self._publish(records), _SEND_TIMEOUT)
                    await connection.execute("delete from outbox where id = any($1::bigint[])", [r["id"] for r in rows])
                    self.healthy = True
            finally:
                with suppress(*TRANSIENT):
                    await connection.execute("select pg_advisory_unlock($1)", _LOCK)

    async def _publish(self, records: list[Packed]) -> None:
        """Send records in order; returns when Kafka has acknowledged all of them.

        Whole batches are handed to the producer: a future a record would cost more than all the rest.
        """
        producer = await self._ready_producer()
        counts = {topic: len(await producer.partitions_for(topic)) for topic in {record[0] for record in records}}
        open_batches: dict[tuple[str, int], Any] = {}
        waiting: list[Any] = []
        # What one cause says on one topic is one send: thirty figures of one update are one span, not thirty.
        spans: dict[tuple[str, str], trace.Span] = {}
        try:
            for topic, key, headers, value, traceparent in records:
                if traceparent and telemetry.sampled(traceparent):
                    span = spans.get((topic, traceparent))
                    if span is None and len(spans) < _SPANS:
                        span = spans[topic, traceparent] = _span(topic, traceparent)
                    if span is not None:
                        carried = (telemetry.traceparent_of(span) or traceparent).encode()
                        headers = [(n, carried if n == "traceparent" else v) for n, v in headers]
                place = (topic, _hash(key) % counts[topic])
                batch = open_batches.get(place)
                if batch is None or batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    if batch is not None:  # full
                        waiting.append(await _send(producer, batch, place))
                    batch = open_batches[place] = producer.create_batch()
                    batch.append(timestamp=None, key=key, value=value, headers=headers)
            for place, batch in open_batches.items():
                waiting.append(await _send(producer, batch, place))
            await asyncio.gather(*waiting)
            _sent.add(len(records))
        finally:
            for future in waiting:
                future.cancel()  # those of a failed round: nobody waits for them
            for span in spans.values():
                span.end()

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = build_producer(self._settings, f"{self._database.service}-relay")
            try:
                await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def _discard_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)


@lru_cache(maxsize=1 << 16)
def _hash(key: bytes) -> int:
    """The number by which Kafka's default partitioner chooses; in Python it takes long, and keys come again."""
    return int(murmur2(key)) & 0x7FFFFFFF


async def _send(producer: AIOKafkaProducer, batch: Any, place: tuple[str, int]) -> Any:
    batch.close()  # or it would linger for more
    return await producer.send_batch(batch, place[0], partition=place[1])


def _span(topic: str, traceparent: str) -> trace.Span:
    return telemetry.tracer.start_span(
        f"send {topic}",
        context=telemetry.parent(traceparent),
        kind=SpanKind.PRODUCER,
        attributes={
            names.MESSAGING_SYSTEM: "kafka",
            names.DESTINATION: topic,
            names.OPERATION_NAME: "send",
            names.OPERATION_TYPE: "send",
        },
    )


async def _stop(producer: AIOKafkaProducer) -> None:
    # stop() waits for ever while the broker is away.
    with suppress(Exception):
        await asyncio.wait_for(producer.stop(), 3)

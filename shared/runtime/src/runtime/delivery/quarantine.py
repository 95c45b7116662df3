"""Records that can never be accepted: kept whole in the database, mirrored to a dead-letter topic."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Final

import msgpack

from runtime import names, telemetry
from runtime.db import Tx
from runtime.delivery.reading import header
from runtime.delivery.record import Record
from runtime.errors import Reject, Stopped

log = logging.getLogger(__name__)

_LIMIT_SAMPLE: Final = 200  # records seen before the rejection ratio counts
_LIMIT_RATIO: Final = 0.5
_LAST_TIMESTAMP: Final = 253_402_300_799_000  # ms: the end of the year 9999; a producer may claim anything
_MIRRORED: Final = 2 * 1024 * 1024  # bytes of a body in a dead letter at most
_VERSION: Final = "0.1.0"

_quarantined = telemetry.meter.create_counter(names.QUARANTINED, unit="{message}")


async def keep(tx: Tx, consumer: str, unreadable: list[tuple[Any, Reject]], key_of: Callable[[Record], bytes]) -> None:
    """Keep what could not be read, and what the service refused in this transaction.

    ``key_of`` is how the consumer's inbox knows an event: one that was refused it forgets.
    """
    bad = [(r, reject.code, str(reject), reject.problems) for r, reject in unreadable]
    bad += [(record.raw, code, message, problems) for record, code, message, problems in tx.rejected]
    if not bad:
        return
    _quarantined.add(len(bad))
    if tx.rejected:
        await tx.forget(consumer, [key_of(record) for record, *_ in tx.rejected])
    for r, code, message, problems in bad:
        traceparent = header(r, "traceparent")
        if telemetry.span_context(traceparent) is None:
            traceparent = None
        log.warning(
            "%s: quarantined %s-%d@%d: %s: %s",
            consumer,
            r.topic,
            r.partition,
            r.offset,
            code,
            message,
            extra={"traceparent": traceparent},
        )
        await tx.conn.execute(
            'insert into quarantine (consumer, topic, partition, "offset", key, headers, value, code, message,'
            " problems, record_timestamp, service_version, traceparent)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, to_timestamp($11::float8 / 1000), $12, $13)"
            " on conflict do nothing",
            consumer,
            r.topic,
            r.partition,
            r.offset,
            r.key,
            msgpack.packb([list(h) for h in r.headers]),
            r.value,
            code,
            _storable(message[:2000]),
            json.dumps([[_storable(text) for text in problem] for problem in problems]),
            min(max(r.timestamp or 0, 0), _LAST_TIMESTAMP),
            _VERSION,
            traceparent,
        )
        # The mirror must never be what the relay cannot send; the whole record is in the table.
        too_large = len(r.value or b"") > _MIRRORED
        tx.emitted.append(
            (
                dlq_of(r.topic),
                r.key or b"",
                [
                    *((name, value) for name, value in r.headers if value is not None),
                    ("dlq_topic", r.topic.encode()),
                    ("dlq_partition", str(r.partition).encode()),
                    ("dlq_offset", str(r.offset).encode()),
                    ("dlq_code", code.encode()),
                    ("dlq_message", message[:500].encode()),
                    ("dlq_consumer", consumer.encode()),
                    ("dlq_version", _VERSION.encode()),
                    *([("dlq_truncated", str(len(r.value)).encode())] if too_large else []),
                ],
                None if too_large else r.value,
                None,
            )
        )


class Limit:
    """Stops a consumer, rather than empty a topic into quarantine, where the fault is likelier ours."""

    def __init__(self) -> None:
        self._seen = 0
        self._bad = 0

    def count(self, seen: int, bad: int) -> None:
        """Count a batch; raises Stopped where more than half of the last records were refused."""
        self._seen, self._bad = self._seen + seen, self._bad + bad
        if self._seen >= _LIMIT_SAMPLE:
            ratio = self._bad / self._seen
            total, rejected = self._seen, self._bad
            self._seen = self._bad = 0
            if ratio > _LIMIT_RATIO:
                raise Stopped(
                    f"{rejected} of the last {total} records were rejected; this service and its producer disagree."
                    " Mend one of them, then restart: nothing was committed."
                )


def dlq_of(topic: str) -> str:
    """Where quarantined records of a topic are mirrored; entities share one, which they cannot read."""
    return "plumbline.inbound.dlq" if topic.startswith("plumbline.inbound.") else f"{topic}.dlq"


def _storable(text: str) -> str:
    """A text without the one character PostgreSQL does not keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")

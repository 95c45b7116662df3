"""Events in: the one delivery pattern, used by every consumer (architecture §3).

Kafka hands over a batch; one PostgreSQL transaction locks the partitions' offset rows, drops what was
seen, remembers the rest, lets the service apply it, quarantines what can never be accepted, writes what
the service says to the outbox, and advances the offsets. Kafka's own commit afterwards only shows lag.
A fault of the moment holds the partition and is tried again; nothing is ever skipped because of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import msgpack
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from opentelemetry.trace import Link, Span, SpanKind

from contracts.envelope import Envelope, EnvelopeError, from_headers, from_structured
from contracts.streams import Stream
from runtime import lenient, names, telemetry
from runtime.access import SYSTEM
from runtime.db import TRANSIENT, UNSTORABLE, Database, Tx, event_key
from runtime.errors import Reject, Stopped

log = logging.getLogger(__name__)
lenient.install()

MAX_BATCH: Final = 5_000  # records; batch size is the lever of throughput
_LINKS: Final = 128  # links and record spans a batch at most
_LIMIT_SAMPLE: Final = 200  # records seen before the rejection ratio counts
_LIMIT_RATIO: Final = 0.5
_LAST_TIMESTAMP: Final = 253_402_300_799_000  # ms: the end of the year 9999; a producer may claim anything
_MIRRORED: Final = 2 * 1024 * 1024  # bytes of a body in a dead letter at most
_VERSION: Final = "0.1.0"

_consumed = telemetry.meter.create_counter(names.CONSUMED, unit="{message}")
_quarantined = telemetry.meter.create_counter(names.QUARANTINED, unit="{message}")
_duplicates = telemetry.meter.create_counter(names.DUPLICATES, unit="{message}")
_gaps = telemetry.meter.create_counter(names.GAPS, unit="{gap}")
_duration = telemetry.meter.create_histogram(names.PROCESS_DURATION, unit="s")

_Raw = ConsumerRecord


@dataclass(slots=True)
class Record:
    """One event and where it stood; ``envelope.traceparent`` is the span that processes it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    envelope: Envelope
    raw: Any


Handle = Callable[[Tx, Sequence[Record]], Awaitable[None]]
"""Applies a batch within the transaction; duplicates and unreadable records are already gone."""

OnReject = Callable[[Tx, Any, Reject], Awaitable[None]]
"""Told of each record that could not be read, within the same transaction, e.g. to write a receipt."""


class _ReadAgainError(Exception):
    """Records are missing before the batch; the partition is to be read again from an offset."""

    def __init__(self, place: TopicPartition, offset: int) -> None:
        super().__init__(f"{place.topic}-{place.partition}@{offset}")
        self.place, self.offset = place, offset


class Consumer:
    """Consumes streams for one service under one consumer group."""

    def __init__(
        self,
        database: Database,
        name: str,
        handle: Handle,
        *,
        streams: Sequence[Stream] = (),
        pattern: str | None = None,
        on_reject: OnReject | None = None,
        max_records: int = MAX_BATCH,
        limit: bool = True,
    ) -> None:
        self.name = name
        self.topics = [stream.topic for stream in streams]
        self._pattern = pattern
        self._database = database
        self._handle = handle
        self._on_reject = on_reject
        self._max_records = max_records
        self._limit = limit
        self._compacted = {stream.topic for stream in streams if stream.compacted}
        self._seen = 0
        self._bad = 0
        self._gap_at: dict[TopicPartition, int] = {}
        self._stopping = asyncio.Event()
        self.healthy = True
        self.failure: str | None = None
        self.progress_at = time.monotonic()
        self._subscriber: Any = None

    def subscribe(self, broker: KafkaBroker) -> None:
        """Attach to the broker; consuming begins when the broker starts."""
        self._subscriber = broker.subscriber(
            *self.topics,
            pattern=self._pattern,
            group_id=self.name,
            batch=True,
            max_records=self._max_records,
            batch_timeout_ms=20,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            session_timeout_ms=15_000,
            listener=_SeekToTruth(self),
            parser=_keep_raw,
            decoder=_leave_undecoded,
        )

        @self._subscriber  # type: ignore[untyped-decorator]
        async def on_batch(message: KafkaMessage) -> None:
            await self._consume(message)

    async def _consume(self, message: KafkaMessage) -> None:
        """Process one batch to the end. Never raises: FastStream would commit past what failed."""
        raw = cast("tuple[Any, ...]", message.raw_message)
        delay = 0.1
        give_back_at = time.monotonic() + 120  # well below max_poll_interval, after which Kafka evicts us
        while True:
            try:
                await self._process_or_refuse(raw)
                self.healthy, self.failure = True, None
                self.progress_at = time.monotonic()
                break
            except asyncio.CancelledError:
                raise
            except _ReadAgainError as gap:
                # The whole batch goes back: tried again as it is, it would close the gap over what is missing.
                await message.nack()
                self._subscriber.consumer.seek(gap.place, gap.offset)
                return
            except Stopped as stopped:
                self.healthy, self.failure = False, str(stopped)
                log.critical("%s: %s", self.name, stopped)
                await self._pause(30)
            except Exception as error:
                self.healthy, self.failure = False, f"{type(error).__name__}: {error}"
                log.warning(
                    "%s: %r; the batch is tried again",
                    self.name,
                    error,
                    exc_info=not isinstance(error, TRANSIENT),
                )
            if self._stopping.is_set() or time.monotonic() > give_back_at:
                await message.nack()
                return
            await self._pause(delay + random.random() * delay)
            delay = min(delay * 2, 5.0)
        try:
            await asyncio.wait_for(message.ack(), 5)
        except Exception as error:  # noqa: BLE001  the offset in PostgreSQL is the truth; this one is a hint
            log.info("%s: Kafka did not take the commit (%r); the offset in PostgreSQL holds", self.name, error)

    def stop(self) -> None:
        """Try nothing again: what is under way ends, what fails is left to the next process."""
        self._stopping.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _process_or_refuse(self, raw: Sequence[Any]) -> None:
        """Process a batch; where it holds a record that can never be kept, refuse that one alone.

        It is found by halves: what comes back with every try would hold the partition, and every sender, for ever.
        """
        try:
            await self._process(raw)
        except UNSTORABLE as error:
            log.warning("%s: %r in a batch of %d", self.name, error, len(raw))
            if len(raw) == 1:
                fault = f"The record holds something that cannot be stored: {error}"
                await self._process(raw, Reject("UNSTORABLE", fault))
                return
            half = len(raw) // 2
            await self._process_or_refuse(raw[:half])
            await self._process_or_refuse(raw[half:])

    async def _process(self, raw: Sequence[Any], refused: Reject | None = None) -> None:
        started = time.perf_counter()
        topics = ",".join(sorted({r.topic for r in raw}))
        links = _links(raw)
        with telemetry.tracer.start_as_current_span(
            f"process {topics}",
            context=telemetry.parent(None),
            kind=SpanKind.CONSUMER,
            links=links,
            attributes={
                names.MESSAGING_SYSTEM: "kafka",
                names.DESTINATION: topics,
                names.OPERATION_NAME: "process",
                names.OPERATION_TYPE: "process",
                names.CONSUMER_GROUP: self.name,
                names.BATCH_COUNT: len(raw),
            },
        ) as batch_span:
            spans: list[Span] = []
            try:
                async with self._database.transaction(SYSTEM) as tx:
                    fresh = await self._unseen(tx, raw)
                    records, unreadable = self._read(fresh, batch_span, spans, refused)
                    records = await self._first_times(tx, records)
                    if records:
                        await self._handle(tx, records)
                    await self._quarantine(tx, unreadable)
                    self._check_limit(len(fresh), len(unreadable) + len(tx.rejected))
            finally:
                for span in spans:
                    span.end()
        _consumed.add(len(raw))
        _duration.record(time.perf_counter() - started, {names.CONSUMER_GROUP: self.name})

    async def _unseen(self, tx: Tx, raw: Sequence[Any]) -> list[Any]:
        """Lock the offset rows, in order, and drop what lies before them; advance them."""
        first: dict[tuple[str, int], int] = {}
        last: dict[tuple[str, int], int] = {}
        for r in raw:
            place = (r.topic, r.partition)
            first.setdefault(place, r.offset)
            last[place] = r.offset
        places = sorted(first)
        topics, partitions = [p[0] for p in places], [p[1] for p in places]
        await tx.conn.execute(
            "insert into consumer_offset (consumer, topic, partition, next_offset)"
            " select $1, t, p, o from unnest($2::text[], $3::int[], $4::bigint[]) as x(t, p, o)"
            " order by t, p on conflict do nothing",
            self.name,
            topics,
            partitions,
            [first[p] for p in places],
        )
        rows = await tx.conn.fetch(
            "select topic, partition, next_offset from consumer_offset where consumer = $1"
            " and (topic, partition) in (select * from unnest($2::text[], $3::int[]))"
            " order by topic, partition for update",
            self.name,
            topics,
            partitions,
        )
        truth = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for place in places:
            if first[place] > truth[place]:
                self._gap(TopicPartition(*place), truth[place], first[place])
        await tx.conn.execute(
            "update consumer_offset c set next_offset = greatest(c.next_offset, x.o)"
            " from unnest($2::text[], $3::int[], $4::bigint[]) as x(t, p, o)"
            " where c.consumer = $1 and c.topic = x.t and c.partition = x.p",
            self.name,
            topics,
            partitions,
            [last[p] + 1 for p in places],
        )
        return [r for r in raw if r.offset >= truth[(r.topic, r.partition)]]

    def _gap(self, place: TopicPartition, expected: int, found: int) -> None:
        """A hole before the batch: go back for it once; if it is still there, retention or compaction made it."""
        if self._gap_at.get(place) == expected or place.topic in self._compacted:
            _gaps.add(1)
            log.warning(
                "%s: %s-%d has no offsets %d to %d",
                self.name,
                place.topic,
                place.partition,
                expected,
                found - 1,
            )
            return
        self._gap_at[place] = expected
        log.warning("%s: %s-%d: read %d, expected %d", self.name, place.topic, place.partition, found, expected)
        raise _ReadAgainError(place, expected)

    def _read(
        self, raw: Sequence[Any], batch_span: Span, spans: list[Span], refused: Reject | None
    ) -> tuple[list[Record], list[tuple[Any, Reject]]]:
        records: list[Record] = []
        unreadable: list[tuple[Any, Reject]] = []
        link = Link(batch_span.get_span_context())
        recording = batch_span.get_span_context().is_valid
        shared: dict[str, str] = {}  # records of one cause are one piece of work: they share a span
        for r in raw:
            try:
                if refused is not None:
                    raise refused
                envelope = decode(r)
            except Reject as reject:
                unreadable.append((r, reject))
                continue
            if envelope.traceparent in shared:
                envelope = envelope.with_trace(shared[envelope.traceparent])
            elif (
                recording
                and len(spans) < _LINKS
                and (envelope.traceparent is None or telemetry.sampled(envelope.traceparent))
            ):
                span = telemetry.tracer.start_span(
                    f"process {r.topic}",
                    context=telemetry.parent(envelope.traceparent, envelope.tracestate),
                    kind=SpanKind.CONSUMER,
                    links=[link],
                    attributes={
                        names.MESSAGING_SYSTEM: "kafka",
                        names.DESTINATION: r.topic,
                        names.PARTITION: str(r.partition),
                        names.OFFSET: r.offset,
                        names.OPERATION_NAME: "process",
                        names.OPERATION_TYPE: "process",
                        names.CONSUMER_GROUP: self.name,
                        names.EVENT_TYPE: envelope.type,
                        names.EVENT_ID: envelope.id,
                    },
                )
                spans.append(span)
                own = telemetry.traceparent_of(span) or envelope.traceparent
                if envelope.traceparent is not None and own is not None:
                    shared[envelope.traceparent] = own
                envelope = envelope.with_trace(own)
            records.append(Record(r.topic, r.partition, r.offset, r.key, envelope, r))
        return records, unreadable

    async def _first_times(self, tx: Tx, records: list[Record]) -> list[Record]:
        by_key: dict[bytes, Record] = {}
        for record in records:
            by_key.setdefault(event_key(record.envelope.source, record.envelope.id), record)
        if not by_key:
            return []
        new = await tx.first_times(self.name, list(by_key))
        _duplicates.add(len(records) - len(new))
        return [record for key, record in by_key.items() if key in new]

    async def _quarantine(self, tx: Tx, unreadable: list[tuple[Any, Reject]]) -> None:
        bad = [(r, reject.code, str(reject), reject.problems) for r, reject in unreadable]
        if self._on_reject is not None:
            for r, reject in unreadable:
                await self._on_reject(tx, r, reject)
        bad += [(record.raw, code, message, problems) for record, code, message, problems in tx.rejected]
        if not bad:
            return
        _quarantined.add(len(bad))
        if tx.rejected:
            refused = [record.envelope for record, *_ in tx.rejected]
            await tx.forget(self.name, [event_key(e.source, e.id) for e in refused])
        for r, code, message, problems in bad:
            traceparent = _header(r, "traceparent")
            if telemetry.span_context(traceparent) is None:
                traceparent = None
            log.warning(
                "%s: quarantined %s-%d@%d: %s: %s",
                self.name,
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
                self.name,
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
                        ("dlq_consumer", self.name.encode()),
                        ("dlq_version", _VERSION.encode()),
                        *([("dlq_truncated", str(len(r.value)).encode())] if too_large else []),
                    ],
                    None if too_large else r.value,
                    None,
                )
            )

    def _check_limit(self, seen: int, bad: int) -> None:
        """Stop, rather than empty a topic into quarantine, where the fault is likelier ours."""
        if not self._limit:
            return
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

    async def replay(self, tx: Tx, row: Any) -> list[str]:
        """Apply one quarantined record again, after a mend; returns what is still wrong, if anything."""
        r = _Raw(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            timestamp=0,
            timestamp_type=0,
            key=row["key"],
            value=row["value"],
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=tuple((n, v) for n, v in msgpack.unpackb(row["headers"])),
        )
        try:
            envelope = decode(r)
        except Reject as reject:
            return [str(reject)]
        await self._handle(tx, [Record(r.topic, r.partition, r.offset, r.key, envelope, r)])
        still = [message for _, _, message, _ in tx.rejected]
        tx.rejected.clear()
        return still


def dlq_of(topic: str) -> str:
    """Where quarantined records of a topic are mirrored; entities share one, which they cannot read."""
    return "plumbline.inbound.dlq" if topic.startswith("plumbline.inbound.") else f"{topic}.dlq"


def decode(r: Any) -> Envelope:
    """Read one Kafka record as a CloudEvent, binary or structured.

    Raises Reject for anything else: a null body, headers that are not UTF-8, a broken envelope.
    """
    headers: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for name, value in r.headers:
        try:
            if "\N{REPLACEMENT CHARACTER}" in name:
                raise UnicodeError
            headers[name] = value.decode() if value is not None else ""
        except UnicodeError:
            problems.append((name, "is not UTF-8; CloudEvents header values are"))
    if problems:
        raise Reject("HEADER_NOT_UTF8", "A header is not UTF-8", problems)
    if r.value is None:
        raise Reject("NULL_BODY", "The record has no body", [("body", "send the event's data as JSON")])
    try:
        if headers.get("content-type", "").startswith("application/cloudevents"):
            event = json.loads(r.value)
            envelope = from_structured(event)
            if envelope.traceparent is None and "traceparent" in headers:
                envelope = envelope.with_trace(headers["traceparent"])
            return envelope
        return from_headers(headers, r.value)
    except EnvelopeError as error:
        raise Reject("ENVELOPE", f"Not a CloudEvent Plumbline can read: {error}", error.problems) from None
    except (ValueError, RecursionError):
        raise Reject("NOT_JSON", "The body is not JSON", [("body", "send one CloudEvent as UTF-8 JSON")]) from None


def _storable(text: str) -> str:
    """A text without the one character PostgreSQL does not keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _header(r: Any, wanted: str) -> str | None:
    for name, value in r.headers:
        if name == wanted and value is not None:
            return bytes(value).decode("ascii", "replace")
    return None


def _links(raw: Sequence[Any]) -> list[Link]:
    links = []
    for r in raw[: _LINKS * 8]:
        context = telemetry.span_context(_header(r, "traceparent"))
        if context is not None:
            links.append(Link(context))
            if len(links) == _LINKS:
                break
    return links


async def _keep_raw(records: Any, original: Any) -> Any:
    """FastStream's parser decodes every header and drops the whole batch at the first that is not UTF-8.

    So it is shown one clean record, and the batch is handed over untouched.
    """
    message = await original((replace(records[0], headers=(), value=b""),))
    message.raw_message = records
    return message


async def _leave_undecoded(_message: Any) -> None:
    return None


class _SeekToTruth(ConsumerRebalanceListener):  # type: ignore[misc]
    """On assignment, go where PostgreSQL says: Kafka's commit may be behind or ahead."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        pass

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        consumer = self._consumer
        while assigned:
            try:
                async with consumer._database.transaction(SYSTEM) as tx:
                    rows = await tx.conn.fetch(
                        "select topic, partition, next_offset from consumer_offset where consumer = $1",
                        consumer.name,
                    )
                break
            except TRANSIENT as error:
                consumer.healthy, consumer.failure = False, repr(error)
                await asyncio.sleep(0.5)
        for row in rows if assigned else ():
            place = TopicPartition(row["topic"], row["partition"])
            if place in assigned:
                consumer._subscriber.consumer.seek(place, row["next_offset"])
        consumer.progress_at = time.monotonic()

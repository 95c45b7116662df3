"""A consumer: batches in, each tried until it is applied."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, cast

import msgpack
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from opentelemetry.trace import Span, SpanKind

from contracts.streams import Stream
from runtime import names, telemetry
from runtime.access import SYSTEM
from runtime.db import TRANSIENT, UNSTORABLE, Database, Tx, event_key
from runtime.delivery import quarantine, reading
from runtime.delivery.offsets import Offsets, ReadAgainError
from runtime.delivery.polling import Polling
from runtime.delivery.record import Handle, OnReject, Record
from runtime.delivery.seeking import SeekToTruth
from runtime.errors import Reject, Stopped

log = logging.getLogger(__name__)

MAX_BATCH: Final = 5_000  # records; batch size is the lever of throughput

_consumed = telemetry.meter.create_counter(names.CONSUMED, unit="{message}")
_duplicates = telemetry.meter.create_counter(names.DUPLICATES, unit="{message}")
_duration = telemetry.meter.create_histogram(names.PROCESS_DURATION, unit="s")


class Consumer:
    """Consumes streams for one service under one consumer group.

    ``inbox`` False leaves events seen unremembered: for a handler whose rows carry the version of what they hold,
    so that an event applied again, even after later ones, changes nothing (ADR 0069). ``sender`` names who writes to a
    topic, where each topic has a sender of its own: their ids do not meet (ADR 0076).
    """

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
        inbox: bool = True,
        sender: Callable[[str], str] | None = None,
    ) -> None:
        self.name = name
        self._inbox = inbox
        self._sender = sender
        self.topics = [stream.topic for stream in streams]
        self._pattern = pattern
        self._database = database
        self._handle = handle
        self._on_reject = on_reject
        self._max_records = max_records
        self._limit = quarantine.Limit() if limit else None
        self._offsets = Offsets(name, {stream.topic for stream in streams if stream.compacted})
        self._stopping = asyncio.Event()
        self.healthy = True
        self.failure: str | None = None
        self.progress_at = time.monotonic()
        self._subscriber: Any = None
        self._polling = Polling(name, max_records)

    @property
    def behind(self) -> int:
        """Records that wait to be applied, as far as Kafka has said: its lag."""
        return self._polling.behind

    def subscribe(self, broker: KafkaBroker) -> None:
        """Attach to the broker; consuming begins when the broker starts."""
        self._subscriber = broker.subscriber(
            *self.topics,
            pattern=self._pattern,
            group_id=self.name,
            batch=True,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            session_timeout_ms=15_000,
            listener=SeekToTruth(self, self._database, self._offsets),
            parser=_keep_raw,
            decoder=_leave_undecoded,
        )

        self._subscriber.get_msg = self._polling.next

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
            except ReadAgainError as gap:
                # The whole batch goes back: tried again as it is, it would close the gap over what is missing.
                await message.nack()
                self.seek(gap.place, gap.offset)
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

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Go on reading a partition from an offset."""
        self._subscriber.consumer.seek(place, offset)

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
        with telemetry.tracer.start_as_current_span(
            f"process {topics}",
            context=telemetry.parent(None),
            kind=SpanKind.CONSUMER,
            links=reading.links(raw),
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
                    fresh = await self._offsets.unseen(tx, raw)
                    records, unreadable = reading.read(fresh, self.name, batch_span, spans, refused)
                    if self._inbox:
                        records = await self._first_times(tx, records)
                    if records:
                        await self._handle(tx, records)
                    if self._on_reject is not None:
                        for r, reject in unreadable:
                            await self._on_reject(tx, r, reject)
                    await quarantine.keep(tx, self.name, unreadable, self._key)
                    if self._limit is not None:
                        self._limit.count(len(fresh), len(unreadable) + len(tx.rejected))
            finally:
                for span in spans:
                    span.end()
        _consumed.add(len(raw))
        _duration.record(time.perf_counter() - started, {names.CONSUMER_GROUP: self.name})

    def _key(self, record: Record) -> bytes:
        sender = self._sender(record.topic) if self._sender is not None else None
        return event_key(record.envelope.source, record.envelope.id, sender)

    async def _first_times(self, tx: Tx, records: list[Record]) -> list[Record]:
        by_key: dict[bytes, Record] = {}
        for record in records:
            by_key.setdefault(self._key(record), record)
        if not by_key:
            return []
        new = await tx.first_times(self.name, list(by_key))
        _duplicates.add(len(records) - len(new))
        return [record for key, record in by_key.items() if key in new]

    async def replay(self, tx: Tx, row: Any) -> list[str]:
        """Apply one quarantined record again, after a mend; returns what is still wrong, if anything."""
        r = ConsumerRecord(
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
            envelope = reading.decode(r)
        except Reject as reject:
            return [str(reject)]
        await self._handle(tx, [Record(r.topic, r.partition, r.offset, r.key, envelope, r)])
        still = [message for _, _, message, _ in tx.rejected]
        tx.rejected.clear()
        return still


async def _keep_raw(records: Any, original: Any) -> Any:
    """FastStream's parser decodes every header and drops the whole batch at the first that is not UTF-8.

    So it is shown one clean record, and the batch is handed over untouched.
    """
    message = await original((replace(records[0], headers=(), value=b""),))
    message.raw_message = records
    return message


async def _leave_undecoded(_message: Any) -> None:
    return None

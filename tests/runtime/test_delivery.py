"""The delivery pattern on a real broker and a real database; each test is a trap of the pinned libraries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.producer import producer as producer_module
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support import kafka
from tests.support.stack import fresh_database, secret_file, settings
from tests.support.waiting import until

from contracts.portfolio import ProjectWithdrawn
from contracts.streams import PORTFOLIO, entity_of, inbound
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database, Tx
from runtime.delivery import Consumer, Record
from runtime.kafka import build_broker, sasl

pytestmark = pytest.mark.stack


class Seen:
    """What a consumer's handler was given, in order, and how often it was called."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.calls = 0
        self.consumer: Consumer | None = None


@asynccontextmanager
async def consuming(
    stack: Stack,
    database: Database,
    entity: str,
    handle: Callable[[Tx, Sequence[Record]], Awaitable[None]] | None = None,
    **options: object,
) -> AsyncIterator[Seen]:
    """A consumer on one entity's topic; committed records are noted by id."""
    seen = Seen()

    async def default(tx: Tx, records: Sequence[Record]) -> None:
        pass

    async def noted(tx: Tx, records: Sequence[Record]) -> None:
        seen.calls += 1
        await (handle or default)(tx, records)
        for record in records:
            await tx.conn.execute("insert into applied (id, n) values ($1, default)", record.envelope.id)

    name = f"intake-{uuid4().hex[:8]}" if "name" not in options else str(options.pop("name"))
    consumer = Consumer(database, name, noted, streams=[inbound(entity)], **options)  # type: ignore[arg-type]
    seen.consumer = consumer
    broker = build_broker(settings(stack, "intake"), "test")
    consumer.subscribe(broker)
    await broker.start()
    try:
        yield seen
    finally:
        consumer.stop()
        await broker.stop()


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """Intake's database, with a table where a handler's effect can be counted."""
    import asyncpg

    fresh = await fresh_database(stack, "intake")
    owner = await asyncpg.connect(fresh.owner_dsn)
    await owner.execute("create table applied (n bigint generated always as identity, id text not null)")
    await owner.execute("grant select, insert on applied to intake")
    await owner.close()
    opened = await Database.connect(fresh.run_dsn, "intake")
    yield opened
    await opened.close()


async def applied(database: Database) -> list[str]:
    async with database.transaction(SYSTEM) as tx:
        return [row["id"] for row in await tx.conn.fetch("select id from applied order by n")]


async def quarantined(database: Database) -> list[str]:
    async with database.transaction(SYSTEM) as tx:
        return [row["code"] for row in await tx.conn.fetch("select code from quarantine order by id")]


def events(entity: str, *ids: str) -> list[tuple[str, bytes | None, kafka.Headers]]:
    found = []
    for id_ in ids:
        event = kafka.an_event(entity, {"project_id": "P"}, id=id_)
        found.append(("P", event.data, event.to_headers()))
    return found


async def applies(database: Database, *ids: str) -> None:
    async def all_there() -> bool:
        return set(ids) <= set(await applied(database))

    await until(all_there, what=f"{ids} to be applied")


async def test_a_header_that_is_not_utf8_costs_only_its_own_record(stack: Stack, database: Database) -> None:
    """FastStream's parser would drop the whole batch, silently."""
    entity = kafka.an_entity(stack)
    (good, after) = events(entity, "good", "after")
    hostile = ("P", b"{}", [("ce_id", b"\xff\xfe"), ("x", b"1")])
    null_header = ("P", b"{}", [("ce_id", None)])
    no_body = ("P", None, list(good[2]))
    kafka.send(stack, entity, inbound(entity).topic, [good, hostile, null_header, no_body, after])
    async with consuming(stack, database, entity):
        await applies(database, "good", "after")
        assert await quarantined(database) == ["HEADER_NOT_UTF8", "ENVELOPE", "NULL_BODY"]


async def test_a_fault_of_the_moment_skips_nothing(stack: Stack, database: Database) -> None:
    """MANUAL with an exception commits past the batch; the default policy commits before the handler."""
    entity = kafka.an_entity(stack)
    kafka.send(stack, entity, inbound(entity).topic, events(entity, "a", "b"))
    failures = iter([ConnectionResetError("first"), TimeoutError("second")])

    async def handle(_tx: Tx, _records: Sequence[Record]) -> None:
        for failure in failures:
            raise failure

    async with consuming(stack, database, entity, handle) as seen:
        await applies(database, "a", "b")
        assert await applied(database) == ["a", "b"]
        assert seen.calls == 3


async def test_a_failing_batch_waits_between_tries(stack: Stack, database: Database) -> None:
    """NACK_ON_ERROR has no pause: a poisoned batch would spin."""
    entity = kafka.an_entity(stack)
    kafka.send(stack, entity, inbound(entity).topic, events(entity, "a"))

    async def handle(_tx: Tx, _records: Sequence[Record]) -> None:
        raise ConnectionResetError

    async with consuming(stack, database, entity, handle) as seen:

        async def failing() -> bool:
            return seen.consumer is not None and not seen.consumer.healthy and seen.calls >= 2

        await until(failing)
        calls = seen.calls
        await asyncio.sleep(1)  # the subject of this test is a rate
        assert seen.calls - calls <= 4
        assert seen.consumer is not None
        assert seen.consumer.failure is not None


async def test_a_reply_to_header_publishes_nothing(stack: Stack, database: Database) -> None:
    """A handler's result would be sent wherever the sender says, with the service's rights."""
    entity = kafka.an_entity(stack)
    other = inbound(kafka.an_entity(stack)).topic
    key, value, headers = events(entity, "a")[0]
    kafka.send(stack, entity, inbound(entity).topic, [(key, value, [*headers, ("reply_to", other.encode())])])
    async with consuming(stack, database, entity):
        await applies(database, "a")
    assert kafka.read_all(stack, "intake", other, 1, seconds=2) == []


async def test_a_duplicate_is_applied_once(stack: Stack, database: Database) -> None:
    entity = kafka.an_entity(stack)
    kafka.send(stack, entity, inbound(entity).topic, events(entity, "a", "a", "b"))
    kafka.send(stack, entity, inbound(entity).topic, events(entity, "a", "c"))
    async with consuming(stack, database, entity):
        await applies(database, "a", "b", "c")
        assert await applied(database) == ["a", "b", "c"]


async def test_no_sender_takes_an_id_from_another(stack: Stack, database: Database) -> None:
    """Two systems may be installed alike, with one source and ids from 1 on: neither hides what the other says."""
    name = f"intake-{uuid4().hex[:8]}"
    for heard in (["a"], ["a", "a"]):
        entity = kafka.an_entity(stack)
        kafka.send(stack, entity, inbound(entity).topic, events("installed-alike", "a", "a"))
        async with consuming(stack, database, entity, name=name, sender=entity_of):

            async def all_heard(heard: list[str] = heard) -> bool:
                return await applied(database) == heard

            await until(all_heard, what=f"{heard} to be applied")


async def test_postgresql_says_where_to_go_on(stack: Stack, database: Database) -> None:
    """Kafka's commit may run ahead of what was really applied; on assignment the offset row decides."""
    entity = kafka.an_entity(stack)
    topic = inbound(entity).topic
    kafka.send(stack, entity, topic, events(entity, "a", "b", "c"))
    name = f"intake-{uuid4().hex[:8]}"
    async with consuming(stack, database, entity, name=name):
        await applies(database, "a", "b", "c")
    async with database.transaction(SYSTEM) as tx:  # as after a restore of the database from before b
        await tx.conn.execute("update consumer_offset set next_offset = 1 where consumer = $1", name)
        await tx.conn.execute("delete from inbox where consumer = $1", name)
    async with consuming(stack, database, entity, name=name):

        async def again() -> bool:
            return len(await applied(database)) == 5

        await until(again, what="b and c to be applied again")
    assert await applied(database) == ["a", "b", "c", "b", "c"]


async def test_a_worker_that_was_overtaken_changes_nothing(stack: Stack, database: Database) -> None:
    """A batch whose offsets are already behind the offset row is dropped: the row fences a zombie."""
    entity = kafka.an_entity(stack)
    topic = inbound(entity).topic
    name = f"intake-{uuid4().hex[:8]}"
    async with consuming(stack, database, entity, name=name):
        kafka.send(stack, entity, topic, events(entity, "a"))
        await applies(database, "a")
        async with database.transaction(SYSTEM) as tx:  # another worker has already come to offset 3
            await tx.conn.execute("update consumer_offset set next_offset = 3 where consumer = $1", name)
        kafka.send(stack, entity, topic, events(entity, "b", "c", "d"))
        await applies(database, "d")
        assert await applied(database) == ["a", "d"]


async def test_a_hole_before_a_batch_is_read_again(stack: Stack, database: Database) -> None:
    """A batch tried again as it is would close the gap, and what is missing would be fenced out for good."""
    entity = kafka.an_entity(stack)
    topic = inbound(entity).topic
    name = f"intake-{uuid4().hex[:8]}"
    async with consuming(stack, database, entity, name=name):
        kafka.send(stack, entity, topic, events(entity, "a", "b"))
        await applies(database, "a", "b")
        async with database.transaction(SYSTEM) as tx:  # the database was set back; the consumer reads on
            await tx.conn.execute("update consumer_offset set next_offset = 1 where consumer = $1", name)
            await tx.conn.execute("delete from inbox where consumer = $1", name)
        kafka.send(stack, entity, topic, events(entity, "c"))
        await applies(database, "c")
        assert await applied(database) == ["a", "b", "b", "c"]


async def test_a_batch_over_several_partitions_loses_none(stack: Stack, database: Database) -> None:
    """FastStream before 0.7.8 rewound only the first record's partition."""
    entity = kafka.an_entity(stack)
    topic = inbound(entity).topic
    kafka.send(stack, entity, topic, events(entity, *(f"left{n}" for n in range(20))), partition=0)
    kafka.send(stack, entity, topic, events(entity, *(f"right{n}" for n in range(20))), partition=1)
    failures = iter([OSError("once")])

    async def handle(_tx: Tx, _records: Sequence[Record]) -> None:
        for failure in failures:
            raise failure

    async with consuming(stack, database, entity, handle):
        await applies(database, *(f"{side}{n}" for side in ("left", "right") for n in range(20)))
        assert len(await applied(database)) == 40


async def test_what_postgresql_can_never_keep_is_refused_alone(stack: Stack, database: Database) -> None:
    """It comes back with every try: one sender's NUL would hold the partition, and everybody behind it, for ever."""
    entity = kafka.an_entity(stack)
    ids = [f"e{n}" for n in range(9)]

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        for record in records:
            text = "a\0b" if record.envelope.id in {"e2", "e3", "e8"} else "ab"
            await tx.conn.execute("select $1::text", text)

    kafka.send(stack, entity, inbound(entity).topic, events(entity, *ids))
    async with consuming(stack, database, entity, handle, limit=False):
        good = [i for i in ids if i not in {"e2", "e3", "e8"}]
        await applies(database, *good)
        kafka.send(stack, entity, inbound(entity).topic, events(entity, "next"))
        await applies(database, "next")
        assert await applied(database) == [*good, "next"]
        assert await quarantined(database) == ["UNSTORABLE"] * 3


async def test_headers_that_no_table_keeps_are_refused_and_kept(stack: Stack, database: Database) -> None:
    entity = kafka.an_entity(stack)
    (good,) = events(entity, "good")
    hostile = ("P", b"{}", [("ce_n\u0001", b"1"), ("traceparent", b"\0"), ("ce_type", b"a\0b")])
    kafka.send(stack, entity, inbound(entity).topic, [hostile, good])
    async with consuming(stack, database, entity):
        await applies(database, "good")
        assert await quarantined(database) == ["ENVELOPE"]


async def test_a_header_name_that_is_not_utf8_costs_only_its_own_record(
    stack: Stack, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka decodes names while it fetches: it would never come past the record."""
    entity = kafka.an_entity(stack)
    # The client's compiled half insists on text; its Python half encodes what it is given.
    for module in (message_accumulator, producer_module):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    login = sasl(
        settings(stack, "intake", kafka_username=entity, kafka_password_file=secret_file(stack, f"kafka-{entity}"))
    )
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka.address, **login)
    await producer.start()
    try:
        await producer.send_and_wait(inbound(entity).topic, b"{}", headers=[(Hostile("x"), b"1")], partition=0)
    finally:
        await producer.stop()
    kafka.send(stack, entity, inbound(entity).topic, events(entity, "after"))
    async with consuming(stack, database, entity):
        await applies(database, "after")
        assert await quarantined(database) == ["HEADER_NOT_UTF8"]


class Hostile(str):
    """A header's name as no honest client writes it."""

    def encode(self, *_: object) -> bytes:  # type: ignore[override]
        return b"\xff\xfe"


async def test_when_most_is_refused_the_consumer_stops(stack: Stack, database: Database) -> None:
    """If everything is wrong the fault is likelier ours: nothing is emptied into quarantine."""
    entity = kafka.an_entity(stack)
    kafka.send(stack, entity, inbound(entity).topic, [("P", b"{}", [("ce_id", b"\xff")]) for _ in range(300)])
    async with consuming(stack, database, entity) as seen:

        async def stopped() -> bool:
            return seen.consumer is not None and not seen.consumer.healthy

        await until(stopped)
        assert "disagree" in str(seen.consumer and seen.consumer.failure)
        assert await quarantined(database) == []


async def test_what_is_refused_may_be_mended_and_sent_again(stack: Stack, database: Database) -> None:
    entity = kafka.an_entity(stack)
    wrong = True

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        if wrong:
            for record in records:
                tx.reject(record, "WRONG", "for now")

    async with consuming(stack, database, entity, handle, limit=False):
        kafka.send(stack, entity, inbound(entity).topic, events(entity, "a"))
        await applies(database, "a")
        assert await quarantined(database) == ["WRONG"]
        wrong = False
        kafka.send(stack, entity, inbound(entity).topic, events(entity, "a"))

        async def twice() -> bool:
            return await applied(database) == ["a", "a"]

        await until(twice)


async def test_nothing_is_said_by_a_transaction_that_fails(stack: Stack, database: Database) -> None:
    """A publisher decorator would have sent it already, or never again."""

    async def says_and_fails() -> None:
        async with database.transaction(SYSTEM) as tx:
            tx.emit(PORTFOLIO, "P", ProjectWithdrawn(project_id="P"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await says_and_fails()
    async with database.transaction(SYSTEM) as tx:
        assert await tx.conn.fetchval("select count(*) from outbox") == 0


async def test_a_foreign_producers_trace_goes_on(stack: Stack, database: Database) -> None:
    """FastStream's middleware loses links of producers that send no correlation id, and uses old names."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    entity = kafka.an_entity(stack)
    key, value, headers = events(entity, "a")[0]
    trace_id = uuid4().hex
    carried = f"00-{trace_id}-00f067aa0ba902b7-01".encode()
    emitted: list[str | None] = []

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        event = tx.emit(PORTFOLIO, "P", ProjectWithdrawn(project_id="P"), cause=records[0].envelope)
        emitted.append(event.traceparent)

    kafka.send(stack, entity, inbound(entity).topic, [(key, value, [*headers, ("traceparent", carried)])])
    async with consuming(stack, database, entity, handle):
        await applies(database, "a")
    spans = [s for s in exporter.get_finished_spans() if s.name == f"process {inbound(entity).topic}"]
    batch = next(s for s in spans if s.attributes and "messaging.batch.message_count" in s.attributes)
    record = next(s for s in spans if s is not batch)
    assert [f"{link.context.trace_id:032x}" for link in batch.links] == [trace_id]
    assert record.context is not None
    assert f"{record.context.trace_id:032x}" == trace_id
    assert record.attributes is not None
    assert record.attributes["messaging.operation.name"] == "process"
    assert record.attributes["messaging.kafka.offset"] == 0
    assert [link.context.span_id for link in record.links] == [batch.context and batch.context.span_id]
    assert emitted == [f"00-{trace_id}-{record.context.span_id:016x}-01"]
    assert json.loads(value or b"{}") == {"project_id": "P"}


async def test_what_comes_while_a_batch_is_applied_is_the_next_batch(stack: Stack, database: Database) -> None:
    """aiokafka fetches ahead until anything came: the next batch would be the one record that came first."""
    entity = kafka.an_entity(stack)
    sizes: list[int] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_: Tx, records: Sequence[Record]) -> None:
        sizes.append(len(records))
        begun.set()
        await go_on.wait()

    first, *later = events(entity, "a", "b", "c", "d", "e")
    async with consuming(stack, database, entity, handle):
        kafka.send(stack, entity, inbound(entity).topic, [first])
        await begun.wait()
        for event in later:
            kafka.send(stack, entity, inbound(entity).topic, [event])
        go_on.set()
        await applies(database, "a", "b", "c", "d", "e")
        assert sizes == [1, 4]


async def test_a_consumer_says_how_far_it_is_behind(stack: Stack, database: Database) -> None:
    entity = kafka.an_entity(stack)
    go_on = asyncio.Event()

    async def handle(_: Tx, _records: Sequence[Record]) -> None:
        await go_on.wait()

    async with consuming(stack, database, entity, handle, max_records=2) as seen:
        kafka.send(stack, entity, inbound(entity).topic, events(entity, "a", "b", "c", "d", "e"))

        async def told(behind: int) -> bool:
            return seen.consumer is not None and seen.consumer.behind == behind

        await until(partial(told, 5), what="all five to wait")
        go_on.set()
        await applies(database, "a", "b", "c", "d", "e")
        await until(partial(told, 0), what="none to wait")

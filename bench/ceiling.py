"""The ceiling: the least a durable, deduplicated, queryable pipeline can do, written by hand in one loop.

Raw aiokafka, msgspec, asyncpg: read a batch, decode it, drop what was seen, add it up under five keys an event,
write the sums with one ``unnest … on conflict``, say what changed in one message, advance. It judges nothing,
knows no methodology, keeps no receipt and no history, and has one hop where the product has three: what it does
a second is what nobody can pass on this broker and this database (performance.md, A7 and A7b).

``python -m bench.ceiling`` measures it alone, with and without an inbox, by batch size.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka.cimpl import NewTopic

from bench import lab
from bench.workload import INBOUND, Workload, fill
from plumbline.stack import Stack, provision
from plumbline.stack.kafka import ADMIN

CHANGES: Final = "bench.changes"
DATABASE: Final = "bench_ceiling"
BATCH: Final = 5_000

_TABLES: Final = """
create table if not exists inbox (key bytea primary key);
create table if not exists position (
    run text, topic text, partition int, next bigint, primary key (run, topic, partition)
);
create table if not exists total (
    key text primary key, count bigint not null, sum numeric not null
) with (fillfactor = 70);
"""


class Period(msgspec.Struct):
    """The period of an observation."""

    start: str
    end: str


class Observation(msgspec.Struct):
    """An observation's payload, every field typed and checked."""

    project_id: str
    indicator_id: str
    period: Period
    revision: int
    value: str
    source_type: str
    evidence: list[str]
    comment: str


async def prepare(stack: Stack) -> None:
    """Make the ceiling's own database and topic."""
    admin = provision.admin_client(stack.kafka.address, ADMIN, lab.kafka_client(stack)["sasl.password"])
    if CHANGES not in admin.list_topics(timeout=10).topics:
        for future in admin.create_topics([NewTopic(CHANGES, 4, 1)]).values():
            future.result()
    async with lab.connection(stack, "postgres") as db:
        if not await db.fetchval("select true from pg_database where datname = $1", DATABASE):
            await db.execute(f"create database {DATABASE}")
    async with lab.connection(stack, DATABASE) as db:
        await db.execute(_TABLES)


async def run(
    stack: Stack, begin: dict[tuple[str, int], int], count: int, *, inbox: bool, batch: int = BATCH
) -> dict[str, float]:
    """Process ``count`` events of the inbound topics from these offsets on; events/s and where the time went.

    The clock runs from the first fetch to the last commit; connecting is not part of it.
    """
    name = uuid4().hex[:8]
    decoder = msgspec.json.Decoder(Observation)
    db = await asyncpg.connect(stack.postgres.superuser_dsn(DATABASE))
    sasl = {
        "bootstrap_servers": stack.kafka.address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": ADMIN,
        "sasl_plain_password": lab.kafka_client(stack)["sasl.password"],
    }
    reader = AIOKafkaConsumer(enable_auto_commit=False, max_partition_fetch_bytes=4 * 1024 * 1024, **sasl)
    writer = AIOKafkaProducer(acks="all", enable_idempotence=True, compression_type="lz4", **sasl)
    await reader.start()
    await writer.start()
    try:
        reader.assign([TopicPartition(*place) for place in begin])
        for place, offset in begin.items():
            reader.seek(TopicPartition(*place), offset)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        done, batches, spent = 0, 0, {"decode": 0.0, "collapse": 0.0, "database": 0.0, "publish": 0.0}
        meter = lab.Meter(stack, ("kafka", "postgres"))
        started = time.perf_counter()
        while done < count:
            found = await reader.getmany(timeout_ms=1000, max_records=batch)
            records = [record for several in found.values() for record in several]
            if not records:
                continue
            batches += 1
            done += len(records)
            await _batch(db, writer, decoder, records, name if not inbox else None, spent)
        elapsed = time.perf_counter() - started
        cpu = meter.seconds()
    finally:
        gc.unfreeze()
        gc.set_threshold(700, 10, 10)
        await reader.stop()
        await writer.stop()
        await db.close()
    return {
        "events_per_second": done / elapsed,
        "batch": done / max(batches, 1),
        **{f"{part}_us": seconds / done * 1e6 for part, seconds in spent.items()},
        **{f"cpu_{part}_us": seconds / done * 1e6 for part, seconds in cpu.items()},
        "cpu_us": sum(cpu.values()) / done * 1e6,
    }


async def _batch(
    db: Any,
    writer: AIOKafkaProducer,
    decoder: msgspec.json.Decoder[Observation],
    records: Sequence[Any],
    position: str | None,
    spent: dict[str, float],
) -> None:
    t0 = time.perf_counter()
    fresh: dict[bytes, tuple[str, Observation]] = {}
    for record in records:
        headers = dict(record.headers)
        key = hashlib.blake2b(headers["ce_source"] + b"\0" + headers["ce_id"], digest_size=16).digest()
        fresh.setdefault(key, (headers["ce_source"].decode(), decoder.decode(record.value)))
    t1 = time.perf_counter()
    spent["decode"] += t1 - t0
    async with db.transaction():
        if position is None:
            rows = await db.fetch(
                "insert into inbox (key) select * from unnest($1::bytea[]) on conflict do nothing returning key",
                list(fresh),
            )
            new = [fresh[row["key"]] for row in rows]
        else:
            new = list(fresh.values())
            ends = {(r.topic, r.partition): r.offset + 1 for r in records}
            await db.execute(
                "insert into position select $1, * from unnest($2::text[], $3::int[], $4::bigint[])"
                " on conflict (run, topic, partition) do update set next = excluded.next",
                position,
                [t for t, _ in ends],
                [p for _, p in ends],
                list(ends.values()),
            )
        t2 = time.perf_counter()
        spent["database"] += t2 - t1
        sums: dict[str, list[int]] = {}
        for source, o in new:
            value = round(float(o.value) * 100)  # hundredths: a sum of integers
            for name in (
                f"indicator:{o.project_id}|{o.indicator_id}",
                f"project:{o.project_id}",
                f"entity:{source}",
                f"entity-year:{source}|{o.period.start[:4]}",
                f"source:{o.source_type}",
            ):
                found = sums.get(name)
                if found is None:
                    sums[name] = [1, value]
                else:
                    found[0] += 1
                    found[1] += value
        keys = sorted(sums)
        t3 = time.perf_counter()
        spent["collapse"] += t3 - t2
        rows = await db.fetch(
            "insert into total (key, count, sum) select * from unnest($1::text[], $2::bigint[], $3::bigint[])"
            " on conflict (key) do update set count = total.count + excluded.count, sum = total.sum + excluded.sum"
            " returning key, count, sum::text as sum",
            keys,
            [sums[k][0] for k in keys],
            [sums[k][1] for k in keys],
        )
    t4 = time.perf_counter()
    spent["database"] += t4 - t3
    changed = [(row["key"], row["count"], row["sum"]) for row in rows]
    waiting = [
        await writer.send(CHANGES, msgspec.json.encode(changed[n : n + 500])) for n in range(0, len(changed), 500)
    ]
    await asyncio.gather(*waiting)
    spent["publish"] += time.perf_counter() - t4


async def main() -> None:
    """Measure the ceiling by itself."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    told = parser.parse_args()
    lanes = [(inbox, batch) for inbox in (True, False) for batch in (500, 1000, 2000, 5000)]
    found: dict[tuple[bool, int], list[dict[str, float]]] = {lane: [] for lane in lanes}
    async with lab.laboratory() as stack:
        await prepare(stack)
        offsets, workload = lab.Offsets(stack), Workload()
        for n in range(told.runs):
            begin = offsets.ends(INBOUND)
            fill(stack, workload.updates(told.events))
            for inbox, batch in lanes:
                if inbox:  # every lane with an inbox must find it without these events
                    async with lab.connection(stack, DATABASE) as db:
                        await db.execute("truncate inbox")
                found[inbox, batch].append(await run(stack, begin, told.events, inbox=inbox, batch=batch))
            lab.say(f"run {n + 1} of {told.runs} done")
    names = list(found[lanes[0]][0])
    medians = {lane: {k: lab.median([r[k] for r in runs]) for k in names} for lane, runs in found.items()}
    lab.table(
        ["lane", "batch at most", *names],
        [["inbox" if inbox else "offset only", batch, *medians[inbox, batch].values()] for inbox, batch in lanes],
    )
    lab.keep(
        told.json,
        {"ceiling": [{"inbox": i, "batch": b, **medians[i, b], "runs": found[i, b]} for i, b in lanes]},
    )


if __name__ == "__main__":
    asyncio.run(main())

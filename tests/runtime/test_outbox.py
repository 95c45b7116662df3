"""The relay on a real broker: everything said is heard, in order, also when things break in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from tests.support import kafka
from tests.support.stack import Database as Fresh
from tests.support.stack import fresh_database, settings
from tests.support.waiting import until

from contracts.portfolio import ProjectWithdrawn
from contracts.streams import PORTFOLIO
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database, pack, unpack
from runtime.outbox import Relay

pytestmark = pytest.mark.stack


@pytest.fixture
async def fresh(stack: Stack) -> Fresh:
    return await fresh_database(stack, "intake")


@pytest.fixture
async def database(fresh: Fresh) -> AsyncIterator[Database]:
    opened = await Database.connect(fresh.run_dsn, "intake")
    yield opened
    await opened.close()


@asynccontextmanager
async def relaying(stack: Stack, database: Database) -> AsyncIterator[Relay]:
    relay = Relay(database, settings(stack, "intake"))
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def empty(database: Database) -> bool:
    async with database.transaction(SYSTEM) as tx:
        return bool(await tx.conn.fetchval("select count(*) = 0 from outbox"))


def mine(stack: Stack, project: str, at_least: int) -> list[str]:
    """The reasons said about a project, in the order of the topic."""
    found: list[str] = []
    for _, data in kafka.read_from_the_start(stack, PORTFOLIO, "scoring"):
        if data["project_id"] == project:
            found.append(data["reason"])
    assert len(found) >= at_least
    return found


async def say(database: Database, project: str, *reasons: str) -> None:
    async with database.transaction(SYSTEM) as tx:
        for reason in reasons:
            tx.emit(PORTFOLIO, project, ProjectWithdrawn(project_id=project, reason=reason))


async def test_order_of_a_key_is_kept_and_late_rows_are_not_skipped(
    stack: Stack, database: Database, fresh: Fresh
) -> None:
    """A relay that remembers the last id skips a transaction that began earlier and committed later."""
    project = f"P-{uuid4().hex[:8]}"
    slow = await asyncpg.connect(fresh.owner_dsn)
    slow_tx = slow.transaction()
    await slow_tx.start()
    await slow.execute(
        "insert into outbox (records) values ($1)",
        pack(
            [
                (
                    PORTFOLIO.topic,
                    project.encode(),
                    [],
                    json.dumps({"project_id": project, "reason": "late"}).encode(),
                    None,
                )
            ]
        )[0],
    )
    async with relaying(stack, database):
        await say(database, project, *(f"{n}" for n in range(50)))
        async with database.transaction(SYSTEM) as tx:
            assert await tx.conn.fetchval("select count(*) from outbox") <= 1

        async def gone() -> bool:
            return await empty(database)

        await until(gone)
        await slow_tx.commit()  # its id is lower than all that was sent
        await until(gone)
    await slow.close()
    assert mine(stack, project, 51) == [*(f"{n}" for n in range(50)), "late"]


async def test_the_relay_outlives_the_broker(stack: Stack, database: Database) -> None:
    """An idempotent send waits for ever and stop() hangs while the broker is away; the relay does neither."""
    project = f"P-{uuid4().hex[:8]}"
    async with relaying(stack, database) as relay:
        await say(database, project, "before")

        async def gone() -> bool:
            return await empty(database)

        await until(gone)
        stack.kill("kafka")
        try:
            await say(database, project, "during")
        finally:
            await asyncio.to_thread(stack.restart, "kafka")
        await until(gone, seconds=60, what="the relay to reach the new broker")
        assert relay.healthy
    heard = mine(stack, project, 2)
    assert list(dict.fromkeys(heard)) == ["before", "during"]


def test_packing_keeps_every_record() -> None:
    records = [("t", b"k", [("a", b"1"), ("b", b"2")], b"x" * 300_000, None) for _ in range(9)]
    rows = pack(records)
    assert len(rows) > 1
    assert [r for row in rows for r in unpack(row)] == records

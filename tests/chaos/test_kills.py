"""``kill -9`` of every part, at random, while events flow: nothing lost, nothing twice, every figure right.

The seed is printed; PLUMBLINE_CHAOS_SEED runs the same order of kills again.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.chaos.history import History, check_ledger, check_portfolio
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.waiting import until

from contracts.streams import inbound
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database
from scoring.usecases.rebuilding import rebuild

pytestmark = pytest.mark.stack

VICTIMS = ("intake", "scoring", "notifier", "portal-gateway", "kafka", "postgres")
PROJECTS = 20
RATE = 100  # events a second


class Writer(threading.Thread):
    """An entity's system that goes on publishing, whatever happens; one event in ten it sends twice."""

    def __init__(self, stack: Stack, entity: Entity, history: History, seed: int) -> None:
        super().__init__(daemon=True)
        self._stack, self._entity, self._history = stack, entity, history
        self._random = random.Random(seed)
        self._done = threading.Event()
        self.failures: list[str] = []

    def run(self) -> None:
        producer = kafka.producer(self._stack, self._entity.user, **PATIENT)
        topic = inbound(self._entity.user).topic
        value = 0
        while not self._done.is_set():
            value += 1
            name = f"P{value % PROJECTS}"
            project = f"{self._entity.user}-{name}"
            # Not sampled: ten thousand traces would be the viewer's test, not this one.
            quiet = f"00-{uuid4().hex}-{uuid4().hex[:16]}-00"
            event = self._entity.observation(str(value), name, id=uuid4().hex, traceparent=quiet)
            for _ in range(2 if self._random.random() < 0.1 else 1):
                producer.produce(
                    topic, value=event.data, key=project.encode(), headers=event.to_headers(), on_delivery=self._told
                )
            self._history.say(project, event.id, value)
            producer.poll(0)
            time.sleep(1 / RATE)
        assert producer.flush(60) == 0

    def _told(self, error: object, _message: object) -> None:
        if error:
            self.failures.append(str(error))

    def stop(self) -> None:
        self._done.set()
        self.join(90)


PATIENT = {"enable.idempotence": True, "message.timeout.ms": 120_000, "queue.buffering.max.messages": 1_000_000}


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


async def test_ten_kills(system: Stack, http: httpx.AsyncClient) -> None:
    await survive(system, http, kills=10)


@pytest.mark.long
@pytest.mark.timeout(3000)
async def test_a_hundred_kills(system: Stack, http: httpx.AsyncClient) -> None:
    await survive(system, http, kills=100)


async def survive(stack: Stack, http: httpx.AsyncClient, *, kills: int) -> None:
    """Publish while parts die and come back; then let everything settle, and check the whole history."""
    seed = int(os.environ.get("PLUMBLINE_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}")  # noqa: T201  so that a failure can be run again
    chance = random.Random(seed)
    entity = await Entity.register(stack, http)
    history = History(entity.user)
    for n in range(PROJECTS):
        name = f"P{n}"
        target = [{"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "1000000"}]
        events = [entity.project(name), entity.indicator(name, targets=target)]
        entity.publish(*events)
        for event in events:
            history.say(f"{entity.user}-{name}", event.id)
    reader = Person(stack, "secretariat", http)

    async def known() -> bool:
        return await _accepted(stack, history) >= history.count

    await until(known, seconds=60, what="the projects to be known")
    writer = Writer(stack, entity, history, seed)
    writer.start()
    try:
        # Every part dies once before any dies again.
        order = [victim for _ in range(kills // len(VICTIMS) + 1) for victim in chance.sample(VICTIMS, len(VICTIMS))]
        for victim in order[:kills]:
            await asyncio.sleep(chance.uniform(0.05, 0.6))  # the moment of death is what is being varied
            stack.kill(victim)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(stack.restart, victim)
    finally:
        await asyncio.to_thread(writer.stop)
    assert writer.failures == []

    async def settled() -> bool:
        return await _accepted(stack, history) >= history.count and await _outbox_empty(stack)

    await until(settled, seconds=90, what=f"all {history.count} events to be accepted")
    seen = check_portfolio(stack, history)
    for project, value in history.last.items():
        # value / 1 000 000 of the way from 0 to the target is as many µ.
        await reader.figure_of("M1", f"indicator:{project}|I1", value)
    await check_ledger(stack, history)
    database = await Database.connect(stack.postgres.dsn("scoring", "scoring"), "scoring")
    try:

        async def equal() -> bool:
            async with database.transaction(SYSTEM) as tx:
                return (await rebuild(tx)).equal

        await until(equal, seconds=60, what="the figures to equal a batch rebuild")
    finally:
        await database.close()
    await entity.retire()
    print(f"{kills} kills, {history.count} events, {seen['facts']} facts in {seen['records']} records")  # noqa: T201


async def _accepted(stack: Stack, history: History) -> int:
    """Facts intake has published for these projects."""
    connection = await asyncpg.connect(stack.postgres.superuser_dsn("intake"))
    try:
        found: int = await connection.fetchval(
            "select coalesce(sum(sequence), 0)::bigint from project where entity = $1", history.entity
        )
        return found
    finally:
        await connection.close()


async def _outbox_empty(stack: Stack) -> bool:
    connection = await asyncpg.connect(stack.postgres.superuser_dsn("intake"))
    try:
        return bool(await connection.fetchval("select count(*) = 0 from outbox"))
    finally:
        await connection.close()

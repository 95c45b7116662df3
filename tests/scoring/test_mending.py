"""A rebuild mends figures that were changed by hand, and loses nothing that comes meanwhile (ADR 0074)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_evaluation, an_indicator
from tests.support.stack import Database as Fresh
from tests.support.stack import fresh_database

from contracts.metrics import MetricUpdated
from contracts.portfolio import ProjectWithdrawn
from contracts.streams import METRICS
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database, unpack
from scoring import store
from scoring.usecases.mending import mend

pytestmark = pytest.mark.stack


@pytest.fixture
async def fresh(stack: Stack) -> Fresh:
    return await fresh_database(stack, "scoring")


@pytest.fixture
async def feed(fresh: Fresh) -> AsyncIterator[Feed]:
    database = await Database.connect(fresh.run_dsn, "scoring")
    feed = Feed(database)
    for n in range(1, 8):
        name = f"XM-DEMO-1-P{n}"
        await feed.say(
            a_project(name), an_indicator(name), an_actual(str(10 * n), name), a_marker(2, name), an_evaluation(4, name)
        )
    yield feed
    await database.close()


async def by_hand(stack: Stack, fresh: Fresh, *statements: str) -> None:
    """Somebody with a password changes what no service would."""
    admin = await asyncpg.connect(stack.postgres.superuser_dsn().rpartition("/")[0] + f"/{fresh.name}")
    try:
        for statement in statements:
            assert not (await admin.execute(statement)).endswith(" 0"), statement
    finally:
        await admin.close()


async def told(feed: Feed) -> dict[tuple[str, str], MetricUpdated]:
    """The last figure said of each metric and scope."""
    found = {}
    async with feed.database.transaction(SYSTEM) as tx:
        for row in await tx.conn.fetch("select records from outbox order by id"):
            for topic, key, _, value, _ in unpack(row["records"]):
                if topic == METRICS.topic and not key.startswith(b"snapshot"):
                    figure = MetricUpdated.model_validate_json(value or b"")
                    found[figure.metric, figure.scope] = figure
    return found


async def test_where_nothing_differs_nothing_is_touched(feed: Feed) -> None:
    before = await told(feed)
    found = await mend(feed.database, lambda _: None)
    assert found["standing"] == found["rebuilt"]
    assert (found["projects"], found["facts"]) == (7, 35)
    assert (found["mended_projects"], found["mended_cells"]) == ([], [])
    assert await told(feed) == before


@pytest.mark.parametrize(
    "statement",
    [
        "update cell set sums[12] = sums[12] * 2 where scope = 'country:ML'",
        "update cell set sums[12] = 0, sums[1] = 0 where scope = 'global'",
        "delete from cell where scope = 'global'",
        "update family_cell set sums = '{}' where scope = 'country:ML' and metric = 'M8'",
        f"update project_state set mean = 1 where project_id = '{PROJECT}'",
        f"update project_state set body = 'nonsense' where project_id = '{PROJECT}'",
        f"update project_state set body = (select body from project_state where project_id = 'XM-DEMO-1-P3')"
        f" where project_id = '{PROJECT}'",
        f"delete from project_state where project_id = '{PROJECT}'",
        f"update share set ppm = 1 where project_id = '{PROJECT}' and scope = 'country:ML'",
        f"delete from term where project_id = '{PROJECT}'",
    ],
)
async def test_what_was_changed_by_hand_is_mended(stack: Stack, fresh: Fresh, feed: Feed, statement: str) -> None:
    before = await told(feed)
    await by_hand(stack, fresh, statement)
    found = await mend(feed.database, lambda _: None)
    assert found["mended_projects"] or found["mended_cells"]
    async with feed.database.transaction(SYSTEM) as tx:
        assert await tx.conn.fetchval("select mean from project_state where project_id = $1", PROJECT) == 100_000
    assert (await feed.rebuilt()).equal
    # Nobody had been told a wrong figure yet, so nobody is told the right one again.
    assert await told(feed) == before
    again = await mend(feed.database, lambda _: None)
    assert (again["mended_projects"], again["mended_cells"]) == ([], [])
    said = await feed.say(an_actual("100"))
    assert said["M4 global"].value == round((100 + sum(range(20, 80, 10))) / 7 * 10_000)
    assert said["M4 global"].revision == before["M4", "global"].revision + 1


async def test_a_wrong_figure_that_was_published_is_put_right_as_a_correction(
    stack: Stack, fresh: Fresh, feed: Feed
) -> None:
    await by_hand(stack, fresh, "update cell set sums[12] = sums[12] - 700000000000 where scope = 'global'")
    wrong = (await feed.say(an_actual("20")))["M4 global"]
    await mend(feed.database, lambda _: None)
    right = (await told(feed))["M4", "global"]
    assert right.value == round((20 + sum(range(20, 80, 10))) / 7 * 10_000)
    assert (right.previous, right.revision) == (wrong.value, wrong.revision + 1)
    async with feed.database.transaction(SYSTEM) as tx:
        last = await store.revision_at(tx.conn, "M4", "global", 2**62)
    assert last is not None
    assert (last.value, last.kind) == (right.value, "CORRECTION")
    assert (await feed.rebuilt()).equal


async def test_what_comes_meanwhile_is_not_lost(stack: Stack, fresh: Fresh, feed: Feed) -> None:
    chance = random.Random(5)
    await by_hand(
        stack,
        fresh,
        "update cell set sums[12] = 0",
        "update project_state set mean = 7, body = 'x' where project_id = 'XM-DEMO-1-P3'",
    )
    said = 0
    rebuilding = asyncio.create_task(mend(feed.database, lambda _: None))
    while not rebuilding.done():
        name = f"XM-DEMO-{chance.randint(1, 3)}-P{chance.choice([1, 2, 4, 5, 6, 7])}"
        await feed.say(a_project(name), an_indicator(name), an_actual(str(chance.randint(0, 99)), name))
        said += 3
    found = await rebuilding
    assert found["mended_cells"]
    assert "XM-DEMO-1-P3" in found["mended_projects"]
    after = await feed.rebuilt()
    assert after.equal, (after.projects_that_differ, after.cells_that_differ)
    assert after.facts == 35 + said
    assert said > 3


async def test_a_withdrawn_project_stands_as_its_facts_say_in_any_order(feed: Feed) -> None:
    other = "XM-DEMO-1-P9"
    project = feed.stamped(a_project(other, classification="compact"))
    gone = feed.stamped(ProjectWithdrawn(project_id=other))
    await feed.say(ProjectWithdrawn(project_id=PROJECT))
    await feed.say(gone)
    await feed.say(project)
    found = await mend(feed.database, lambda _: None)
    assert (found["mended_projects"], found["mended_cells"]) == ([], [])
    async with feed.database.transaction(SYSTEM) as tx:
        state = (await store.project_states(tx.conn, [other]))[other]
    assert (state.last_entity, state.last_classification) == ("XM-DEMO-1", "compact")

"""Every published revision is kept with its kind of cause, and effects add up to the total (M16, ADR 0071)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_indicator

from contracts.portfolio import Allocation, ObservationCorrected, ObservationRetracted, Period, ProjectAmended
from runtime.access import SYSTEM, Principal
from scoring import store
from scoring.domain.history import Revision, effects, summary
from scoring.usecases.mending import mend

pytestmark = pytest.mark.stack

INDICATOR = f"indicator:{PROJECT}|I1"
FOREVER = 2**62


async def history(feed: Feed, metric: str, scope: str) -> list[Revision]:
    async with feed.database.transaction(SYSTEM) as tx:
        return await store.revisions_between(tx.conn, metric, scope, 0, FOREVER, 1000)


def corrected(value: str) -> ObservationCorrected:
    period = Period(start="2025-01-01", end="2026-06-30")  # type: ignore[arg-type]
    return ObservationCorrected(project_id=PROJECT, indicator_id="I1", period=period, value=value)


async def a_life(feed: Feed) -> None:
    """Definition, a value in time, a correction, a late one, a reclassification, a retraction, and another value."""
    await feed.say(a_project(), an_indicator())
    await feed.say(an_actual("40"))
    feed.on("2026-08-01")
    await feed.say(corrected("30"))
    feed.on("2026-12-01")
    await feed.say(an_actual("55", end="2026-08-31"))
    await feed.say(
        ProjectAmended.model_validate(
            a_project(allocations=[Allocation(dim="COUNTRY", code="ML", ppm=10**6)]).model_dump()
        )
    )
    period = Period(start="2025-01-01", end="2026-08-31")  # type: ignore[arg-type]
    await feed.say(ObservationRetracted(project_id=PROJECT, indicator_id="I1", period=period))
    await feed.say(an_actual("70", end="2026-09-30"))


async def test_every_revision_is_kept_with_the_kind_of_its_cause(feed: Feed) -> None:
    await a_life(feed)
    found = await history(feed, "M1", INDICATOR)
    assert [(r.value, r.kind) for r in found] == [
        (None, "NEW_DATA"),
        (400_000, "NEW_DATA"),
        (300_000, "CORRECTION"),
        (550_000, "LATE_DATA"),
        (300_000, "RETRACTION"),
        (700_000, "NEW_DATA"),
    ]
    assert [r.revision for r in found] == [1, 2, 3, 4, 5, 6]
    assert [r.known for r in found] == sorted(r.known for r in found)
    left = await history(feed, "M4", "country:NE")
    assert [(r.value, r.state, r.kind) for r in left][-1] == (None, "NOT_APPLICABLE", "CLASSIFICATION_CHANGE")


async def test_what_history_says_last_is_what_stands(feed: Feed) -> None:
    await a_life(feed)
    await feed.say(a_marker(2))
    said: dict[tuple[str, str], Any] = {}
    async with feed.database.transaction(SYSTEM) as tx:
        for row in await tx.conn.fetch("select scope from cell union select scope from family_cell"):
            for metric in ("M2", "M4", "M7", "M8"):
                found = await store.revision_at(tx.conn, metric, row["scope"], FOREVER)
                if found is not None:
                    said[metric, row["scope"]] = found
        for (metric, scope), found in said.items():
            if metric == "M8":
                row = await store.family_cell(tx.conn, scope, metric)
            else:
                row = await store.cell(tx.conn, scope)
            assert row is not None
            stands = row.published[metric]
            assert (stands.value, stands.revision, stands.digest) == (found.value, found.revision, found.digest)
    assert len(said) > 40


async def test_the_effects_between_any_two_instants_add_up_to_the_total(feed: Feed) -> None:
    await a_life(feed)
    for scope in (INDICATOR, f"project:{PROJECT}", "global", "country:ML", "country:NE"):
        metric = "M1" if scope == INDICATOR else "M4"
        whole = await history(feed, metric, scope)
        instants = [0, *(r.known for r in whole)]
        async with feed.database.transaction(SYSTEM) as tx:
            for n, begin in enumerate(instants):
                for end in instants[n:]:
                    base = await store.revision_at(tx.conn, metric, scope, begin, valued=True)
                    rows = await store.revisions_between(tx.conn, metric, scope, begin, end, 1000)
                    before = base.value if base is not None else None
                    steps = effects(before, rows)
                    found = summary(before, steps)
                    assert sum(s.effect for s in steps if s.effect is not None) == found.total
                    last = await store.revision_at(tx.conn, metric, scope, end, valued=True)
                    assert found.last == (last.value if last is not None else None)
                    if found.first is not None:
                        assert found.last == found.first + found.total


async def test_many_revisions_are_read_page_by_page(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator())
    for value in range(1, 230):
        await feed.say(an_actual(str(value)))
    found = await history(feed, "M1", INDICATOR)
    # From 100 on nothing changes but the value before it is held within 0 and 1, which a reader sees too.
    assert [r.revision for r in found] == list(range(1, 231))
    async with feed.database.transaction(SYSTEM) as tx:
        first = await store.revision_at(tx.conn, "M1", INDICATOR, found[3].known)
    assert first == found[3]


@pytest.mark.parametrize("table", ["figure_revision", "share_ever", "shadow_project"])
async def test_the_database_itself_shows_only_what_may_be_read(feed: Feed, table: str) -> None:
    for name, entity, class_ in (("XM-DEMO-2-P1", "XM-DEMO-2", "owner"), (PROJECT, "XM-DEMO-1", "public")):
        await feed.say(a_project(name, entity=entity, classification=class_), an_indicator(name), an_actual("4", name))
    await mend(feed.database, lambda _: None)
    seen = {}
    for who in (
        SYSTEM,
        Principal(subject="d", role="donor"),
        Principal(subject="e", role="entity", organisation="XM-DEMO-2"),
        Principal(subject="", role=""),  # type: ignore[arg-type]
    ):
        async with feed.database.transaction(who) as tx:
            seen[who.role] = " ".join(map(str, await tx.conn.fetch(f"select * from {table}")))
    assert "XM-DEMO-2" in seen["system"]
    assert "XM-DEMO-2" not in seen["donor"]
    assert ("XM-DEMO-2" in seen["entity"]) == (table != "shadow_project")
    assert seen[""] == ""


async def test_history_is_only_ever_added_to(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    async with feed.database.transaction(SYSTEM) as tx:
        assert await tx.conn.execute("update figure_revision set known = 0") == "UPDATE 0"
        assert await tx.conn.execute("delete from figure_revision") == "DELETE 0"
        assert await tx.conn.fetchval("select count(*) from figure_revision") > 0

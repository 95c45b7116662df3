"""One batch in a real database: figures out once, states and cells right, any worker, any order."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_indicator, record

from contracts.base import Origin, Payload
from contracts.envelope import Envelope
from contracts.portfolio import (
    IndicatorWithdrawn,
    ObservationRetracted,
    Period,
    ProjectStatusChanged,
    ProjectWithdrawn,
    TransactionPosted,
)
from runtime.access import SYSTEM
from scoring import store

pytestmark = pytest.mark.stack


async def test_an_observation_moves_the_right_figures_and_says_why(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    origin = Origin(submission_id="S1", file="portfolio.xml", line=104)
    event = feed.stamped(an_actual("50", origin=origin), traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    said = await feed.say(event)
    assert said["M4 global"].value == 500_000
    assert said["M4 global"].previous == 400_000
    assert said["M4 global"].revision == 2
    assert said[f"M1 indicator:{PROJECT}|I1"].value == 500_000
    assert {scope for metric, scope in said.figures if metric == "M4"} == {
        "global", f"project:{PROJECT}", "entity:XM-DEMO-1", "pillar:P2", "pillar:P4", "country:ML", "country:NE",
        "region:011", "region:202", "region:002", "theme:BORDER", "pillar-country:P2|ML", "pillar-country:P2|NE",
        "pillar-country:P4|ML", "pillar-country:P4|NE", "entity-pillar:XM-DEMO-1|P2", "entity-pillar:XM-DEMO-1|P4",
    }  # fmt: skip
    cause = said["M4 country:ML"].cause
    assert cause is not None
    assert cause.model_dump() == {
        "event_id": event.id,
        "type": "org.plumbline.observation.recorded.v1",
        "project_id": PROJECT,
        "entity": "XM-DEMO-1",
        "line": 104,
        "file": "portfolio.xml",
    }
    assert {(e.causationid, e.traceparent) for e in said.envelopes} == {(event.id, event.traceparent)}


async def test_the_first_batch_says_every_figure_once(feed: Feed) -> None:
    said = await feed.say(a_project(), an_indicator(), an_actual("40"), an_actual("45"))
    assert {figure.revision for figure in said.figures.values()} == {1}
    assert said["M7 global"].value == 0
    assert said["M7 global"].parts["budget"] == {
        "P1": 0, "P2": 75_000_000, "P3": 0, "P4": 25_000_000, "unallocated": 0,
    }  # fmt: skip
    assert said["M2 global"].parts["histogram"] == {"ACCELERATE": 1}


async def test_the_same_fact_under_another_id_says_nothing(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    assert (await feed.say(an_actual("40"))).envelopes == []
    assert (await feed.say(a_project())).envelopes == []


async def test_an_older_version_that_comes_late_changes_nothing(feed: Feed) -> None:
    older = feed.stamped(an_actual("10"))
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    assert (await feed.say(older)).envelopes == []
    assert (await feed.rebuilt()).equal


async def test_facts_may_come_before_their_project(feed: Feed) -> None:
    assert (await feed.say(an_indicator(), an_actual("40"))).envelopes == []
    said = await feed.say(a_project())
    assert said["M4 global"].value == 400_000


async def test_a_withdrawn_project_leaves_every_total_and_its_figures_end(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    said = await feed.say(ProjectWithdrawn(project_id=PROJECT))
    assert {figure.state for figure in said.figures.values()} == {"NOT_APPLICABLE"}
    assert {figure.value for figure in said.figures.values()} == {None}
    assert ("M4", "country:ML") in said.figures
    assert ("M1", f"indicator:{PROJECT}|I1") in said.figures
    again = await feed.say(a_project())
    assert again["M4 global"].revision == 3
    assert again["M4 global"].value == 400_000


async def test_a_withdrawn_indicator_and_a_retracted_actual(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"), an_indicator(indicator_id="I2"))
    said = await feed.say(
        ObservationRetracted(
            project_id=PROJECT,
            indicator_id="I1",
            period=Period(start="2025-01-01", end="2026-06-30"),  # type: ignore[arg-type]
        )
    )
    # The final period is still running, so nothing is due any more.
    assert said[f"M1 indicator:{PROJECT}|I1"].state == "NOT_APPLICABLE"
    gone = await feed.say(IndicatorWithdrawn(project_id=PROJECT, indicator_id="I1"))
    assert said[f"M1 indicator:{PROJECT}|I1"].parts["state"] == "NOT_DUE"
    assert gone[f"M1 indicator:{PROJECT}|I1"].parts == {}
    assert (await feed.rebuilt()).equal


async def test_an_unreadable_figure_is_quarantined_and_the_next_good_one_passes(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator())
    good = feed.stamped(an_actual("40"))
    bad_value = Envelope(
        **{**_fields(feed.stamped(an_actual("41"))), "data": an_actual("41").to_json().replace(b'"41"', b'"4,1"')}
    )
    bad_shape = Envelope(**{**_fields(feed.stamped(an_actual("42"))), "data": b'{"project_id": 7}'})
    unstamped = Envelope(**{**_fields(feed.stamped(an_actual("43"))), "recordedtime": None})
    said = await feed.say(bad_value, bad_shape, unstamped, good)
    assert dict(said.rejected) == {bad_value.id: "PAYLOAD", bad_shape.id: "PAYLOAD", unstamped.id: "NO_VERSION"}
    assert said["M4 global"].value == 400_000
    assert (await feed.rebuilt()).facts == 3


def _fields(envelope: Envelope) -> dict[str, object]:
    return {name: getattr(envelope, name) for name in envelope.__slots__}


async def test_a_change_of_pace_raises_an_alert_with_its_reason(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("80"))
    said = await feed.say(an_actual("30"))
    (alert,) = said.alerts
    assert (alert.kind, alert.from_, alert.to) == ("off-track", "ON_TRACK", "LIMITED")
    assert alert.scope == f"indicator:{PROJECT}|I1"
    assert (alert.project_id, alert.indicator_id, alert.entity) == (PROJECT, "I1", "XM-DEMO-1")


async def test_a_closed_day_scores_only_what_was_waiting_for_it(feed: Feed) -> None:
    soon = [{"period_start": "2026-01-01", "period_end": "2026-07-05", "value": "100"}]
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    await feed.say(a_project("P-DUE"), an_indicator("P-DUE", targets=soon))
    assert (await feed.close("2026-07-04")).envelopes == []
    said = await feed.close("2026-07-05")
    assert {f.scope for f in said.figures.values() if f.scope.startswith("project:")} == {"project:P-DUE"}
    assert said["M1 indicator:P-DUE|I1"].state == "INSUFFICIENT_DATA"
    assert said["M1 indicator:P-DUE|I1"].parts["state"] == "MISSING"
    cause = said["M4 global"].cause
    assert cause is not None
    assert cause.type == "org.plumbline.clock.day.closed.v1"
    assert str(said["M4 global"].valid_as_of) == "2026-07-05"
    assert (await feed.close("2026-07-05")).envelopes == []
    assert (await feed.close("2026-07-03")).envelopes == []
    assert (await feed.rebuilt()).equal


async def test_a_transaction_that_fails_leaves_no_trace_in_memory(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))

    class Failure(Exception):
        """The database went away before the commit."""

    async def fail() -> None:
        async with feed.database.transaction(SYSTEM) as tx:
            await feed.handle(tx, [record(feed.stamped(an_actual("90")))])
            raise Failure

    with pytest.raises(Failure):
        await fail()
    assert (await feed.say(an_actual("50")))["M4 global"].previous == 400_000
    assert (await feed.rebuilt()).equal


async def test_two_workers_may_add_to_the_same_cells_and_take_over_each_others_projects(feed: Feed) -> None:
    first, second = feed, feed.worker()
    mine = [f"XM-DEMO-1-{n}" for n in range(10)]
    yours = [f"XM-DEMO-2-{n}" for n in range(10)]

    async def work(worker: Feed, projects: list[str], entity: str, values: range) -> None:
        for value in values:
            facts: list[Payload] = []
            for name in projects:
                facts += [a_project(name, entity=entity), an_indicator(name), an_actual(str(value), name)]
            await worker.say(*facts)

    await asyncio.gather(work(first, mine, "XM-DEMO-1", range(10, 14)), work(second, yours, "XM-DEMO-2", range(20, 24)))
    await asyncio.gather(work(first, yours, "XM-DEMO-2", range(30, 34)), work(second, mine, "XM-DEMO-1", range(40, 44)))
    found = await feed.rebuilt()
    assert (found.projects_that_differ, found.cells_that_differ) == ([], [])
    assert found.equal
    said = await first.say(an_actual("100", mine[0]))
    assert said["M4 global"].value == round((100 + 9 * 43 + 10 * 33) / 20 * 10_000)


async def test_any_order_and_any_batching_end_in_the_same_database(feed: Feed) -> None:
    chance = random.Random(11)
    events = []
    for n in range(6):
        name = f"XM-DEMO-{n % 2}-{n}"
        class_ = chance.choice(["public", "compact", "owner"])
        events += [feed.stamped(a_project(name, entity=f"XM-DEMO-{n % 2}", classification=class_))]
        for i in range(3):
            events.append(feed.stamped(an_indicator(name, f"I{i}", result_type=str(1 + i))))
            events += [feed.stamped(an_actual(str(chance.randint(0, 120)), name, f"I{i}")) for _ in range(3)]
        posted = TransactionPosted(
            project_id=name, transaction_id="t", type="3", date="2026-01-01", amount="12.5", currency="USD",
            value_date="2026-01-01",
        )  # fmt: skip  # type: ignore[arg-type]
        events += [feed.stamped(posted), feed.stamped(ProjectStatusChanged(project_id=name, to="3"))]
    events.append(feed.stamped(ProjectWithdrawn(project_id="XM-DEMO-0-0")))
    shuffled = events + chance.sample(events, 10)
    chance.shuffle(shuffled)
    seen: set[str] = set()
    fresh = [e for e in shuffled if not (e.id in seen or seen.add(e.id))]
    while fresh:
        size = chance.randint(1, 9)
        await feed.say(*fresh[:size])
        del fresh[:size]
    found = await feed.rebuilt()
    assert found.equal, (found.projects_that_differ, found.cells_that_differ)
    assert (found.projects, found.facts) == (6, len(events))


async def test_cells_are_locked_in_the_order_of_their_keys(feed: Feed) -> None:
    """Unsorted, two writers of shared rows deadlock; so the order is a promise."""
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    async with feed.database.transaction(SYSTEM) as tx:
        scopes = ["pillar:P2", "country:ML", "global", "a new one", "another"]
        found = await store.lock_cells(tx.conn, scopes, 3)
        assert list(found) == sorted(scopes)
        assert found["a new one"].sums == [0, 0, 0]


async def test_two_workers_that_meet_a_new_project_at_once_lose_nothing(feed: Feed) -> None:
    first, second = feed, feed.worker()
    project, marker = feed.stamped(a_project()), feed.stamped(a_marker(3))
    # The order in which the two come to the row is the database's.
    await asyncio.gather(first.say(project), second.say(marker))
    assert (await feed.rebuilt()).equal
    said = await feed.say(a_marker(2))
    assert said[f"M8 project:{PROJECT}"].parts["design"]["gender"] == "2"

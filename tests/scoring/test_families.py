"""Families of figures in a real database: said once, taken back whole, protected as any total, rebuilt from the log."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_evaluation, an_indicator

from contracts.assessment import EvaluationQualityRated, HrddpDecided, RecommendationStatusChanged
from contracts.base import Payload
from contracts.envelope import Envelope
from contracts.portfolio import ProjectStatusChanged, ProjectWithdrawn, TransactionPosted
from runtime.access import SYSTEM
from scoring import store

pytestmark = pytest.mark.stack
CORE = {"M1", "M2", "M4", "M7"}


def rated(quality: int, project_id: str = PROJECT) -> EvaluationQualityRated:
    return EvaluationQualityRated(project_id=project_id, evaluation_id="E1", quality=quality)


async def test_a_judgement_moves_its_own_figures_only_and_an_observation_moves_none_of_them(feed: Feed) -> None:
    first = await feed.say(a_project(), an_indicator(), an_actual("40"))
    assert first["M8 global"].state == "INSUFFICIENT_DATA"
    assert not [metric for metric, _ in first.figures if metric == "M5"]
    event = feed.stamped(a_marker(2))
    said = await feed.say(event)
    assert not {metric for metric, _ in said.figures} & CORE
    assert (said["M8 country:ML"].value, said["M8 country:ML"].previous) == (1_000_000, None)
    cause = said["M8 country:ML"].cause
    assert cause is not None
    assert (cause.event_id, cause.project_id) == (event.id, PROJECT)
    assert said[f"M8 project:{PROJECT}"].parts["design"]["gender"] == "2"
    assert not [metric for metric, _ in (await feed.say(an_actual("50"))).figures if metric in {"M5", "M8"}]
    assert (await feed.say(a_marker(2))).envelopes == []
    assert (await feed.rebuilt()).equal


async def test_an_evaluation_is_a_figure_once_its_quality_is_known_and_leaves_with_its_project(feed: Feed) -> None:
    await feed.say(a_project(), an_evaluation(5))
    said = await feed.say(rated(4))
    assert (said["M5 global"].value, said["M5 global"].projects) == (1_000_000, 1)
    assert said[f"M5 project:{PROJECT}"].value == 800_000
    gone = await feed.say(ProjectWithdrawn(project_id=PROJECT))
    assert {gone[f"M5 {scope}"].state for scope in ("global", "country:ML", f"project:{PROJECT}")} == {"NOT_APPLICABLE"}
    again = await feed.say(a_project())
    assert (again["M5 global"].value, again["M5 global"].revision) == (1_000_000, 3)
    assert (await feed.rebuilt()).equal


async def test_shares_that_move_take_the_terms_along(feed: Feed) -> None:
    await feed.say(a_project(), a_marker(3), an_evaluation(5), rated(4))
    elsewhere = [a for a in a_project().allocations if a.dim != "COUNTRY"]
    said = await feed.say(a_project(allocations=elsewhere))
    assert said["M8 country:ML"].state == said["M5 country:ML"].state == "NOT_APPLICABLE"
    assert (await feed.rebuilt()).equal


async def test_few_projects_do_not_give_a_restricted_one_away(feed: Feed) -> None:
    said = await feed.say(a_project(classification="owner"), a_marker(3), an_evaluation(5), rated(4))
    for metric in ("M5", "M8"):
        figure = said[f"{metric} global"]
        assert (figure.classification, figure.flags) == ("owner", ["INCLUDES_WITHHELD", "SMALL_CELL"])
        assert figure.value is None  # what it is of is not told to anybody by a total
    names = ["XM-DEMO-1-A", "XM-DEMO-2-B"]
    said = await feed.say(*(a_project(name, entity=name[:-2]) for name in names))
    assert said["M8 global"].classification == "public"
    # Three projects are marked or not; one alone is evaluated, and stays the only one in its cell.
    assert ("M5", "global") not in said.figures
    said = await feed.say(*(fact for name in names for fact in (an_evaluation(5, name), rated(4, name))))
    assert said["M5 global"].classification == "public"


async def test_a_closed_day_wakes_a_family_alone(feed: Feed) -> None:
    clearance = HrddpDecided(
        project_id=PROJECT,
        hrddp_id="H",
        status="CLEARED",
        expires_on="2026-07-10",  # type: ignore[arg-type]
    )
    await feed.say(a_project(), a_marker(2, scheme="HRM"), clearance)
    assert (await feed.close("2026-07-10")).envelopes == []
    said = await feed.close("2026-07-11")
    assert not {metric for metric, _ in said.figures} & CORE
    assert said["M8 global"].parts["design"]["rights"]["count"]["mainstreamed"] == 0
    assert (await feed.rebuilt()).equal


async def test_a_judgement_that_cannot_be_meant_is_refused(feed: Feed) -> None:
    wrong = feed.stamped(a_marker(3, scheme="DAC"))
    said = await feed.say(a_project(), wrong)
    assert said.rejected == [(wrong.id, "VALUE")]
    assert (await feed.rebuilt()).facts == 1


@pytest.mark.parametrize("seed", [7, 8])
async def test_any_order_and_any_batching_end_in_the_same_families(feed: Feed, seed: int) -> None:
    chance = random.Random(seed)
    facts: list[Payload] = []
    for n in range(8):
        name = f"XM-DEMO-{n % 2}-{n}"
        class_ = chance.choice(["public", "compact", "owner"])
        facts += [a_project(name, entity=f"XM-DEMO-{n % 2}", classification=class_), an_indicator(name)]
        facts += [a_marker(chance.choice([None, 0, 1, 2, 3]), name) for _ in range(3)]
        facts += [an_evaluation(chance.randint(1, 6), name) for _ in range(2)]
        facts += [rated(chance.randint(3, 6), name) for _ in range(2)] + [an_actual("30", name)]
        facts.append(ProjectStatusChanged(project_id=name, to=chance.choice(["2", "4", "6"])))
        facts.append(
            TransactionPosted(
                project_id=name,
                transaction_id="t",
                type="4",
                date="2026-01-01",
                amount="12.5",
                currency="USD",
                value_date="2026-01-01",
            )
        )
        facts.append(
            RecommendationStatusChanged(
                project_id=name, evaluation_id="E1", recommendation_id="R", response="ACCEPTED", due_on="2026-08-01"
            )
        )
    events = [feed.stamped(fact) for fact in facts]
    chance.shuffle(events)
    other = feed.worker()

    async def work(worker: Feed, entity: bytes, left: list[Envelope]) -> None:
        """One worker a project at a time, as partitions see to it."""
        mine = [event for event in left if entity in event.data]
        while mine:
            size = chance.randint(1, 9)
            await worker.say(*mine[:size])
            del mine[:size]

    half = len(events) // 2
    await asyncio.gather(work(feed, b"XM-DEMO-0-", events[:half]), work(other, b"XM-DEMO-1-", events[:half]))
    await asyncio.gather(work(feed, b"XM-DEMO-1-", events[half:]), work(other, b"XM-DEMO-0-", events[half:]))
    await feed.close("2026-08-15")
    found = await feed.rebuilt()
    assert (found.projects_that_differ, found.cells_that_differ) == ([], [])
    assert found.equal
    assert found.facts == len(events)


async def test_cells_of_families_are_locked_in_the_order_of_their_keys(feed: Feed) -> None:
    await feed.say(a_project())
    keys = [("pillar:P2", "M8"), ("country:ML", "M8"), ("country:ML", "M5"), ("another", "M8")]
    async with feed.database.transaction(SYSTEM) as tx:
        rows = await store.lock_family_cells(tx.conn, keys)
        assert [(row.scope, row.metric) for row in rows] == sorted(keys)

"""Needs, resolutions and organisations in a real database: moved by what they rest on, rebuilt from the log."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_project, an_actual, an_indicator

from contracts.assessment import RiskAssessed
from contracts.base import Payload
from contracts.coordination import (
    ImplementationAssessed,
    NeedRegistered,
    NeedSupportLinked,
    NeedUpdated,
    ObligationScheduled,
    ProvisionDefined,
    ReportReceived,
)
from contracts.portfolio import Allocation, ProjectStatusChanged, ProjectWithdrawn
from runtime.access import SYSTEM, Principal
from scoring import store
from scoring.codec import micros
from scoring.domain.method import FIRST_METHOD
from scoring.usecases.explaining import explain
from scoring.usecases.mending import mend
from scoring.usecases.reading import figure
from scoring.usecases.replaying_subjects import replay_subjects

pytestmark = pytest.mark.stack

SECRETARIAT = Principal(subject="s", role="secretariat")
MALI = Principal(subject="m", role="member-state", country="ML")
NIGER = Principal(subject="n", role="member-state", country="NE")
DONOR = Principal(subject="d", role="donor")
OTHERS = ("XM-DEMO-1-A", "XM-DEMO-1-B")


def a_need(id_: str = "N1", severity: int = 4, priority: int = 3, **over: Any) -> NeedRegistered:
    """A need of Mali that may be counted in public totals."""
    fields: dict[str, Any] = {"country": "ML", "pillar": "P2", "classification": "public", "consented": True, **over}
    return NeedRegistered(
        need_id=id_, entity="XM-DEMO-1", severity=severity, priority=priority, source="a plan", **fields
    )


def a_link(need: str = "N1", project: str = PROJECT, adequacy: int = 500_000, **over: Any) -> NeedSupportLinked:
    return NeedSupportLinked(
        need_id=need, country="ML", project_id=project, adequacy=adequacy, rationale="agreed", **over
    )


def a_risk(project: str = PROJECT, likelihood: int = 2) -> RiskAssessed:
    """Somebody keeps a register, and nothing in it stands in the way."""
    return RiskAssessed(
        project_id=project, risk_id="R1", category="fiduciary", likelihood=likelihood, impact=likelihood,
        residual_likelihood=1, residual_impact=1,
    )  # fmt: skip


def a_level(level: Any, on: str, provision: str = "a", **over: Any) -> ImplementationAssessed:
    fields: dict[str, Any] = {
        "country": "ML", "assessor": "CTED", "classification": "public", "consented": True, **over,
    }  # fmt: skip
    return ImplementationAssessed(
        resolution="S/RES/2396 (2017)", provision_id=provision, assessed_on=on, level=level, **fields
    )


def a_provision(provision: str = "a", weight: int = 2, **over: Any) -> ProvisionDefined:
    fields: dict[str, Any] = {"kind": "LEGAL", **over}
    return ProvisionDefined(resolution="S/RES/2396 (2017)", provision_id=provision, weight=weight, **fields)


def owed(id_: str, due: Any, entity: str = "XM-DEMO-1") -> ObligationScheduled:
    return ObligationScheduled(obligation_id=id_, entity=entity, kind="annual report", due_on=due)


def came(id_: str, on: Any, entity: str = "XM-DEMO-1") -> ReportReceived:
    return ReportReceived(obligation_id=id_, entity=entity, received_on=on)


async def test_the_worked_needs_move_with_their_projects(feed: Feed) -> None:
    await feed.say(a_need("N1"), a_need("N2", 3, 2), a_need("N3", 2, 1))
    projects = [a_project(name) for name in (PROJECT, *OTHERS)]
    links = [a_link("N1"), a_link("N2", OTHERS[0], 700_000), a_link("N2", OTHERS[1], 600_000)]
    said = await feed.say(*projects, *links)
    assert ("M13", "global") not in said.figures, "no gate is open yet"
    said = await feed.say(*(a_risk(name) for name in (PROJECT, *OTHERS)))
    whole = said["M13 global"]
    assert (whole.value, whole.previous, whole.classification) == (600_000, 0, "public")
    assert (whole.parts["gap"], whole.parts["oversupply"], whole.parts["unaddressed"]) == (400_000, 90_000, 1)
    assert {scope for metric, scope in said.figures if metric == "M13"} >= {
        "country:ML", "pillar:P2", "pillar-country:P2|ML", "region:002",
    }  # fmt: skip
    assert (await feed.rebuilt()).equal
    # A gate that closes, a status that changes, a project that goes: the needs linked to it follow at once.
    said = await feed.say(a_risk(likelihood=5))
    assert said["M13 global"].value == 300_000
    assert (await feed.rebuilt()).equal
    said = await feed.say(ProjectStatusChanged(project_id=OTHERS[0], to="4"))
    assert said["M13 global"].value == 6 * 600_000 // 20
    said = await feed.say(ProjectWithdrawn(project_id=OTHERS[1]))
    assert (said["M13 global"].value, said["M13 global"].parts["unaddressed"]) == (0, 3)
    assert (await feed.rebuilt()).equal


async def test_a_link_may_come_before_its_project_and_its_need(feed: Feed) -> None:
    assert not (await feed.say(a_link())).figures
    await feed.say(a_project(), a_risk())
    said = await feed.say(a_need())
    assert said["M13 country:ML"].value == 500_000
    said = await feed.say(ProjectStatusChanged(project_id=PROJECT, to="1"))
    assert (said["M13 country:ML"].value, said["M13 country:ML"].parts["planned"]) == (0, 500_000)
    assert (await feed.rebuilt()).equal


async def test_two_workers_that_meet_at_a_link_lose_nothing(feed: Feed) -> None:
    await feed.say(a_need())
    link, project, risk = feed.stamped(a_link()), feed.stamped(a_project()), feed.stamped(a_risk())
    await asyncio.gather(feed.say(link), feed.worker().say(project, risk))
    assert (await feed.rebuilt()).equal
    async with feed.database.transaction(SYSTEM) as tx:
        found = await figure(tx, "M13", "country:ML")
    assert found is not None
    assert found["value"] == 500_000


async def test_consent_decides_who_reads_what(feed: Feed) -> None:
    await feed.say(*(a_need(f"N{n}") for n in range(3)))
    secret = NeedUpdated(**{**a_need("N0").model_dump(), "classification": "state:ML", "consented": False})
    said = await feed.say(secret)
    assert said["M13 global"].parts["needs"] == 2
    assert (said["M13 country:ML"].parts["needs"], said["M13 country:ML"].classification) == (3, "state:ML")
    readers = {MALI: True, NIGER: False, SECRETARIAT: True, DONOR: False}
    for principal, reads in readers.items():
        async with feed.database.transaction(principal) as tx:
            assert (await figure(tx, "M13", "country:ML") is not None) == reads
            assert await figure(tx, "M13", "region:011") is not None, "public needs of public class"
    for table in ("subject_state", "subject_fact", "subject_term"):
        async with feed.database.transaction(DONOR) as tx:
            column = "subject" if table == "subject_fact" else "id"
            seen = {row[0] for row in await tx.conn.fetch(f"select {column} from {table}")}
        assert seen == {"N1", "N2"}, "the policy of the database alone withholds it"
    said = await feed.say(NeedUpdated(**{**a_need("N0").model_dump(), "withdrawn": True}))
    assert said["M13 country:ML"].classification == "public"
    assert said["M13 country:ML"].previous is None, "it was the State's, and nobody else's"
    assert (await feed.rebuilt()).equal


async def test_an_explanation_of_needs_adds_up_for_who_may_read_them_all(feed: Feed) -> None:
    needs = [a_need("N1", classification="state:ML"), a_need("N2", 3, 2), a_need("N3", 2, 1)]
    await feed.say(a_project(), a_risk(), *needs, a_link("N1"))
    for principal, kinds in ((MALI, ["need"] * 3), (DONOR, ["need", "need", "withheld"])):
        async with feed.database.transaction(principal) as tx:
            tree = await explain(tx, "M13", "country:ML", 10)
        assert tree is not None
        assert [child["kind"] for child in tree["children"]] == kinds
        assert (tree["numerator"], tree["denominator"]) == (12 * 500_000, 20)
        listed = [child for child in tree["children"] if child["kind"] == "need"]
        assert (sum(need["denominator"] for need in listed) == 20) == (principal is MALI)
        assert not [child for child in tree["children"] if child["kind"] == "withheld" and "numerator" in child]
    async with feed.database.transaction(MALI) as tx:
        tree = await explain(tx, "M13", "country:ML", 1)
    assert tree is not None
    assert [c["label"] for c in tree["children"][0]["children"]] == ["Need N1", f"Project {PROJECT}"]
    assert tree["children"][1]["label"] == "2 more needs"


async def test_the_worked_levels_and_a_weight_that_changes(feed: Feed) -> None:
    await feed.say(a_provision("a"), a_provision("b", 1, kind="OPERATIONAL"), a_provision("c", 1))
    before = [a_level("2", "2023-03-01"), a_level("1", "2023-03-01", "b"), a_level("NA", "2023-03-01", "c")]
    said = await feed.say(*before)
    assert said["M14 country:ML"].value == 416_667
    said = await feed.say(a_level("3", "2025-03-01"), a_level("1", "2025-03-01", "b"))
    own = said["M14 country:ML"]
    assert (own.value, own.parts["resolutions"]["S/RES/2396 (2017)"]["delta"], own.flags) == (583_333, 83_333, [])
    assert (said["M14 global"].value, said["M14 region:002"].value) == (583_333, 583_333)
    assert (await feed.rebuilt()).equal
    # A provision that is redefined moves the countries assessed on it, and no fact of theirs was said.
    said = await feed.say(a_provision("b", 2, kind="OPERATIONAL"))
    assert said["M14 country:ML"].value == 500_000
    assert (await feed.rebuilt()).equal
    async with feed.database.transaction(DONOR) as tx:
        tree = await explain(tx, "M14", "country:ML", 10)
    assert tree is not None
    (country,) = tree["children"]
    parts = [(c["numerator"], c["denominator"]) for c in country["children"] if "numerator" in c]
    assert (sum(n for n, _ in parts), sum(d for _, d in parts)) == (tree["numerator"], tree["denominator"])


async def test_a_day_makes_assessments_stale_and_obligations_due(feed: Feed) -> None:
    await feed.say(a_provision(), a_level("3", "2022-07-10"), owed("O1", "2026-07-15"))
    assert not [key for key in (await feed.close("2026-07-10")).figures if key[0] in {"M14", "M15"}]
    assert "STALE" in (await feed.close("2026-07-11"))["M14 country:ML"].flags
    said = await feed.close("2026-07-15")
    assert said["M15 entity:XM-DEMO-1"].value == 0
    assert (said["M15 global"].classification, said["M15 entity:XM-DEMO-1"].owner) == ("compact", "XM-DEMO-1")
    assert (await feed.rebuilt()).equal


async def test_the_worked_reports_and_completeness_beside_them(feed: Feed) -> None:
    await feed.say(a_project(), *(owed(f"O{n}", "2026-06-01") for n in range(3)))
    await feed.close("2026-06-30")
    said = await feed.say(came("O1", "2026-06-01"), came("O2", "2026-07-01"))
    own = said["M15 entity:XM-DEMO-1"]
    assert (own.value, own.previous) == (555_556, 0)
    # Start, end, place, pillar, theme and budget of ten; nothing of the money's movements.
    assert own.parts["groups"]["core"] == 600_000
    assert (own.parts["months"], own.parts["freshness"]) == ([1], 125_000)
    assert (await feed.rebuilt()).equal
    async with feed.database.transaction(Principal(subject="e", role="entity", organisation="XM-DEMO-1")) as tx:
        tree = await explain(tx, "M15", "entity:XM-DEMO-1", 10)
    assert tree is not None
    assert [child["kind"] for child in tree["children"]] == ["entity", "project"]
    assert tree["numerator"] == sum(c["numerator"] for c in tree["children"][0]["children"])
    core = next(c for c in tree["children"][1]["children"] if c["label"] == "Core")
    assert core["calc"].startswith("6 of 10; not there: gender marker")
    # A month later the month it published in lies a month back.
    said = await feed.close("2026-08-01")
    assert said["M15 entity:XM-DEMO-1"].parts["months"] == [2]
    assert (await feed.rebuilt()).equal


async def test_the_scorecard_follows_its_pillars(feed: Feed) -> None:
    for n, value in enumerate(("62", "71", "55", "20"), 1):
        name = f"XM-DEMO-1-{n}"
        said = await feed.say(
            a_project(name, allocations=[Allocation(dim="PILLAR", code=f"P{n}", ppm=1_000_000)]),
            an_indicator(name),
            an_actual(value, name, end="2026-12-31"),
        )
        assert (("M17", "global") in said.figures) == (n == 4)
    assert (said["M17 global"].value, said["M17 global"].parts["least"]) == (469_095, 200_000)
    async with feed.database.transaction(DONOR) as tx:
        assert await figure(tx, "M17", "global") is None  # it would tell of pillars in which too few stand
        assert await explain(tx, "M17", "global", 10) is None
    async with feed.database.transaction(SECRETARIAT) as tx:
        found = await figure(tx, "M17", "global")
        tree = await explain(tx, "M17", "global", 10)
    assert found is not None
    assert tree is not None
    assert (found["value"], [child["value"] for child in tree["children"]]) == (
        469_095, [620_000, 710_000, 550_000, 200_000],
    )  # fmt: skip
    said = await feed.say(an_actual("0", "XM-DEMO-1-4", end="2026-12-31"))
    assert said["M17 global"].parts["least"] == 0
    said = await feed.say(ProjectWithdrawn(project_id="XM-DEMO-1-4"))
    assert said["M17 global"].state == "NOT_APPLICABLE"


async def test_a_scorecard_of_pillars_without_a_value_says_why_it_has_none(feed: Feed) -> None:
    for n in range(1, 5):
        name = f"XM-DEMO-1-{n}"
        pillar = Allocation(dim="PILLAR", code=f"P{n}", ppm=1_000_000)
        await feed.say(a_project(name, allocations=[pillar]), an_indicator(name))
    await feed.close("2027-01-31")
    async with feed.database.transaction(SECRETARIAT) as tx:
        tree = await explain(tx, "M17", "global", 10)
    assert tree is not None
    assert (tree["value"], [child["value"] for child in tree["children"]]) == (None, [None] * 4)
    assert tree["calc"] == "a pillar is withheld"


async def test_what_cannot_be_meant_is_refused_and_leaves_no_trace(feed: Feed) -> None:
    broken = feed.stamped(a_need(), data=a_need().to_json().replace(b'"severity":4', b'"severity":7'))
    said = await feed.say(broken)
    assert said.rejected == [(broken.id, "PAYLOAD")]
    assert not said.figures
    assert (await feed.rebuilt()).equal


async def test_a_mending_leaves_what_is_right_and_mends_what_is_not(feed: Feed) -> None:
    await feed.say(a_project(), a_risk(), a_need(), a_link(), owed("O1", "2026-06-01"))
    await feed.close("2026-06-30")
    found = await mend(feed.database, lambda _: None)
    assert (found["mended_subjects"], found["mended_cells"]) == ([], [])
    async with feed.database.transaction(SYSTEM) as tx:
        await tx.conn.execute("update family_cell set sums = '{}' where metric = 'M13'")
    found = await mend(feed.database, lambda _: None)
    assert "M13|country:ML" in found["mended_cells"]
    assert (await feed.rebuilt()).equal


@pytest.mark.parametrize("seed", [3, 4])
async def test_any_order_and_any_batching_end_in_the_same_figures(feed: Feed, seed: int) -> None:
    chance = random.Random(seed)
    facts: list[Payload] = []
    for n in range(4):
        name = f"XM-DEMO-1-{n}"
        facts += [a_project(name), a_risk(name, chance.choice([1, 2, 5]))]
        facts += [a_need(f"N{n}", chance.randint(1, 4), classification=chance.choice(["public", "state:ML"]))]
        facts += [a_need(f"N{n}", chance.randint(1, 4), consented=chance.choice([True, False]))]
        facts += [a_link(f"N{n}", f"XM-DEMO-1-{chance.randint(0, 4)}", chance.randint(0, 1_000_000)) for _ in "ab"]
        facts.append(ProjectStatusChanged(project_id=name, to=chance.choice(["1", "2", "3", "4"])))
        facts += [a_provision(p, chance.randint(1, 3), theme=chance.choice([None, "BORDER"])) for p in "ab"]
        facts += [
            a_level(chance.choice("01234"), f"{year}-0{n + 1}-01", p, country=chance.choice(["ML", "NE"]))
            for p in "ab" for year in (2021, 2025)
        ]  # fmt: skip
        facts += [owed(f"O{n}", f"2026-0{n + 4}-01"), came(f"O{n}", "2026-07-01")]
    stamped = [feed.stamped(fact) for fact in facts]
    shuffled = stamped + chance.sample(stamped, 5)
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, 6)
        await feed.say(*shuffled[:size])
        del shuffled[:size]
        if chance.random() < 0.2:
            await feed.close(f"2026-07-{chance.randint(1, 28):02d}")
    await feed.close("2026-07-31")
    rebuilt = await feed.rebuilt()
    assert rebuilt.equal, (rebuilt.subjects_that_differ, rebuilt.cells_that_differ)
    async with feed.database.transaction(SYSTEM) as tx:
        assert len(await store.all_subjects(tx.conn)) == 8


async def test_freshness_fades_month_by_month_until_nothing_of_it_is_left(feed: Feed) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    days = [f"{2026 + n // 12}-{n % 12 + 1:02d}-01" for n in range(7, 21)]
    seen = []
    for day in days:
        said = await feed.close(day)
        assert (await feed.rebuilt()).equal
        if ("M15", "entity:XM-DEMO-1") in said.figures:
            seen.append(said["M15 entity:XM-DEMO-1"].parts["freshness"])
    # Published in one month, July, its figures of June, two months to a year old; a year later neither counts.
    assert seen == [500_000, 500_000, 375_000, 375_000, 375_000, *[250_000] * 6, 0]


async def test_subjects_are_made_again_as_they_were_known_and_valid_then(feed: Feed) -> None:
    await feed.say(a_provision(), a_level("1", "2026-01-31"), owed("O1", "2026-06-15"), came("O1", "2026-06-15"))
    known = micros(feed.stamped(a_provision()).recordedtime or datetime.now(UTC))
    feed.on("2026-08-01")
    await feed.say(a_level("4", "2026-06-20"), came("O1", "2026-07-25"))
    day = date(2026, 6, 30).toordinal()
    async with feed.database.transaction(SYSTEM) as tx:
        now = (await replay_subjects(tx, {}, day, FIRST_METHOD)).moved
        then = (await replay_subjects(tx, {}, day, FIRST_METHOD, known=known, until=day)).moved
        valid = (await replay_subjects(tx, {}, day, FIRST_METHOD, until=day)).moved
    assert [sums["country:ML", "M14"]["wl"] for sums in (now, then, valid)] == [8, 2, 8]
    assert [sums["global", "M15"]["credit"] for sums in (now, then, valid)] == [555_556, 1_000_000, 1_000_000]

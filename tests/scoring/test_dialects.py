"""Publisher dialects: proposed from evidence, previewed, adopted, withdrawn without a trace (methodology §2.5, G15)."""

from __future__ import annotations

import pytest
from tests.support.scoring_facts import a_project as plain_project
from tests.support.scoring_facts import an_actual as plain_actual
from tests.support.scoring_facts import an_indicator as plain_indicator
from tests.support.scoring_facts import known, ordinal, target
from tests.support.scoring_feed import PROJECT, Feed, a_project, an_actual, an_indicator

from contracts.context import CodelistPublished, DialectAdopted, DialectWithdrawn, Readings
from contracts.portfolio import Allocation, Baseline, Target
from intake.codelists import load
from runtime.access import SYSTEM
from scoring import store
from scoring.domain import facts
from scoring.domain.allocation import PILLARLESS
from scoring.domain.attainment import attain
from scoring.domain.crosswalk import CROSSWALK
from scoring.domain.dialect import Proposal, evidence, pillar_evidence, proposed
from scoring.domain.facts import Fact, Place
from scoring.domain.parameters import FIRST
from scoring.domain.readings import PLAIN
from scoring.domain.readings import Readings as Read
from scoring.domain.state import About, ProjectState
from scoring.usecases.changing import begin_due
from scoring.usecases.dialects import dialect
from scoring.usecases.jobs import Jobs

ENTITY = "XM-DEMO-1"


def adopted(version: int = 1, **readings: object) -> DialectAdopted:
    return DialectAdopted(
        entity=ENTITY, version=version, readings=Readings.model_validate(readings), adopted_by=ENTITY,
        adopted_on="2026-07-01",
    )  # type: ignore[arg-type]  # fmt: skip


def a_wrong_direction(n: int, *, descending: bool = False) -> list[object]:
    """``ascending="0"`` on all, as some systems write it; the target above the baseline on all but one."""
    low, high, middle = ("100", "0", "50") if descending else ("0", "100", "50")
    name = f"I{n:02d}"
    aim = Target(period_start="2025-01-01", period_end="2026-06-30", value=high)  # type: ignore[arg-type]
    return [
        an_indicator(
            indicator_id=name, ascending=False, baselines=[Baseline(year=2024, value=low)], targets=[aim],
            result_type="1",
        ),
        an_actual(middle, indicator_id=name),
    ]  # fmt: skip


@pytest.mark.stack
async def test_g15_a_dialect_is_proposed_adopted_and_withdrawn_without_a_trace(feed: Feed) -> None:
    facts = [fact for n in range(12) for fact in a_wrong_direction(n, descending=n == 11)]
    await feed.say(a_project(), *facts)  # type: ignore[arg-type]
    said = await feed.close("2026-07-01")
    async with feed.database.transaction(SYSTEM) as tx:
        found = await dialect(tx, ENTITY)
    assert found is not None
    (one,) = [e for e in found["evidence"] if e["reading"] == "direction"]
    assert (one["value"], one["agree"], one["indicators"], one["proposed"]) == ("from-values", 11, 12, True)
    preview = found["preview"]
    assert (preview["readable_before"], preview["readable_after"], preview["changed"]) == (1, 12, 11)
    assert preview["total"]["before"]["state"] == "INSUFFICIENT_DATA"
    assert (preview["total"]["after"]["value"], preview["total"]["after"]["state"]) == (500_000, "PUBLISHED")
    (moved,) = preview["projects"]
    assert (moved["project_id"], preview["projects_changed"], preview["fall"]) == (PROJECT, 1, 0)
    assert (moved["before"]["value"], moved["before"]["state"]) == (None, "INSUFFICIENT_DATA")
    assert (moved["after"]["value"], moved["after"]["lower"], moved["after"]["upper"]) == (500_000, 500_000, 500_000)
    assert moved["grades"] == ["D", "D"]  # an adopted reading costs a step, and there is none below
    first = (await feed.rebuilt()).standing

    said = await feed.say(adopted(direction="from-values"))
    project = said[f"M4 project:{PROJECT}"]
    assert (project.value, project.state, project.coverage.observed) == (500_000, "PUBLISHED", 1)
    flagged = [f for (m, s), f in said.figures.items() if m == "M1" and "BY_DIALECT:direction" in f.flags]
    assert len(flagged) == 11
    assert all(f.value == 500_000 for f in flagged)
    assert (await feed.rebuilt()).equal
    # A project that comes later is read by it too; an older word that comes late changes nothing.
    late = feed.stamped(adopted(direction="as-declared"))
    assert (await feed.say(*a_wrong_direction(12)))["M1 indicator:XM-DEMO-1-P1|I12"].value == 500_000  # type: ignore[arg-type]
    await feed.say(adopted(2, direction="from-values"))
    assert not (await feed.say(late)).figures

    said = await feed.say(DialectWithdrawn(entity=ENTITY, version=3))
    assert said[f"M1 indicator:{PROJECT}|I00"].value is None
    rebuilt = await feed.rebuilt()
    assert rebuilt.equal
    assert first != rebuilt.standing  # one indicator more than then


@pytest.mark.stack
async def test_withdrawn_leaves_the_hash_of_before(feed: Feed) -> None:
    facts = [fact for n in range(12) for fact in a_wrong_direction(n)]
    await feed.say(a_project(), *facts)  # type: ignore[arg-type]
    first = (await feed.rebuilt()).standing
    await feed.say(adopted(direction="from-values", accumulation="CUMULATIVE"))
    assert (await feed.rebuilt()).standing != first
    await feed.say(DialectWithdrawn(entity=ENTITY, version=2))
    assert (await feed.rebuilt()).standing == first


def score(readings: Read, *said: Fact) -> tuple[int | None, list[str]]:
    indicator = known(*said).indicators["I1"]
    assert indicator.definition is not None
    found = attain(indicator.definition, indicator.actuals.values(), ordinal("2030-12-31"), FIRST, readings=readings)
    return found.a, found.flags


def test_direction_by_values_turns_only_what_contradicts_itself() -> None:
    wrong = (plain_indicator(ascending=False), plain_actual("40"))
    assert score(PLAIN, *wrong) == (None, ["DIRECTION_CONFLICT"])
    assert score(Read(direction="from-values"), *wrong) == (400_000, ["BY_DIALECT:direction"])
    right = (plain_indicator(), plain_actual("40"))
    assert score(Read(direction="from-values"), *right) == (400_000, [])


def test_accumulation_is_read_only_where_none_is_declared() -> None:
    targets = [target("2019", "10"), target("2020", "10")]
    said = (plain_indicator(targets=targets), plain_actual("5", "2019"), plain_actual("5", "2020"))
    assert score(Read(accumulation="PERIODIC_SUM"), *said) == (500_000, ["BY_DIALECT:accumulation"])
    declared = plain_indicator(targets=targets, accumulation="POINT_IN_TIME")
    assert score(Read(accumulation="PERIODIC_SUM"), declared, *said[1:]) == (500_000, [])


def test_locations_are_totals_and_noughts_are_missing_where_the_owner_says_so() -> None:
    located = (plain_indicator(), *(plain_actual("40", y, place=Place(p)) for y, p in (("2019", "A"), ("2020", "B"))))
    assert score(PLAIN, *located)[0] is None
    a, flags = score(Read(location_is_total=True), *located)
    assert (a, "BY_DIALECT:location_is_total" in flags) == (400_000, True)
    nought = (plain_indicator(), plain_actual("40", "2019"), plain_actual("0", "2020"))
    assert score(PLAIN, *nought)[0] == 0
    assert score(Read(zero_means_missing=True), *nought)[0] == 400_000


def test_shares_among_percentages_are_percentages_where_the_owner_says_so() -> None:
    def said(baseline: str, aim: str, *values: str, measure: str = "2") -> list[Fact]:
        return [plain_indicator(baseline=baseline, target_=aim, measure=measure), *map(plain_actual, values)]

    mixed = said("20", "60", "0.4")
    assert score(PLAIN, *mixed)[0] == 0
    assert score(Read(percent_as="0-1"), *mixed) == (500_000, ["BY_DIALECT:percent_as"])
    assert score(Read(percent_as="0-100"), *mixed) == score(PLAIN, *mixed)
    # What goes together is read as it stands, whichever way it is written; counts are no percentages.
    for alike in (said("0.2", "0.6", "0.4"), said("20", "60", "40"), said("20", "60", "0.4", measure="1")):
        assert score(Read(percent_as="0-1"), *alike) == score(PLAIN, *alike)
    # A ratio of numerator and denominator is in per cent.
    ratio = plain_actual(None, numerator="40", denominator="100")
    told = score(Read(percent_as="0-1"), *said("0.2", "0.6"), ratio)
    assert (told[0], "BY_DIALECT:percent_as" in told[1]) == (500_000, True)


def test_periods_are_of_one_year_where_the_owner_says_so() -> None:
    """A financial year's target and a calendar year's actual, summed over two years."""
    targets = [target("2018-07-01/2019-06-30", "10"), target("2019-07-01/2020-06-30", "20")]
    actuals = [plain_actual("5", "2018-01-01/2018-12-31"), plain_actual("20", "2019-01-01/2019-12-31")]
    said = (plain_indicator(targets=targets), *actuals)
    assert "PERIODS_PAIRED" in score(PLAIN, *said)[1]
    a, flags = score(Read(period_basis="fiscal"), *said)
    assert (a, "BY_DIALECT:period_basis" in flags, "PERIODS_PAIRED" in flags) == (1_000_000, True, False)
    # Nobody guesses between two actuals of one year, and what stands in one period needs no reading.
    twice = (*said, plain_actual("7", "2019-02-01/2019-10-31"))
    assert "BY_DIALECT:period_basis" in score(Read(period_basis="fiscal"), *twice)[1]  # the other year still pairs
    same = (plain_indicator(target_="10", when="2019"), plain_actual("5", "2019"))
    for basis in ("calendar", "fiscal", "whole-project"):
        assert score(Read(period_basis=basis), *same) == score(PLAIN, *same) == (500_000, [])


def test_a_year_written_a_day_too_long_is_that_year() -> None:
    """As it stands the target's period encloses the actual's, and both seem to be of different things."""
    said = (
        plain_indicator(targets=[target("2019-06-01/2019-12-31", "10")]), plain_actual("5", "2019-01-01/2019-12-30"),
    )  # fmt: skip
    assert "PERIODS_PAIRED" in score(PLAIN, *said)[1]
    assert score(Read(period_basis="calendar"), *said) == (500_000, ["BY_DIALECT:period_basis"])


def test_a_target_for_the_whole_project_takes_the_latest_actual() -> None:
    said = (
        plain_indicator(targets=[target("2018-01-01/2020-12-31", "10")]), plain_actual("2", "2018"),
        plain_actual("5", "2019"),
    )  # fmt: skip
    assert "ACCUMULATION_ASSUMED" in score(PLAIN, *said)[1]
    assert score(Read(period_basis="whole-project"), *said) == (500_000, ["BY_DIALECT:period_basis"])
    declared = (
        plain_indicator(targets=[target("2018-01-01/2020-12-31", "10")], accumulation="PERIODIC_SUM"),
        *said[1:],
    )
    assert score(Read(period_basis="whole-project"), *declared) == (700_000, [])


def test_shares_and_periods_are_proposed_with_their_counts() -> None:
    mixed = known(plain_project(), plain_indicator(baseline="20", target_="60", measure="2"), plain_actual("0.4"))
    paired = known(
        plain_project(), plain_indicator(targets=[target("2019-07-01/2020-06-30", "10")]), plain_actual("5", "2019")
    )
    small = known(plain_project(), plain_indicator(baseline="0.5", target_="2", measure="2"), plain_actual("1.5"))
    indicators = [i for state in [*[mixed] * 10, *[paired] * 11, small] for i in state.indicators.values()]
    found = {p.reading: p for p in evidence(indicators, ordinal("2030-12-31"), FIRST)}
    # Half a per cent on the way to two is no share: it speaks, and does not agree.
    assert found["percent_as"] == Proposal("percent_as", "0-1", 11, 10)
    assert found["period_basis"] == Proposal("period_basis", "fiscal", 11, 11)
    assert proposed(found.values()) == Read(percent_as="0-1", period_basis="fiscal")


@pytest.mark.stack
async def test_shares_and_periods_are_adopted_and_withdrawn_without_a_trace(feed: Feed) -> None:
    aim = Target(period_start="2024-07-01", period_end="2025-06-30", value="60")  # type: ignore[arg-type]
    name = f"M1 indicator:{PROJECT}|I1"
    base = [Baseline(year=2023, value="20")]
    await feed.say(
        a_project(),
        an_indicator(measure="2", baselines=base, targets=[aim]),
        an_actual("0.4", start="2024-01-01", end="2024-12-31"),
    )
    first = (await feed.rebuilt()).standing
    async with feed.database.transaction(SYSTEM) as tx:
        found = await dialect(tx, ENTITY, Read(percent_as="0-1", period_basis="fiscal"))
    assert found is not None
    assert found["preview"]["readings"] == {"percent_as": "0-1", "period_basis": "fiscal"}
    assert [(f["metric"], f["before"], f["after"]) for f in found["preview"]["figures"]] == [
        ("M1", 0, 500_000), ("M4", 0, 500_000),
    ]  # fmt: skip
    said = await feed.say(adopted(percent_as="0-1", period_basis="fiscal"))
    assert said[name].value == 500_000
    assert {"BY_DIALECT:percent_as", "BY_DIALECT:period_basis"} <= set(said[name].flags)
    assert (await feed.rebuilt()).equal
    await feed.say(DialectWithdrawn(entity=ENTITY, version=2))
    assert (await feed.rebuilt()).standing == first


def test_too_little_evidence_proposes_nothing() -> None:
    assert Proposal("direction", "from-values", 12, 11).stands
    assert not Proposal("direction", "from-values", 9, 9).stands
    assert not Proposal("direction", "from-values", 20, 15).stands
    assert proposed([Proposal("direction", "from-values", 9, 9)]) == PLAIN
    state: ProjectState = known(plain_project(), plain_indicator(ascending=False), plain_actual("40"))
    (found,) = [
        p for p in evidence(state.indicators.values(), ordinal("2030-12-31"), FIRST) if p.reading == "direction"
    ]
    assert (found.indicators, found.agree) == (1, 1)


def allocated(*rows: tuple[str, str, int]) -> list[Allocation]:
    return [Allocation(dim=dim, code=code, ppm=ppm) for dim, code, ppm in rows]  # type: ignore[arg-type]


async def serving(feed: Feed, project: str = PROJECT) -> dict[str, tuple[int, bool]]:
    """Share by pillar, '' for none, with whether it rests on inference."""
    async with feed.database.transaction(SYSTEM) as tx:
        contribution = (await store.project_states(tx.conn, [project]))[project].contribution
    assert contribution is not None
    shares = contribution.shares.items()
    return {s.partition(":")[2]: (x.ppm, x.inferred) for s, x in shares if s.startswith("pillar:") or s == PILLARLESS}


@pytest.mark.stack
async def test_pillars_are_by_the_owners_word_where_none_is_declared(feed: Feed) -> None:
    """Half is for 15210, by the crosswalk pillar II; the owner says IV. The rest goes where it went."""
    inferred = a_project(
        allocations=allocated(
            ("DAC", "15210", 500_000), ("DAC", "15220", 300_000), ("DAC", "99810", 200_000),
            ("PILLAR", "P2", 500_000), ("PILLAR", "P1", 300_000),
        ),
        pillar_inferred=True, flags=["PILLAR_INFERRED"],
    )  # fmt: skip
    silent = a_project("XM-DEMO-1-P2", allocations=allocated(("DAC", "15210", 600_000), ("DAC", "15220", 400_000)))
    declared = a_project(
        "XM-DEMO-1-P3", allocations=allocated(("DAC", "15210", 1_000_000), ("PILLAR", "P3", 1_000_000))
    )
    other = a_project("XM-DEMO-2-P1", entity="XM-DEMO-2", allocations=allocated(("DAC", "15210", 1_000_000)))
    await feed.say(inferred, silent, declared, other)
    for name in (PROJECT, "XM-DEMO-1-P2"):
        await feed.say(an_indicator(name), an_actual("50", name))
    first = (await feed.rebuilt()).standing
    assert await serving(feed) == {"P1": (300_000, True), "P2": (500_000, True), "": (200_000, True)}
    async with feed.database.transaction(SYSTEM) as tx:
        found = await dialect(tx, ENTITY, Read(default_pillar={"15210": "P4"}))
    assert found is not None
    assert found["preview"]["moved"] == 2
    assert {p["pillar"]: p["ppm"] for p in found["preview"]["pillars"]} == {
        "P1": [300_000, 300_000], "P2": [500_000, 0], "P3": [1_000_000, 1_000_000], "P4": [0, 1_100_000],
        "none": [1_200_000, 600_000],
    }  # fmt: skip

    said = await feed.say(adopted(default_pillar={"15210": "P4"}))
    assert await serving(feed) == {"P1": (300_000, True), "P4": (500_000, False), "": (200_000, True)}
    assert await serving(feed, "XM-DEMO-1-P2") == {"P4": (600_000, False), "": (400_000, False)}
    assert await serving(feed, "XM-DEMO-1-P3") == {"P3": (1_000_000, False)}
    assert await serving(feed, "XM-DEMO-2-P1") == {"": (1_000_000, False)}
    figure = said[f"M4 project:{PROJECT}"]
    assert [f for f in figure.flags if "PILLAR" in f.upper()] == ["PILLAR_INFERRED", "BY_DIALECT:default_pillar"]
    assert said["M4 pillar:P4"].value == figure.value == 500_000
    assert said["M7 global"].inferred_ppm == 125_000  # of 2.4 million in pillars the 0.3 of 15220
    assert said["M4 project:XM-DEMO-1-P2"].flags.count("BY_DIALECT:default_pillar") == 1
    assert (await feed.rebuilt()).equal
    # What its word leaves to no inference is no inference; withdrawn, all is as it was.
    said = await feed.say(adopted(2, default_pillar={"15210": "P4", "15220": "P4"}))
    assert await serving(feed) == {"P4": (800_000, False), "": (200_000, False)}
    figure = said[f"M4 project:{PROJECT}"]
    assert [f for f in figure.flags if "PILLAR" in f.upper()] == ["BY_DIALECT:default_pillar"]
    said = await feed.say(DialectWithdrawn(entity=ENTITY, version=3))
    assert [f for f in said[f"M4 project:{PROJECT}"].flags if "PILLAR" in f.upper()] == ["PILLAR_INFERRED"]
    assert (await serving(feed))["P2"] == (500_000, True)
    rebuilt = await feed.rebuilt()
    assert (rebuilt.equal, rebuilt.standing) == (True, first)


@pytest.mark.stack
async def test_a_crosswalk_leads_what_the_owner_does_not_name(feed: Feed) -> None:
    await feed.say(adopted(default_pillar={"15210": "P4"}))
    said = await feed.say(a_project(allocations=allocated(("DAC", "15210", 600_000), ("DAC", "99810", 300_000))))
    assert "BY_DIALECT:default_pillar" in said[f"M4 project:{PROJECT}"].flags
    assert await serving(feed) == {"P4": (600_000, False), "": (400_000, False)}
    await feed.say(
        CodelistPublished(
            list_id="crosswalk", version="2", effective_from="2026-07-01", content_sha256="0" * 64,
            codes={"15210": "P1", "99810": "P4"},
        )  # type: ignore[arg-type]
    )  # fmt: skip
    assert await begin_due(feed.database, Jobs())
    # A share of both is inferred in part.
    assert await serving(feed) == {"P4": (900_000, True), "": (100_000, True)}
    assert (await feed.rebuilt()).equal


def test_the_crosswalk_is_the_one_that_intake_infers_by() -> None:
    assert load().crosswalk == CROSSWALK


def test_a_pillar_is_proposed_where_projects_that_declare_one_agree() -> None:
    def project(pillars: dict[str, int], *, inferred: bool = False) -> About:
        purposes = [facts.Allocation("DAC", "15210", 600_000), facts.Allocation("DAC", "43010", 400_000)]
        pillar = [facts.Allocation("PILLAR", code, ppm) for code, ppm in pillars.items()]
        about = known(plain_project(allocations=[*purposes, *pillar], pillar_inferred=inferred)).about
        assert about is not None
        return about

    wholly = [project({"P2": 1_000_000})] * 10 + [project({"P3": 1_000_000})] * 2
    silent = [project({"P1": 500_000, "P2": 500_000}), project({}), project({"P1": 1_000_000}, inferred=True)]
    found = pillar_evidence([*wholly, *silent])
    assert found == [
        Proposal("default_pillar", "15210=P2", 12, 10), Proposal("default_pillar", "43010=P2", 12, 10),
    ]  # fmt: skip
    assert proposed(found) == Read(default_pillar={"15210": "P2", "43010": "P2"})
    assert proposed(pillar_evidence(wholly[1:])) == PLAIN

"""Every parameter of §0.8: stated otherwise, it changes the figure it is about; and what a release may not state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from tests.support.scoring_facts import (
    PROJECT,
    a_project,
    a_rating,
    an_actual,
    an_indicator,
    day,
    ordinal,
    target,
    version,
)

from contracts.method import LISTS, OWN, PARAMETERS, read
from scoring.codec import parameters_of
from scoring.domain import judgements
from scoring.domain.coordination import ObligationScheduled, ReportReceived
from scoring.domain.facts import Fact
from scoring.domain.families import FAMILIES
from scoring.domain.ledger import apply
from scoring.domain.method import Method, named, parts_of
from scoring.domain.ownfigures import indicator_figures, project_figures
from scoring.domain.parameters import FIRST, MICRO, Parameters
from scoring.domain.places import M49
from scoring.domain.state import ProjectState
from scoring.domain.subjects.entities import EntityState
from scoring.domain.world import World

WHOLE = "2018-01-01/2020-12-31"
Look = Callable[[Parameters], Any]


def known(under: Parameters, on: str, *said: Fact) -> ProjectState:
    """A project that knows these facts on a day, judged by these parameters."""
    state, world = ProjectState(PROJECT), World(method=Method("9.9", under))
    apply(state, [(fact, version(on, n)) for n, fact in enumerate((a_project(), *said), 1)], ordinal(on), {}, world)
    return state


def pace(value: str, when: str, result_type: str = "1") -> Look:
    """The status of pace of one indicator over three years."""

    def look(under: Parameters) -> Any:
        indicator = an_indicator(targets=[target(WHOLE, "1")], accumulation="CUMULATIVE", result_type=result_type)
        state = known(under, "2019-07-31", indicator, an_actual(value, when))
        found = indicator_figures(state, "I1", under)
        return found and found[1].parts["status"]

    return look


def attained(*said: Fact, flags: bool = False) -> Look:
    """A of one indicator, or its flags."""

    def look(under: Parameters) -> Any:
        found = indicator_figures(known(under, "2030-12-31", *said), "I1", under)
        return found and (found[0].flags if flags else found[0].value)

    return look


def effective(*levels: tuple[str, str]) -> Look:
    """E of a project with one result of each type given, and its value."""

    def look(under: Parameters) -> Any:
        said: list[Fact] = []
        for type_, value in levels:
            said.append(an_indicator(id_=f"I{type_}", result_id=f"R{type_}", result_type=type_))
            said.append(an_actual(value, id_=f"I{type_}"))
        found = project_figures(known(under, "2030-12-31", *said), under)
        return found and found[2].value

    return look


def covered(known_: int, expected: int) -> Look:
    """The state of a project of so many indicators, so many of which are known."""

    def look(under: Parameters) -> Any:
        said: list[Fact] = [an_indicator(id_=f"I{n}") for n in range(expected)]
        said += [an_actual("50", id_=f"I{n}") for n in range(known_)]
        found = project_figures(known(under, "2030-12-31", *said), under)
        return found and found[2].state

    return look


def strength(grade: str) -> Look:
    """M3 of a cell in which everything has one grade."""

    def look(under: Parameters) -> Any:
        found = FAMILIES["M3"].figure("global", {f"n|{grade}": 1, f"w|{grade}": MICRO}, under)
        return found and found.value

    return look


def evidenced(under: Parameters) -> Any:
    """The evidenced part of M6 of one outcome on a documented self-report, claimed by half."""
    said = [
        an_indicator(result_type="2"),
        an_actual("50", evidence=["doc"]),
        judgements.SharedClaim(PROJECT, "S1", "", 500_000, 1_000_000),
    ]
    found = FAMILIES["M6"].own(known(under, "2030-12-31", *said), ordinal("2030-12-31"), under)
    return found and found.parts["evidenced"]


def band(likelihood: int, impact: int) -> Look:
    """The band of a project's only risk."""

    def look(under: Parameters) -> Any:
        risk = judgements.RiskAssessed(
            PROJECT, "R", "security", likelihood, impact, likelihood, impact, "NONE", "A", day("2020-01-01")
        )
        found = FAMILIES["M10"].own(known(under, "2030-12-31", risk), ordinal("2030-12-31"), under)
        return found and found.parts["band"]

    return look


def evaluated(under: Parameters) -> Any:
    """M5 of a project whose only evaluation is of quality 3."""
    ratings = judgements.Ratings(5, 5, 5, 5, 5, 5)
    said = [
        judgements.EvaluationPublished(PROJECT, "E1", "FINAL", "INDEPENDENT", 6, day("2020-06-30"), ratings),
        judgements.EvaluationQualityRated(PROJECT, "E1", 3),
    ]
    found = FAMILIES["M5"].own(known(under, "2030-12-31", *said), ordinal("2030-12-31"), under)
    return found and found.value


def timely(under: Parameters) -> Any:
    """The credit of a report that came 45 days late, where the obligation states no grace of its own."""
    entity = EntityState("XM-DEMO-1")
    owed = ObligationScheduled("XM-DEMO-1", "O1", "ANNUAL", date(2026, 1, 31))
    for n, fact in enumerate((owed, ReportReceived("XM-DEMO-1", "O1", date(2026, 3, 17)))):
        entity.enter(fact, version("2026-04-01", n))
    return entity.terms(ordinal("2026-12-31"), Method("9.9", under))["M15"]["global"]["credit"]


MAINTAINED = (an_indicator(baseline="50", target_="50"), an_actual("48"))
RATED = an_indicator(measure="5", targets=[target("2020", None)], baseline=None)
LEVELS = ("1", "100"), ("2", "40"), ("3", "0")

CASES: dict[str, tuple[dict[str, str], Look, Any, Any]] = {
    "pace.on_track": ({"pace.on_track": "0.97"}, pace(".48", "2019-01-01/2019-06-30"), "ON_TRACK", "ACCELERATE"),
    "pace.accelerate": ({"pace.accelerate": "0.4"}, pace(".20", "2019-01-01/2019-06-30"), "LIMITED", "ACCELERATE"),
    "pace.limited": ({"pace.limited": "0.5"}, pace(".20", "2019-01-01/2019-06-30"), "LIMITED", "REGRESSING"),
    "early.output": ({"early.output": "0.6"}, pace(".48", "2019-01-01/2019-06-30"), "ON_TRACK", "TOO_EARLY"),
    "early.outcome": ({"early.outcome": "0.6"}, pace(".48", "2019-01-01/2019-06-30", "2"), "ON_TRACK", "TOO_EARLY"),
    "attainment.cap": ({"attainment.cap": "0.9"}, attained(an_indicator(), an_actual("100")), 1_000_000, 900_000),
    "attainment.over_achieved": (
        {"attainment.over_achieved": "1.5"}, attained(an_indicator(), an_actual("130"), flags=True),
        ("OVER_ACHIEVED",), (),
    ),
    "maintain.tolerance": ({"maintain.tolerance": "0.2"}, attained(*MAINTAINED), 600_000, 800_000),
    "rubric.not": ({"rubric.not": "0.1"}, attained(RATED, a_rating("NOT")), 0, 100_000),
    "rubric.partial": ({"rubric.partial": "0.4"}, attained(RATED, a_rating("PARTIAL")), 333_333, 400_000),
    "rubric.mostly": ({"rubric.mostly": "0.7"}, attained(RATED, a_rating("MOSTLY")), 666_667, 700_000),
    "rubric.full": ({"rubric.full": "0.9"}, attained(RATED, a_rating("FULL")), 1_000_000, 900_000),
    "weight.output": ({"weight.output": "1/2", "weight.outcome": "1/4"}, effective(*LEVELS), 450_000, 600_000),
    "weight.outcome": ({"weight.outcome": "3/4", "weight.output": "0"}, effective(*LEVELS), 450_000, 300_000),
    "weight.impact": ({"weight.impact": "1/2", "weight.outcome": "1/4"}, effective(*LEVELS), 450_000, 350_000),
    "confidence.a": ({"confidence.a": "0.95"}, strength("A"), 1_000_000, 950_000),
    "confidence.b": ({"confidence.b": "0.80"}, strength("B"), 850_000, 800_000),
    "confidence.c": ({"confidence.c": "0.50"}, evidenced, 300_000, 250_000),
    "confidence.d": ({"confidence.d": "0.20"}, strength("D"), 300_000, 200_000),
    "coverage.published": ({"coverage.published": "3/4"}, covered(2, 3), "PUBLISHED", "PROVISIONAL"),
    "coverage.provisional": ({"coverage.provisional": "0.6"}, covered(1, 2), "PROVISIONAL", "INSUFFICIENT_DATA"),
    "risk.medium": ({"risk.medium": "4"}, band(2, 2), "LOW", "MEDIUM"),
    "risk.high": ({"risk.high": "13"}, band(3, 4), "HIGH", "MEDIUM"),
    "risk.very_high": ({"risk.very_high": "17"}, band(4, 4), "VERY_HIGH", "HIGH"),
    "timeliness.grace_days": ({"timeliness.grace_days": "60"}, timely, 500_000, 250_000),
    "evaluation.quality": ({"evaluation.quality": "3"}, evaluated, None, 800_000),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_parameter_stated_otherwise_changes_its_figure(name: str) -> None:
    stated, look, before, after = CASES[name]
    assert name in stated
    assert look(FIRST) == before
    assert look(parameters_of(stated)) == after


def test_every_parameter_is_looked_at() -> None:
    """Those of pairs in ``test_method``, on a real database: a pair is found by its block."""
    assert PARAMETERS.keys() - CASES.keys() == {"duplicate.queue", "duplicate.review"}


def test_what_is_not_stated_is_as_the_first_version_has_it() -> None:
    assert exact(parameters_of({})) == exact(FIRST)
    assert exact(parameters_of({name: p.first for name, p in PARAMETERS.items()})) == exact(FIRST)


def exact(found: Any) -> Any:
    """Parameters with their ratios in lowest terms."""
    if isinstance(found, Parameters):
        return {f.name: exact(getattr(found, f.name)) for f in fields(found)}
    if isinstance(found, Mapping):
        return {name: exact(value) for name, value in found.items()}
    return Fraction(*found) if isinstance(found, tuple) else found


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ({"coverage": "1", "risk.high": "9.5", "weight.output": "-1", "rubric.full": "much"}, 4),
        ({"coverage.published": "0", "attainment.cap": "1.2", "timeliness.grace_days": "0"}, 3),
        ({"coverage.provisional": "0.9"}, 1),
        ({"weight.output": "1/2"}, 1),
        ({"risk.high": "16"}, 1),
        ({"confidence.b": "0.855"}, 1),
        ({"pace.on_track": "0.5", "risk.medium": "12", "confidence.d": "0.7"}, 3),
    ],
)
def test_what_cannot_be_meant_is_named_all_at_once_with_its_remedy(stated: dict[str, str], names: int) -> None:
    _, wrong = read(stated)
    assert len(wrong) == names
    assert all(w.name and w.message and w.remedy for w in wrong)
    with pytest.raises(ValueError, match=r"\w"):
        parameters_of(stated)


def test_a_version_says_what_is_in_it() -> None:
    lists = {"regions": "2027.1", "crosswalk": "crosswalk-1"}
    assert named("1.1.0", lists) == "1.1.0~crosswalk.crosswalk-1~regions.2027.1"
    assert parts_of(named("1.1.0", lists)) == ("1.1.0", lists)
    assert (Method().version, Method().codelists) == ("1.0.0", "own")
    assert Method("2", lists={"regions": "3"}).codelists == "regions.3"


def test_the_softwares_own_lists_are_lists_that_could_be_published() -> None:
    assert LISTS.keys() == OWN.keys()
    assert LISTS["regions"](M49.table) == []


@pytest.mark.parametrize(
    ("list_", "codes"),
    [
        ("regions", {"ML": "011"}),
        ("regions", {"country:ML": "011"}),
        ("regions", {"m49:011": "002", "m49:002": "011"}),
        ("crosswalk", {"15130": "P5"}),
    ],
)
def test_a_list_that_cannot_be_meant_is_named(list_: str, codes: dict[str, str]) -> None:
    assert LISTS[list_](codes)

"""The golden tests of the methodology (§4) that concern M1, M4 and M7; G3 and G10 stand with their metric."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.support.scoring_facts import (
    PROJECT,
    a_project,
    a_rating,
    an_actual,
    an_indicator,
    apply_all,
    figures_of,
    known,
    ordinal,
    retraction,
    scored,
    target,
    version,
)

from scoring.domain.attainment import attain
from scoring.domain.effectiveness import result_part
from scoring.domain.facts import Fact, Version
from scoring.domain.parameters import FIRST
from scoring.domain.register import Touched, record, register_hash
from scoring.domain.state import ProjectState

G1 = [
    (an_indicator(ascending=False, baseline="120", target_="60", when="2018-01-01/2020-12-31"), "2018-01-05"),
    (an_actual("90", "2019-01-01/2019-06-30"), "2019-07-20"),
    (an_actual("105", "2019-01-01/2019-06-30"), "2020-03-10"),
    (an_actual("84", "2019-07-01/2019-12-31"), "2020-04-01"),
]


@pytest.mark.parametrize(
    ("valid", "known_on", "a"),
    [
        ("2019-12-31", "2020-02-15", 500_000),
        ("2019-12-31", "2020-03-31", 250_000),
        ("2019-12-31", "2020-04-30", 600_000),
        ("2019-06-30", "2020-04-30", 250_000),
        ("2019-06-30", "2019-07-01", None),
    ],
)
def test_g1_bitemporal_correction_of_a_descending_indicator(valid: str, known_on: str, a: int | None) -> None:
    state = ProjectState(PROJECT)
    for n, (fact, recorded) in enumerate(G1):
        if recorded <= known_on:
            record(state, fact, version(recorded, n), Touched())
    indicator = state.indicators["I1"]
    assert indicator.definition is not None
    assert attain(indicator.definition, indicator.actuals.values(), ordinal(valid), FIRST).a == a


@pytest.mark.parametrize(
    ("value", "tolerance", "a", "flags", "result"),
    [
        ("0", None, 1_000_000, ["ZERO_RANGE"], 750_000),
        ("1", None, 0, ["ZERO_RANGE", "THRESHOLD_BREACHED"], 250_000),
        ("1", "4", 750_000, ["ZERO_RANGE", "THRESHOLD_BREACHED"], 625_000),
    ],
)
def test_g2_zero_range_and_zero_target(
    value: str, tolerance: str | None, a: int, flags: list[str], result: int
) -> None:
    found = scored(an_indicator(ascending=False, target_="0", tol_abs=tolerance), an_actual(value))
    assert (found.a, found.flags) == (a, flags)
    assert found.a is not None
    assert result_part(2, 2, found.a + 500_000).mean == result


def _figure(state: ProjectState, facts: list[Any], recorded: str) -> Any:
    change = apply_all(state, [(f, version(recorded, n)) for n, f in enumerate(facts)], "2020-12-31")
    return figures_of(state, change)["M4"]


def test_g4_coverage_on_the_edge() -> None:
    state = ProjectState(PROJECT)
    same: dict[str, Any] = {"result_type": "2", "result_id": "R"}
    before = _figure(
        state,
        [
            a_project(),
            an_indicator(id_="I1", **same),
            an_actual("90", id_="I1"),
            an_indicator(id_="I2", measure="5", targets=[target("2020", None)], **same),
            an_indicator(id_="I3", baseline=None, **same),
            an_actual("10", id_="I3"),
            an_indicator(id_="I4", when="2021", **same),
        ],
        "2020-12-31",
    )
    assert (before.value, before.state) == (None, "INSUFFICIENT_DATA")
    assert (before.observed, before.expected) == (1, 3)
    assert (before.lower, before.upper) == (300_000, 966_667)
    after = _figure(state, [a_rating("PARTIAL", id_="I2")], "2020-12-31")
    assert (after.value, after.state) == (616_666, "PUBLISHED")
    assert (after.observed, after.expected) == (2, 3)
    assert (after.lower, after.upper) == (411_111, 744_444)


G5: list[tuple[Fact, Version]] = [
    (a_project(), version("2021-01-01", 1)),
    (an_indicator(), version("2021-01-01", 2)),
    (an_actual("30"), version("2021-02-01", 3)),
    (an_actual("55"), version("2021-03-01", 4)),
    (retraction(), version("2021-04-01", 5)),
    (an_actual("50"), version("2021-05-01", 6)),
]


def _a(state: ProjectState) -> int | None:
    indicator = state.indicators.get("I1")
    return indicator.leaf.a if indicator is not None and indicator.leaf is not None else None


def test_g5_in_order() -> None:
    state = ProjectState(PROJECT)
    seen = []
    for step in G5:
        apply_all(state, [step])
        seen.append(_a(state))
    assert seen == [None, None, 300_000, 550_000, None, 500_000]


def test_g5_five_hundred_shuffles_with_duplicates_end_in_one_state() -> None:
    chance = random.Random(5)
    finals, scores = set(), set()
    for _ in range(500):
        stream = G5 + chance.sample(G5, 3)
        chance.shuffle(stream)
        state = ProjectState(PROJECT)
        duplicates = 0
        seen: set[str] = set()
        for fact, ver in stream:
            duplicates += ver.id in seen
            seen.add(ver.id)
            apply_all(state, [(fact, ver)])
        assert duplicates == 3
        finals.add(register_hash(state))
        scores.add(_a(state))
    assert len(finals) == 1
    assert scores == {500_000}


@pytest.mark.parametrize("value", ["0", "100"])
def test_g13_a_placeholder_target_is_no_target(value: str) -> None:
    found = scored(an_indicator(target_="0"), an_actual(value))
    assert (found.a, found.state, found.flags) == (None, "UNSCORABLE", ["TARGET_PLACEHOLDER"])
    state = known(a_project(), an_indicator(target_="0"), an_actual(value))
    assert state.outcome.whole is not None
    assert (state.outcome.whole.observed, state.outcome.whole.expected) == (0, 1)


def test_g13_zero_tolerance_stays_a_target() -> None:
    found = scored(an_indicator(ascending=False, target_="0"), an_actual("0"))
    assert (found.a, found.flags) == (1_000_000, ["ZERO_RANGE"])


BOTH = "2021-01-01/2022-12-31"


@pytest.mark.parametrize(
    ("enclosing", "v", "t", "a", "flags"),
    [
        ("20", "20", "20", 1_000_000, ["PERIODIC_SUM"]),
        ("18", "18", "20", 900_000, ["PERIODS_DISAGREE"]),
        (None, "12", "10", 1_000_000, ["ACCUMULATION_ASSUMED"]),
    ],
)
def test_g14_nested_periods(enclosing: str | None, v: str, t: str, a: int, flags: list[str]) -> None:
    aims = [target("2021", "10"), target("2022", "10")]
    actuals = [an_actual("8", "2021"), an_actual("12", "2022")]
    if enclosing is not None:
        aims.append(target(BOTH, "20"))
        actuals.append(an_actual(enclosing, BOTH))
    state = known(an_indicator(targets=aims), *actuals)
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert (leaf.value, leaf.target, leaf.a, list(leaf.flags)) == (v, t, a, flags)

"""M1: the worked table of the methodology, each situation of its rules, and fractions as the oracle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.scoring_facts import (
    a_rating,
    an_actual,
    an_indicator,
    apply_all,
    known,
    retraction,
    scored,
    target,
    version,
)

from scoring.domain import facts
from scoring.domain.numbers import micro

BAND = facts.Band("40", "60")


@pytest.mark.parametrize(
    ("row", "indicator", "value", "raw", "a", "flags"),
    [
        ("a", {"measure": "2", "baseline": "15", "target_": "50"}, "53", 1_085_714, 1_000_000, set()),
        ("b", {"ascending": False, "baseline": "40", "target_": "10"}, "25", 500_000, 500_000, set()),
        ("c", {"ascending": False, "baseline": "40", "target_": "10"}, "46", -200_000, 0, {"REGRESSED"}),
        ("d", {"ascending": False, "target_": "0"}, "0", 1_000_000, 1_000_000, {"ZERO_RANGE"}),
        ("d", {"ascending": False, "target_": "0"}, "2", 0, 0, {"ZERO_RANGE", "THRESHOLD_BREACHED"}),
        (
            "e",
            {"measure": "2", "baseline": "95", "target_": "95"},
            "92",
            684_211,
            684_211,
            {"ZERO_RANGE", "THRESHOLD_BREACHED"},
        ),
        ("f", {}, "300", 3_000_000, 1_000_000, {"OVER_ACHIEVED"}),
        (
            "h",
            {"measure": "2", "result_type": "2", "baseline": None, "target_": "60"},
            "30",
            None,
            None,
            {"NO_BASELINE"},
        ),
        ("i", {"baseline": None, "target_": "200"}, "150", 750_000, 750_000, {"BASELINE_IMPUTED_ZERO"}),
        ("k", {"baseline": "80", "target_": "60"}, "70", None, None, {"DIRECTION_CONFLICT"}),
        # The table of situations says that the interval assumption is flagged; the worked row leaves it out.
        ("l", {"measure": "4", "baseline": "1", "target_": "4"}, "3", 666_667, 666_667, {"ORDINAL_INTERVAL"}),
        ("m", {"kind": "BAND", "band": BAND, "baseline": "20"}, "35", 750_000, 750_000, set()),
        (
            "n",
            {"ascending": None, "baseline": "12", "target_": "4"},
            "8",
            500_000,
            500_000,
            {"DIRECTION_INFERRED"},
        ),
    ],
)
def test_worked_rows(
    row: str, indicator: dict[str, Any], value: str, raw: int | None, a: int | None, flags: set[str]
) -> None:
    found = scored(an_indicator(**indicator), an_actual(value))
    assert (found.raw if found.raw is None else micro(found.raw)) == raw, row
    assert found.a == a, row
    assert set(found.flags) == flags, row
    assert found.state == ("REPORTED" if a is not None else "UNSCORABLE")


def test_worked_row_g_a_rubric_rated_by_an_assessor() -> None:
    found = scored(an_indicator(measure="5", targets=[target("2020", None)]), a_rating("MOSTLY"))
    assert (found.a, found.flags) == (666_667, ["RUBRIC"])


def test_worked_row_j_periodic_sums_leave_room_for_the_period_not_yet_due() -> None:
    indicator = an_indicator(
        accumulation="PERIODIC_SUM", targets=[target("2019", "100"), target("2020", "100"), target("2021", "100")]
    )
    found = scored(indicator, an_actual("80", "2019"), an_actual("120", "2020"))
    assert found.a == 666_667
    assert found.flags == []
    # Plan to date: 200 of the 200 that were due by the end of 2020.
    done = dict(found.plan)[max(day for day, _ in found.plan if day < indicator.targets[2].period_end.toordinal())]
    assert Fraction(*done) == Fraction(2, 3)


def test_a_periodic_sum_starts_at_nought_and_says_so() -> None:
    found = scored(an_indicator(baseline="50", accumulation="PERIODIC_SUM"), an_actual("50"))
    assert (found.a, found.flags) == (500_000, ["BASELINE_IGNORED"])


def test_a_ratio_adds_numerators_and_denominators_and_never_percentages() -> None:
    indicator = an_indicator(measure="2", accumulation="RATIO", targets=[target("2020", "50")])
    found = scored(
        indicator,
        an_actual(None, "2019", numerator="1", denominator="10"),
        an_actual(None, "2020", numerator="44", denominator="90"),
    )
    assert found.value is not None
    assert Fraction(*found.value) == 45
    assert found.a == 900_000


def test_a_ratio_with_nothing_below_is_missing() -> None:
    found = scored(an_indicator(accumulation="RATIO"), an_actual(None, numerator="0", denominator="0"))
    assert found.state == "MISSING"


@pytest.mark.parametrize(
    ("indicator", "flag"),
    [
        ({"ascending": None, "baseline": "5", "target_": "5"}, "DIRECTION_UNKNOWN"),
        ({"ascending": None, "target_": "0"}, "TARGET_PLACEHOLDER"),
        ({"target_": None}, "NO_TARGET"),
        ({"targets": []}, "NO_TARGET"),
        ({"measure": "3"}, "NOT_NUMERIC"),
        ({"target_": "0"}, "TARGET_PLACEHOLDER"),
        ({"baseline": None, "target_": "0"}, "TARGET_PLACEHOLDER"),
        ({"kind": "BAND"}, "NO_BAND"),
        ({"kind": "BAND", "band": BAND, "baseline": None}, "NO_BASELINE"),
    ],
)
def test_what_cannot_be_scored_stays_expected_and_says_why(indicator: dict[str, Any], flag: str) -> None:
    found = scored(an_indicator(**indicator), an_actual("5"))
    assert (found.state, found.a) == ("UNSCORABLE", None)
    assert flag in found.flags


@pytest.mark.parametrize(
    ("indicator", "value", "a", "flags"),
    [
        ({"kind": "MAINTAIN", "baseline": None, "target_": "80"}, "85", 1_000_000, set()),
        ({"kind": "MAINTAIN", "baseline": None, "target_": "80"}, "76", 500_000, {"THRESHOLD_BREACHED"}),
        ({"kind": "MAINTAIN", "target_": "80", "tol_abs": "1"}, "70", 0, {"THRESHOLD_BREACHED"}),
        (
            {"kind": "MAINTAIN", "baseline": "90", "target_": "10", "ascending": False},
            "8",
            1_000_000,
            set(),
        ),
        ({"kind": "BAND", "band": BAND, "baseline": "50"}, "55", 1_000_000, set()),
        ({"kind": "BAND", "band": BAND, "baseline": "50"}, "63", 500_000, {"THRESHOLD_BREACHED"}),
        ({"kind": "BAND", "band": BAND, "baseline": "30"}, "10", 0, {"REGRESSED"}),
        ({"kind": "BAND", "band": BAND, "baseline": None, "tol_abs": "4"}, "61", 750_000, {"THRESHOLD_BREACHED"}),
    ],
)
def test_keeping_a_level_and_keeping_within_a_band(
    indicator: dict[str, Any], value: str, a: int, flags: set[str]
) -> None:
    found = scored(an_indicator(**indicator), an_actual(value))
    assert (found.a, set(found.flags)) == (a, flags)


def test_a_rating_without_an_assessor_or_without_evidence_is_missing() -> None:
    indicator = an_indicator(measure="5", targets=[target("2020", None)])
    for rating in (a_rating("FULL", assessor=None), a_rating("FULL", evidence=[])):
        found = scored(indicator, rating)
        assert (found.state, found.a, found.flags) == ("MISSING", None, ["QUALITATIVE_UNRATED"])


@pytest.mark.parametrize(
    ("indicator", "actuals", "on", "state"),
    [
        ({}, [], "2020-12-31", "MISSING"),
        ({}, [], "2020-12-30", "NOT_DUE"),
        ({"not_applicable": True}, [an_actual("5")], "2020-12-31", "NOT_APPLICABLE"),
        ({"withheld": True}, [an_actual("5")], "2020-12-31", "WITHHELD"),
        ({}, [an_actual("5", "2019"), an_actual("7", withheld=True)], "2020-12-31", "WITHHELD"),
        ({}, [an_actual("5", "2020"), an_actual("7", "2019", withheld=True)], "2020-12-31", "REPORTED"),
        ({}, [an_actual(None)], "2020-12-31", "MISSING"),
        ({"measure": "5", "targets": [target("2020", None)]}, [], "2020-06-30", "NOT_DUE"),
        ({}, [an_actual("5", "2019")], "2019-12-30", "NOT_DUE"),
    ],
)
def test_states_of_an_expected_value(indicator: dict[str, Any], actuals: list[Any], on: str, state: str) -> None:
    assert scored(an_indicator(**indicator), *actuals, on=on).state == state


def test_a_value_reported_before_its_period_is_over_counts_from_the_day_it_was_recorded() -> None:
    state = known(an_indicator(when="2026"), recorded="2026-01-05", closed="2026-01-05")
    change = apply_all(state, [(an_actual("40", "2026"), version("2026-05-01", 2))], "2026-04-30")
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert (leaf.a, leaf.observed_on) == (400_000, version("2026-05-01").recorded // 86_400_000_000 + 719_163)
    assert change.again == {"I1": None}


def test_disaggregated_values_are_never_added_to_a_total() -> None:
    parts = [an_actual("30", place=facts.Place("ML")), an_actual("20", place=facts.Place("NE"))]
    with_total = scored(an_indicator(), an_actual("60"), *parts)
    without = scored(an_indicator(), *parts)
    complete = scored(an_indicator(flags=["PARTITION_COMPLETE"]), *parts)
    assert with_total.a == 600_000
    assert (without.state, "DISAGGREGATED_ONLY" in without.flags) == ("MISSING", True)
    assert complete.a == 500_000


def test_r5_the_one_place_of_every_value_is_the_total() -> None:
    place = facts.Place("ML")
    found = scored(an_indicator(), an_actual("30", "2019", place=place), an_actual("50", place=place))
    assert (found.a, "LOCATION_IS_TOTAL" in found.flags) == (500_000, True)
    elsewhere = scored(an_indicator(targets=[target("2020", "100", "NE")]), an_actual("50", place=place))
    assert elsewhere.a is None


def test_several_values_of_one_period_count_only_where_they_agree() -> None:
    same = scored(an_indicator(), an_actual("50"), an_actual("50.0", ordinal=2))
    unlike = scored(an_indicator(), an_actual("50"), an_actual("60", ordinal=2))
    assert same.a == 500_000
    assert (unlike.state, "SEVERAL_VALUES" in unlike.flags) == ("MISSING", True)


def test_r3_several_periods_without_a_word_are_a_point_in_time_with_a_hint() -> None:
    steps = [target("2019", "50"), target("2020", "100")]
    found = scored(an_indicator(targets=steps), an_actual("40", "2019"), an_actual("80", "2020"))
    assert (found.a, found.flags, found.hints) == (800_000, ["ACCUMULATION_ASSUMED"], ["CUMULATIVE_FITS"])


def test_r4_target_and_actual_in_different_periods_are_paired() -> None:
    found = scored(an_indicator(targets=[target("2020", "100")], accumulation="CUMULATIVE"), an_actual("50", "2019"))
    assert (found.a, found.flags) == (500_000, ["PERIODS_PAIRED"])


def test_while_the_enclosing_actual_is_to_come_its_target_says_how_the_inner_ones_add_up() -> None:
    aims = [target("2021", "10"), target("2022", "10"), target("2021-01-01/2022-12-31", "20")]
    found = scored(an_indicator(targets=aims), an_actual("8", "2021"), on="2022-06-30")
    assert (found.a, found.flags) == (400_000, ["PERIODIC_SUM"])


def test_inner_periods_that_grow_to_the_enclosing_value_are_cumulative() -> None:
    aims = [target("2021", "10"), target("2022", "20"), target("2021-01-01/2022-12-31", "20")]
    actuals = [an_actual("8", "2021"), an_actual("15", "2022"), an_actual("15", "2021-01-01/2022-12-31")]
    found = scored(an_indicator(targets=aims), *actuals)
    assert (found.a, found.flags) == (750_000, ["CUMULATIVE"])
    assert found.previous is not None
    assert Fraction(*found.previous[1]) == Fraction(8, 20)


def test_years_with_quarters_inside_are_not_counted_twice() -> None:
    indicator = an_indicator(accumulation="PERIODIC_SUM", targets=[target("2019", "100"), target("2020", "100")])
    actuals = [
        an_actual("60", "2019"),
        an_actual("20", "2019-01-01/2019-03-31"),
        an_actual("30", "2020-01-01/2020-06-30"),
        an_actual("50", "2020-07-01/2020-12-31"),
    ]
    found = scored(indicator, *actuals)
    assert found.a == 700_000


def test_a_lowered_target_is_scored_on_both() -> None:
    first, revised = an_indicator(target_="100"), an_indicator(target_="60")
    state = known(first, revised, an_actual("30"))
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert (leaf.a, leaf.original, leaf.flags) == (500_000, 300_000, ("TARGET_REVISED",))
    raised = known(revised, first, an_actual("30")).indicators["I1"].leaf
    assert raised is not None
    assert (raised.a, raised.original, raised.flags) == (300_000, None, ())


def test_a_correction_wins_and_a_retraction_takes_back() -> None:
    state = known(an_indicator(), an_actual("30"), an_actual("55"))
    assert state.indicators["I1"].leaf is not None
    assert state.indicators["I1"].leaf.a == 550_000
    apply_all(state, [(retraction(), version("2030-01-02", 9))])
    assert state.indicators["I1"].leaf.state == "MISSING"


def test_a_figure_that_is_no_decimal_is_refused_and_changes_nothing() -> None:
    state = known(an_indicator(), an_actual("30"))
    change = apply_all(state, [(an_actual("30,6"), version("2030-01-02", 9))])
    assert len(change.refused) == 1
    assert not change.touched
    assert state.indicators["I1"].leaf is not None
    assert state.indicators["I1"].leaf.a == 300_000


decimals = st.decimals(-10_000, 10_000, places=3, allow_nan=False, allow_infinity=False).map(lambda d: f"{d:f}")


@given(decimals, decimals, decimals, st.booleans())
def test_the_oracle_of_fractions_agrees(baseline: str, goal: str, value: str, ascending: bool) -> None:
    b, t, v = Fraction(baseline), Fraction(goal), Fraction(value)
    found = scored(
        an_indicator(baseline=baseline, target_=goal, ascending=ascending, result_type="2"), an_actual(value)
    )
    sign = 1 if ascending else -1
    if t == b:
        if t == 0 and ascending:
            expected = None
        else:
            short = sign * (v - t)
            tolerance = abs(t) / 10
            raw = Fraction(1) if short >= 0 else Fraction(0) if tolerance == 0 else 1 + short / tolerance
            expected = min(max(raw, 0), 1)
    elif sign * (t - b) < 0:
        expected = None
    else:
        expected = min(max((v - b) / (t - b), 0), 1)
    assert found.a == (None if expected is None else round(expected * 1_000_000))

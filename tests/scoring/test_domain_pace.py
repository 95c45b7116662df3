"""M2: the worked table of the methodology, every status, and the days on which time alone changes one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import (
    a_project,
    a_rating,
    an_actual,
    an_indicator,
    apply_all,
    known,
    ordinal,
    target,
    version,
)

from scoring.domain.ledger import apply
from scoring.domain.state import Leaf

WHOLE = "2018-01-01/2020-12-31"
TO_2018 = "2018-01-01/2018-12-31"
TO_MID_2019 = "2019-01-01/2019-06-30"


def paced(*actuals: Any, on: str = "2019-07-31", targets: Any = None, **over: Any) -> Leaf:
    """An indicator over the worked project 2018-01-01…2020-12-31 (1096 days), judged on a day."""
    indicator = an_indicator(
        baseline="0",
        targets=targets or [target(WHOLE, "1")],
        **{"result_type": "1", "accumulation": "CUMULATIVE", **over},
    )
    state = known(a_project(), indicator, *actuals, recorded="2018-01-01", closed="2018-01-01")
    for step, actual in enumerate(actuals, 10):
        apply_all(state, [(actual, version(on, step))], on)
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    return leaf


@pytest.mark.parametrize(
    ("actuals", "targets", "over", "on", "r", "interval", "status"),
    [
        (
            [(".10", TO_2018), (".30", TO_MID_2019)],
            None,
            {},
            "2019-07-31",
            602_198,
            (602_198, 907_735),
            "ACCELERATE",
        ),
        ([(".48", TO_MID_2019)], None, {}, "2019-07-31", 963_516, None, "ON_TRACK"),
        ([(".20", TO_MID_2019)], None, {}, "2019-07-31", 401_465, None, "LIMITED"),
        ([("-.05", TO_MID_2019)], None, {}, "2019-07-31", -100_366, None, "REGRESSING"),
        (
            [(".10", "2018-01-01/2018-06-30")],
            None,
            {"result_type": "2"},
            "2019-07-31",
            None,
            None,
            "TOO_EARLY",
        ),
        ([(".70", WHOLE)], None, {}, "2021-01-31", 700_000, None, "NOT_ACHIEVED"),
    ],
)
def test_worked_rows(
    actuals: Any, targets: Any, over: Any, on: str, r: int | None, interval: tuple[int, int] | None, status: str
) -> None:
    leaf = paced(*(an_actual(value, when) for value, when in actuals), on=on, targets=targets, **over)
    assert (leaf.pace, leaf.status) == (r, status)
    assert (leaf.low, leaf.high) == (interval or (None, None))


def test_worked_row_with_a_milestone_of_thirty_per_cent_at_half_time() -> None:
    # Half of 1096 days is day 548, which ends on 2019-07-02.
    steps = [target("2018-01-01/2019-07-02", "0.30"), target(WHOLE, "1")]
    leaf = paced(an_actual(".30", TO_MID_2019), targets=steps)
    assert (leaf.pace, leaf.status) == (1_003_663, "ON_TRACK")


def test_elapsed_is_counted_in_half_open_days() -> None:
    assert paced(an_actual(".1", TO_2018)).elapsed == 333_029
    assert paced(an_actual(".1", TO_MID_2019)).elapsed == 498_175


@pytest.mark.parametrize(
    ("leaf", "status"),
    [
        (lambda: paced(an_actual("1", TO_MID_2019)), "ACHIEVED"),
        (lambda: paced(an_actual("1", WHOLE), on="2021-01-31"), "ACHIEVED"),
        (lambda: paced(an_actual("5", TO_MID_2019), targets=[target(WHOLE, "4")], kind="MAINTAIN"), "MAINTAINED"),
        (lambda: paced(an_actual("3", TO_MID_2019), targets=[target(WHOLE, "4")], kind="MAINTAIN"), "BREACHED"),
        (
            lambda: paced(an_actual("3", WHOLE), targets=[target(WHOLE, "4")], kind="MAINTAIN", on="2021-01-31"),
            "NOT_ACHIEVED",
        ),
        (lambda: paced(an_actual(None, TO_MID_2019)), "NO_DATA"),
        (lambda: paced(an_actual("1", TO_MID_2019), ascending=False), "NO_DATA"),
        (lambda: paced(a_rating("PARTIAL", TO_MID_2019), measure="5"), "ACCELERATE"),
        (lambda: paced(), None),
    ],
)
def test_every_other_status(leaf: Any, status: str | None) -> None:
    assert leaf().status == status


def test_a_wide_forecast_is_flagged_unstable() -> None:
    leaf = paced(an_actual("0", TO_2018), an_actual(".45", TO_MID_2019))
    assert "UNSTABLE_PACE" in leaf.flags
    assert (leaf.low, leaf.high) == (903_297, 1_817_403)


def test_a_plan_that_falls_is_read_as_one_that_stays() -> None:
    steps = [target(TO_2018, "0.6"), target("2019-01-01/2019-12-31", "0.4"), target(WHOLE, "1")]
    leaf = paced(an_actual(".6", "2019-01-01/2019-12-31"), targets=steps, on="2020-01-31")
    assert (leaf.planned, leaf.pace) == (600_000, 1_000_000)


def test_time_alone_ends_the_period_and_makes_a_value_stale() -> None:
    indicator = an_indicator(targets=[target("2018-01-01/2021-12-31", "1")], accumulation="CUMULATIVE")
    state = known(a_project(), indicator, recorded="2018-01-01", closed="2018-01-01")
    assert state.transition == ordinal("2021-12-31")
    apply_all(state, [(an_actual(".4", TO_MID_2019), version("2019-07-10", 5))], "2019-07-09")
    stale_on = ordinal("2019-06-30") + 456
    assert state.transition == stale_on
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert not leaf.stale
    for closed, stale, status, transition in (
        (stale_on, True, "ON_TRACK", ordinal("2021-12-31")),
        (ordinal("2021-12-31"), True, "NOT_ACHIEVED", None),
    ):
        apply(state, [], closed, {})
        leaf = state.indicators["I1"].leaf
        assert leaf is not None
        assert (leaf.stale, leaf.status, state.transition) == (stale, status, transition)


def test_a_value_becomes_missing_on_the_day_its_period_ends() -> None:
    state = known(a_project(), an_indicator(when="2020"), recorded="2020-02-01", closed="2020-02-01")
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert (leaf.state, leaf.status, state.transition) == ("NOT_DUE", None, ordinal("2020-12-31"))
    apply(state, [], ordinal("2020-12-30"), {})
    assert state.indicators["I1"].leaf == leaf
    apply(state, [], ordinal("2020-12-31"), {})
    leaf = state.indicators["I1"].leaf
    assert leaf is not None
    assert (leaf.state, leaf.status, state.transition) == ("MISSING", "NO_DATA", None)


def test_a_late_value_reenters_at_its_own_date() -> None:
    early, late = an_actual(".2", TO_2018), an_actual(".48", TO_MID_2019)
    assert paced(late, early).pace == paced(early, late).pace == 963_516

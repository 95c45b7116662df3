"""Why an indicator cannot be scored: the columns of methodology §2.5, rules R1 to R7, each with its remedy."""

from __future__ import annotations

import pytest
from tests.support.iati import a_period, a_result, an_activity, an_indicator, judged

from contracts import receipts
from intake.domain.readability import REMEDIES, together_of

NINE = '<baseline year="2020" value="9"/>'
ZERO = '<baseline year="2020" value="0"/>'
BOTH = '<target value="{}"/><actual value="{}"/>'
PLACED = '<actual value="5"><location ref="{}"/></actual>'
UP, DOWN = 'ascending="1"', 'ascending="0"'


def reasons(
    periods: str, *, before: str = ZERO, attributes: str = UP, measure: str = "1", type_: str = "2"
) -> list[str]:
    """Why the one indicator of an activity cannot be scored."""
    one = an_indicator(periods, before=before, attributes=attributes, measure=measure)
    found = judged(an_activity(results=a_result(one, type_=type_))).readability.as_dict()
    receipts.Readability.model_validate(found)
    assert found["indicators"] == 1
    assert found["scorable"] == (not found["reasons"])
    assert found["remedies"] == {reason: REMEDIES[reason] for reason in found["reasons"]}
    return sorted(found["reasons"])


@pytest.mark.parametrize(
    ("periods", "options", "expected"),
    [
        (a_period(BOTH.format(10, 5)), {}, []),
        (a_period(BOTH.format(10, 5)), {"measure": "3"}, ["NOMINAL"]),
        (a_period("<actual/>"), {"measure": "5"}, ["QUALITATIVE"]),
        (
            a_period('<actual><plumbline:observation rubric="FULL" assessor="A"/></actual>'),
            {"measure": "5"},
            [],
        ),
        (a_period('<target value="10"/>'), {}, ["NO_ACTUAL"]),
        (a_period('<target value="10"/><actual value="37 %"/>'), {}, ["ACTUAL_IN_WORDS"]),
        (a_period('<actual value="5"/>'), {}, ["NO_TARGET"]),
        (a_period(), {}, ["NO_ACTUAL", "NO_TARGET"]),
        (a_period(BOTH.format(10, 5)), {"before": ""}, ["NO_BASELINE"]),
        (a_period(BOTH.format(10, 5)), {"before": "", "type_": "1"}, []),
        (a_period(BOTH.format(10, 5)), {"before": "", "type_": "1", "attributes": DOWN}, ["NO_BASELINE"]),
        (a_period(BOTH.format(10, 5)), {"attributes": DOWN}, ["DIRECTION_CONFLICT"]),
        (a_period(BOTH.format(10, 5)), {"attributes": ""}, []),
        (a_period(BOTH.format(0, 5)), {}, ["TARGET_PLACEHOLDER"]),
        (a_period(BOTH.format(0, 5)), {"attributes": DOWN}, []),
        (a_period(BOTH.format(9, 5)), {"attributes": "", "before": NINE}, ["DIRECTION_UNKNOWN"]),
        (a_period('<target value="10"/>' + PLACED.format("A")), {}, []),
        (a_period('<target value="10"/>' + PLACED.format("A") + PLACED.format("B")), {}, ["ACTUAL_DISAGGREGATED"]),
        (a_period('<target value="10"/><actual value="1"/><actual value="2"/>'), {}, ["SEVERAL_VALUES"]),
        (a_period('<target value="10"/><actual value="1"/><actual value="1.0"/>'), {}, []),
        (a_period(BOTH.format(10, 5)), {"attributes": 'plumbline:withheld="1"'}, ["WITHHELD"]),
        (a_period('<actual value="5"/>'), {"attributes": 'plumbline:kind="BAND"'}, ["NO_TARGET"]),
        (a_period(BOTH.format(10, 5)), {"attributes": 'plumbline:kind="MAINTAIN"', "before": ""}, []),
    ],
)  # fmt: skip
def test_reasons(periods: str, options: dict[str, str], expected: list[str]) -> None:
    assert reasons(periods, **options) == expected


def test_the_target_of_the_final_period_counts() -> None:
    early = a_period(BOTH.format(10, 5), "2024-01-01", "2024-12-31")
    late = a_period('<target value="-3"/>', "2025-01-01", "2025-12-31")
    assert reasons(early + late) == ["DIRECTION_CONFLICT"]
    assert reasons(late + early) == ["DIRECTION_CONFLICT"]


def test_what_does_not_apply_is_not_counted() -> None:
    one = an_indicator(attributes='plumbline:not-applicable="true"')
    found = judged(an_activity(results=a_result(one))).readability
    assert (found.indicators, found.scorable, found.reasons) == (0, 0, {})


def test_a_quarantined_activity_has_nothing_readable() -> None:
    found = judged(an_activity(status="9", results=a_result(an_indicator(), an_indicator()))).readability.as_dict()
    assert (found["indicators"], found["scorable"], found["reasons"]) == (2, 0, {"QUARANTINED": 2})


def test_reasons_that_hold_together_are_counted_together() -> None:
    both = an_indicator(a_period(), before=ZERO, attributes=UP)
    one = an_indicator(a_period(BOTH.format(10, 5)), before=ZERO, attributes=DOWN)
    kept = judged(an_activity(results=a_result(both + one))).readability.of_project()
    assert kept["together"] == {"DIRECTION_CONFLICT": 1, "NO_ACTUAL NO_TARGET": 1}
    assert together_of(kept) == kept["together"]


def test_what_was_kept_without_it_says_the_least() -> None:
    assert together_of({"indicators": 3, "scorable": 0, "reasons": {"NO_TARGET": 2, "NO_ACTUAL": 1}}) == {
        "NO_TARGET": 2,
        "NO_ACTUAL": 1,
    }
    assert together_of({"indicators": 3, "scorable": 1, "reasons": {"NO_TARGET": 2, "NO_ACTUAL": 1}}) == {
        "NO_ACTUAL NO_TARGET": 2
    }

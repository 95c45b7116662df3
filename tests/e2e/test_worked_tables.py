"""The worked tables of the methodology's metrics (§1) through the doors of the system, row by row.

Facts go in as an entity sends them; figures come out at the gateway. What the golden tests (§4) work through already
(shared results, markers, evaluations, risk, funding) is not said twice; the tests of scoring have every table.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.support.people import Entity, Person
from tests.support.periods import aim, year

from contracts.envelope import Envelope

pytestmark = pytest.mark.stack

MICRO = 1_000_000
LAST = date.today().year - 1
"""The last year that is over: what is due, and not stale, whenever the tests run."""

DATES = {"planned_start": f"{LAST - 1}-01-01", "planned_end": f"{LAST + 2}-12-31"}


def based(value: str | None) -> list[dict[str, Any]]:
    """A baseline of the year before."""
    return [{"year": LAST - 1, "value": value}] if value is not None else []


def aimed(value: str | None, **over: Any) -> dict[str, Any]:
    """From nought to this in the last year."""
    return {"targets": [aim(year(LAST), value)], **over}


ATTAINMENT: dict[str, tuple[dict[str, Any], str, int | None, int | None, set[str]]] = {
    "a": (aimed("50", measure="2", baselines=based("15")), "53", 1_085_714, MICRO, set()),
    "b": (aimed("10", ascending=False, baselines=based("40")), "25", 500_000, 500_000, set()),
    "c": (aimed("10", ascending=False, baselines=based("40")), "46", -200_000, 0, {"REGRESSED"}),
    "d0": (aimed("0", ascending=False), "0", MICRO, MICRO, {"ZERO_RANGE"}),
    "d2": (aimed("0", ascending=False), "2", 0, 0, {"ZERO_RANGE", "THRESHOLD_BREACHED"}),
    "e": (
        aimed("95", measure="2", baselines=based("95")), "92", 684_211, 684_211, {"ZERO_RANGE", "THRESHOLD_BREACHED"},
    ),
    "f": (aimed("100"), "300", 3 * MICRO, MICRO, {"OVER_ACHIEVED"}),
    "h": (aimed("60", measure="2", result_type="2", result_id="R2", baselines=[]), "30", None, None, {"NO_BASELINE"}),
    "i": (aimed("200", baselines=[]), "150", 750_000, 750_000, {"BASELINE_IMPUTED_ZERO"}),
    "k": (aimed("60", baselines=based("80")), "70", None, None, {"DIRECTION_CONFLICT"}),
    "l": (aimed("4", measure="4", baselines=based("1")), "3", 666_667, 666_667, {"ORDINAL_INTERVAL"}),
    "m": (
        aimed("50", kind="BAND", band={"low": "40", "high": "60"}, baselines=based("20")), "35", 750_000, 750_000,
        set(),
    ),
    "n": (aimed("4", ascending=None, baselines=based("12")), "8", 500_000, 500_000, {"DIRECTION_INFERRED"}),
}  # fmt: skip
"""M1, by row: the indicator, its value, A_raw, A, flags; g and j need other facts."""


async def test_m1_indicator_attainment(entity: Entity, secretariat: Person) -> None:
    name = "m1"
    said = [entity.project(name, dates=DATES)]
    for row, (indicator, value, *_) in ATTAINMENT.items():
        said += [entity.indicator(name, row, **indicator), entity.observation(value, name, row, period=year(LAST))]
    rating = {"rubric": "MOSTLY", "assessor": "A. Traoré", "evidence": ["doc-1"], "value": None}
    steps = [aim(year(n), "100") for n in (LAST - 1, LAST, LAST + 2)]
    said += [
        entity.indicator(name, "g", **aimed(None, measure="5", baselines=[])),
        entity.says("observation.recorded.v1", name, indicator_id="g", period=year(LAST), **rating),
        entity.indicator(name, "j", targets=steps, accumulation="PERIODIC_SUM"),
        entity.observation("80", name, "j", period=year(LAST - 1)),
        entity.observation("120", name, "j", period=year(LAST)),
    ]
    entity.publish(*said)
    expected = {row: (a, raw, flags) for row, (_, _, raw, a, flags) in ATTAINMENT.items()}
    expected |= {"g": (666_667, 666_667, {"RUBRIC"}), "j": (666_667, 666_667, set())}
    for row, (a, raw, flags) in expected.items():
        found = await secretariat.figure_where(
            "M1",
            f"indicator:{entity.user}-{name}|{row}",
            lambda f, a=a, flags=flags: f["value"] == a and set(f["flags"]) == flags,  # type: ignore[misc]
            f"to be {a} with {flags or 'no flags'}, row {row}",
        )
        assert found["parts"].get("raw") == raw, row


WHOLE = {"start": "2018-01-01", "end": "2020-12-31"}
HALF = {"start": "2019-01-01", "end": "2019-06-30"}

PACE: dict[str, tuple[list[tuple[str, dict[str, str]]], dict[str, Any], str, int | None, str]] = {
    "accelerate": ([(".10", year(2018)), (".30", HALF)], {}, "2019-07-31", 602_198, "ACCELERATE"),
    "on-track": ([(".48", HALF)], {}, "2019-07-31", 963_516, "ON_TRACK"),
    "limited": ([(".20", HALF)], {}, "2019-07-31", 401_465, "LIMITED"),
    "regressing": ([("-.05", HALF)], {}, "2019-07-31", -100_366, "REGRESSING"),
    "milestone": (
        [(".30", HALF)],
        {"targets": [aim({"start": "2018-01-01", "end": "2019-07-02"}, "0.30"), aim(WHOLE, "1")]},
        "2019-07-31", 1_003_663, "ON_TRACK",
    ),
    "early": (
        [(".10", {"start": "2018-01-01", "end": "2018-06-30"})], {"result_type": "2", "result_id": "R2"},
        "2019-07-31", None, "TOO_EARLY",
    ),
    "over": ([(".70", WHOLE)], {}, "2021-01-31", 700_000, "NOT_ACHIEVED"),
}  # fmt: skip
"""M2, by row: the values with their periods, the indicator, the day it is judged on, R, status."""


async def test_m2_pace_as_of_the_day_it_was_judged(entity: Entity, secretariat: Person) -> None:
    """The worked project ended in 2020, so each row is read as of a day on which it was under way."""
    name, project = "m2", f"{entity.user}-m2"
    said: list[Envelope] = [entity.project(name, dates={"planned_start": WHOLE["start"], "planned_end": WHOLE["end"]})]
    for row, (values, over, *_) in PACE.items():
        indicator = {"targets": [aim(WHOLE, "1")], "accumulation": "CUMULATIVE", **over}
        said.append(entity.indicator(name, row, **indicator))
        said += [entity.observation(value, name, row, period=period) for value, period in values]
    entity.publish(*said)
    last = list(PACE)[-1]
    await secretariat.figure_of("M1", f"indicator:{project}|{last}", 700_000)
    for row, (_, _, day, ratio, status) in PACE.items():
        scope = f"indicator:{project}|{row}"
        found = await secretariat.get("portal-gateway", "/api/v1/metrics/M2", scope=scope, valid_as_of=day)
        assert (found["value"], found["parts"]["status"]) == (ratio, status), row
    first = await secretariat.get(
        "portal-gateway", "/api/v1/metrics/M2", scope=f"indicator:{project}|accelerate", valid_as_of="2019-07-31"
    )
    assert (first["lower"], first["upper"]) == (602_198, 907_735)


async def test_m3_and_m4_evidence_and_effectiveness_of_the_worked_project(entity: Entity, secretariat: Person) -> None:
    """Outputs 1, .75 and missing, an outcome of .4; grades A, B and C, and one missing: strength .612500."""
    name, scope = "m4", f"project:{entity.user}-m4"
    outcome: dict[str, Any] = {"result_type": "2", "result_id": "R2"}
    entity.publish(
        entity.project(name, dates=DATES),
        *(entity.indicator(name, i, **aimed("100")) for i in ("I1", "I2", "I3")),
        entity.indicator(name, "I4", **aimed("100", **outcome)),
        entity.observation("100", name, "I1", period=year(LAST), source_type="INDEPENDENT_EVALUATION"),
        entity.observation("75", name, "I2", period=year(LAST), source_type="VERIFIED_ADMIN"),
        entity.observation("40", name, "I4", period=year(LAST), source_type="SELF", evidence=["doc-1"]),
    )
    found = await secretariat.figure_of("M4", scope, 558_333)
    assert (found["lower"], found["upper"]) == (461_111, 572_222)
    assert found["coverage"] == {"observed": 8, "expected": 9}
    assert "OUTPUTS_WITHOUT_OUTCOMES" in found["flags"]
    strength = await secretariat.figure_of("M3", scope, 612_500)
    assert strength["parts"]["grades"] == {"A": 1, "B": 1, "C": 1, "missing": 1}


async def test_m7_balance_in_money_and_in_effort(entity: Entity, secretariat: Person) -> None:
    """Budgets of 20, 50, 25 and 5; effort of 400, 500, 600 and 500 person-days. Fiji has no other project."""
    name = "m7"
    shares = {"P1": 200_000, "P2": 500_000, "P3": 250_000, "P4": 50_000}
    allocations = [{"dim": "COUNTRY", "code": "FJ", "ppm": MICRO}]
    allocations += [{"dim": "PILLAR", "code": code, "ppm": ppm} for code, ppm in shares.items()]
    entity.publish(
        entity.project(name, allocations=allocations),
        *(
            entity.says("effort.reported.v1", name, period=year(LAST), pillar=pillar, person_days=days)
            for pillar, days in (("P1", "400"), ("P2", "500"), ("P3", "600"), ("P4", "500"))
        ),
    )
    found = await secretariat.figure_where(
        "M7", "country:FJ", lambda f: (f["parts"].get("effort_indices") or {}).get("J") == 992_700
    )
    assert found["value"] == 50_000
    indices = {"J": 840_200, "HHI": 355_000, "B_HHI": 860_000, "align_equal": 750_000}
    assert {name: found["parts"]["indices"][name] for name in indices} == indices
    effort = {"J": 992_700, "HHI": 255_000, "B_HHI": 993_333, "align_equal": 950_000}
    assert {name: found["parts"]["effort_indices"][name] for name in effort} == effort

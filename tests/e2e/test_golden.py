"""The golden tests of the methodology (§4) that concern how indicators are read, through the doors of the system.

Facts go in as an entity sends them; figures come out at the gateway. Every case has projects of its own. G1 and G5
stand in ``test_golden_versions.py``, what concerns whole portfolios in ``test_golden_portfolio.py``, G12 in
``test_duplicates.py``, and the worked tables of the metrics in ``test_worked_tables.py``.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.periods import aim, year
from tests.support.waiting import until

from plumbline.stack import Stack

pytestmark = pytest.mark.stack

MICRO = 1_000_000


async def test_g2_a_target_of_nought(entity: Entity, secretariat: Person) -> None:
    """Zero tolerance, beside an indicator at one half in the same result."""
    name, project = "g2", f"{entity.user}-g2"
    zero: dict[str, Any] = {"ascending": False, "targets": [aim(year(2025), "0")]}
    entity.publish(
        entity.project(name),
        entity.indicator(name, "I1", **zero),
        entity.indicator(name, "I2"),
        entity.observation("50", name, "I2"),
    )
    breached = ["ZERO_RANGE", "THRESHOLD_BREACHED"]
    for value, tolerance, a, flags, result in (
        ("0", None, MICRO, ["ZERO_RANGE"], 750_000),
        ("1", None, 0, breached, 250_000),
        ("0", None, MICRO, ["ZERO_RANGE"], 750_000),
        ("1", "4", 750_000, breached, 625_000),
    ):
        if tolerance is not None:
            entity.publish(entity.indicator(name, "I1", **zero, tol_abs=tolerance))
        entity.publish(entity.observation(value, name, "I1", type_="observation.corrected.v1"))
        whole = await secretariat.figure_of("M4", f"project:{project}", result)
        assert whole["parts"]["results"]["R1"]["mean"] == result
        own = await secretariat.figure_of("M1", f"indicator:{project}|I1", a)
        assert own["flags"] == flags


async def test_g4_coverage_on_the_edge(entity: Entity, secretariat: Person) -> None:
    name, scope = "g4", f"project:{entity.user}-g4"
    same: dict[str, Any] = {"result_type": "2", "result_id": "R"}
    entity.publish(
        entity.project(name),
        entity.indicator(name, "I1", **same),
        entity.indicator(name, "I2", **same, measure="5", baselines=[], targets=[aim(year(2025), None)]),
        entity.indicator(name, "I3", **same, baselines=[]),
        entity.indicator(name, "I4", **same, targets=[aim(year(2027), "100")]),
        entity.observation("10", name, "I3"),
        entity.observation("90", name, "I1"),
    )
    before = await secretariat.figure_where("M4", scope, lambda f: (f["lower"], f["upper"]) == (300_000, 966_667))
    assert (before["value"], before["state"]) == (None, "INSUFFICIENT_DATA")
    assert before["coverage"] == {"observed": 1, "expected": 3}
    rating = {"rubric": "PARTIAL", "assessor": "A. Traoré", "evidence": ["doc-1"], "value": None}
    entity.publish(entity.says("observation.recorded.v1", name, indicator_id="I2", period=year(2025), **rating))
    after = await secretariat.figure_of("M4", scope, 616_666)
    assert after["state"] == "PUBLISHED"
    assert after["coverage"] == {"observed": 2, "expected": 3}
    assert (after["lower"], after["upper"]) == (411_111, 744_444)


async def test_g13_a_placeholder_is_no_target(entity: Entity, secretariat: Person) -> None:
    name, project = "g13", f"{entity.user}-g13"
    nought = [aim(year(2025), "0")]
    entity.publish(
        entity.project(name),
        entity.indicator(name, "I1", targets=nought),
        entity.indicator(name, "I2", targets=nought),
        entity.indicator(name, "I3", targets=nought, ascending=False),
        entity.observation("0", name, "I1"),
        entity.observation("100", name, "I2"),
        entity.observation("0", name, "I3"),
    )
    tolerance = await secretariat.figure_of("M1", f"indicator:{project}|I3", MICRO)
    assert tolerance["flags"] == ["ZERO_RANGE"]
    for indicator in ("I1", "I2"):
        found = await secretariat.figure("M1", f"indicator:{project}|{indicator}")
        assert found is not None
        assert (found["value"], found["flags"], found["parts"]["state"]) == (None, ["TARGET_PLACEHOLDER"], "UNSCORABLE")
    whole = await secretariat.figure("M4", f"project:{project}")
    assert whole is not None
    assert (whole["coverage"], whole["state"]) == ({"observed": 1, "expected": 3}, "INSUFFICIENT_DATA")


async def test_g14_nested_periods(entity: Entity, secretariat: Person) -> None:
    name, project = "g14", f"{entity.user}-g14"
    both = year(2021, 2022)
    inner = [aim(year(2021), "10"), aim(year(2022), "10")]
    cases = {
        "I1": ("20", ("20", "20", MICRO, ["PERIODIC_SUM"])),
        "I2": ("18", ("18", "20", 900_000, ["PERIODS_DISAGREE"])),
        "I3": (None, ("12", "10", MICRO, ["ACCUMULATION_ASSUMED"])),
    }
    said = [entity.project(name, dates={"planned_start": "2021-01-01", "planned_end": "2022-12-31"})]
    for indicator, (enclosing, _) in cases.items():
        whole = [(both, "20", enclosing)] if enclosing is not None else []
        said += [
            entity.indicator(name, indicator, targets=inner + [aim(period, t) for period, t, _ in whole]),
            entity.observation("8", name, indicator, period=year(2021)),
            entity.observation("12", name, indicator, period=year(2022)),
            *(entity.observation(v, name, indicator, period=period) for period, _, v in whole),
        ]
    entity.publish(*said)
    for indicator, (_, expected) in cases.items():

        def as_expected(f: dict[str, Any], expected: tuple[Any, ...] = expected) -> bool:
            return (f["parts"].get("actual"), f["parts"].get("target"), f["value"], f["flags"]) == expected

        await secretariat.figure_where("M1", f"indicator:{project}|{indicator}", as_expected)


async def test_g15_a_dialect_is_proposed_adopted_and_withdrawn(
    intake: Stack, http: httpx.AsyncClient, secretariat: Person
) -> None:
    """A publisher of this case's own: its system writes ``ascending="0"`` on all, which fits one of twelve."""
    publisher = await Entity.register(intake, http)
    name, project = "g15", f"{publisher.user}-g15"
    said = [publisher.project(name)]
    for n in range(12):
        low, high = ("100", "0") if n == 11 else ("0", "100")
        values = {"baselines": [{"year": 2024, "value": low}], "targets": [aim(year(2025), high)]}
        said.append(publisher.indicator(name, f"I{n:02d}", ascending=False, **values))
        said.append(publisher.observation("50", name, f"I{n:02d}"))
    publisher.publish(*said)
    names = [f"indicator:{project}|I{n:02d}" for n in range(12)]

    def a_twelfth(figure: dict[str, Any]) -> bool:
        return bool(figure["coverage"] == {"observed": 1, "expected": 12})

    async def figures() -> list[Any]:
        found = [await publisher.figure("M1", scope) for scope in names] + [
            await publisher.figure("M4", f"project:{project}")
        ]
        return [{k: f[k] for k in ("value", "state", "flags", "parts", "lower", "upper")} for f in found if f]

    before = await secretariat.figure_where("M4", f"project:{project}", a_twelfth)
    await publisher.figure_of("M1", names[11], 500_000)
    assert (before["value"], before["state"]) == (None, "INSUFFICIENT_DATA")
    first = await figures()
    assert [f["flags"] for f in first[:12]] == [["DIRECTION_CONFLICT"]] * 11 + [[]]

    suggested = await publisher.get("scoring", f"/v1/dialects/{publisher.user}")
    assert suggested["proposed"] == {"direction": "from-values"}
    (row,) = [row for row in suggested["evidence"] if row["reading"] == "direction"]
    assert (row["agree"], row["indicators"]) == (11, 12)
    preview = suggested["preview"]
    assert (preview["readable_before"], preview["readable_after"], preview["changed"]) == (1, 12, 11)

    adopted: dict[str, Any] = {
        "entity": publisher.user, "version": 1, "readings": {"direction": "from-values"},
        "adopted_by": publisher.user, "adopted_on": "2026-07-01",
    }  # fmt: skip
    answer = await publisher.post(kafka.an_event(publisher.user, adopted, "dialect.adopted.v1"))
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted"], answer.text
    after = await secretariat.figure_of("M4", f"project:{project}", 500_000)
    assert (after["state"], after["coverage"]["observed"]) == ("PUBLISHED", after["coverage"]["expected"])
    read = await figures()
    assert [f["value"] for f in read] == [500_000] * 13
    assert [f["flags"] for f in read[:12]] == [["BY_DIALECT:direction"]] * 11 + [[]]

    gone = kafka.an_event(publisher.user, {"entity": publisher.user, "version": 2}, "dialect.withdrawn.v1")
    assert (await publisher.post(gone)).is_success
    await secretariat.figure_where("M4", f"project:{project}", a_twelfth)
    assert await until(lambda: _same(figures, first), what="the figures of before")
    await publisher.retire()


async def _same(figures: Any, first: list[Any]) -> bool:
    return bool(await figures() == first)

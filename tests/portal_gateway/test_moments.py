"""Two dates, the trend between them, the methods beside a figure: what a page says of each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.support.gateway import NOW, figure

from portal_gateway.api.pages.trends import came_to
from portal_gateway.domain.balance import balance
from portal_gateway.domain.drawing.trend import trend, trends
from portal_gateway.domain.explanation import missing
from portal_gateway.domain.freshness import fresh
from portal_gateway.domain.moments import moments, presets
from portal_gateway.domain.scenarios import outermost, scenarios
from portal_gateway.domain.view import figure as read


def _item(at: str, value: int | None, state: str = "PUBLISHED", **over: Any) -> dict[str, Any]:
    known = {"observed": 3, "expected": 4}
    return {"at": at, "value": value, "state": state, "lower": 400_000, "upper": 700_000, "coverage": known, **over}


def test_a_gap_parts_the_line_and_mirrors_with_the_page() -> None:
    items = [
        _item("2026-01-01T00:00:00+00:00", 500_000),
        _item("2026-02-01T00:00:00+00:00", 600_000, "PROVISIONAL"),
        _item("2026-03-01T00:00:00+00:00", None, "INSUFFICIENT_DATA"),
        _item("2026-04-01T00:00:00+00:00", None, "INSUFFICIENT_DATA", lower=None, upper=None, withheld="small-cell"),
        _item("2026-05-01T00:00:00+00:00", 650_000),
        _item("2026-06-01T00:00:00+00:00", 640_000),
    ]
    told = {"items": items, "by": "known", "step": "month"}
    found = trend(told, mirrored=False)
    assert (len(found.lines), len(found.bands)) == (2, 2)
    assert [p.y for p in found.points][:3] == ["100.0", "80.0", None]
    assert [p.look for p in found.points][:3] == ["is-pub", "is-prov", "is-ins"]
    assert found.points[3].withheld == "small-cell"
    turned = trend(told, mirrored=True)
    assert [float(p.x) for p in turned.points] == [round(100 - float(p.x), 2) for p in found.points]
    assert found.place(datetime(2025, 1, 1, tzinfo=UTC), False) is None
    assert not trend({**told, "items": items[:1]}, mirrored=False).drawn


def test_trends_of_a_list_have_one_axis_and_say_what_they_come_to() -> None:
    at = [f"2026-0{month}-01T00:00:00+00:00" for month in (1, 2, 3)]
    values: dict[str, list[int | None]] = {
        "pillar:P1": [500_000, 540_000, 562_000], "pillar:P2": [None, 600_000, 590_000],
        "pillar:P3": [300_000, None, None], "pillar:P4": [250_000, 240_000, 250_000], "country:ML": [None, None, None],
    }  # fmt: skip
    items = [
        {
            "scope": scope,
            "items": [_item(a, v, "PUBLISHED" if v else "INSUFFICIENT_DATA") for a, v in zip(at, row, strict=True)],
        }
        for scope, row in values.items()
    ]
    late = {"scope": "country:NE", "items": [_item(at[2], 100_000)]}
    told = {"at": at, "by": "known", "step": "month", "items": [*items, late]}
    found = trends(told, mirrored=False)
    assert {scope: came_to(drawing, datetime.fromisoformat(at[0])) for scope, drawing in found.items()} == {
        "pillar:P1": "+6.2 points", "pillar:P2": "−1.0 points since 1 Feb 2026", "pillar:P3": "was 30.0%",
        "pillar:P4": "unchanged", "country:ML": "no value", "country:NE": "since 1 Mar 2026",
    }  # fmt: skip
    assert [p.x for p in found["country:NE"].points] == ["100.00"]  # on the list's axis, not on its own
    assert trends(told, mirrored=True)["pillar:P1"].points[0].x == "100.00"
    assert trends({**told, "at": [], "items": []}, mirrored=False) == {}


def test_both_dates_stand_in_the_address_and_are_read_back() -> None:
    query = {"known_as_of": "2026-06-30", "than_known": "2026-03-31", "than_valid": "2025-12-31"}
    found = moments(query)
    assert found.query == query
    assert found.than is not None
    assert (found.at.until(), found.fault) == ("2026-06-30T23:59:59.999999Z", "")
    assert moments({}).than is None
    assert "is no day" in moments({"than_known": "yesterday"}).fault
    assert "is no day" in moments({"valid_as_of": "2026-13-01"}).fault
    known = [known for _name, known in presets(date(2026, 11, 23), NOW)]
    assert known == [NOW.isoformat(timespec="milliseconds"), "2026-09-30", "2025-11-23"]


def test_scenarios_are_told_only_beside_a_value() -> None:
    parts = {"scenarios": {"S0": 649_007, "S2": 602_000, "S5": 495_826, "S6": 731_849}}
    data = figure(parts=parts).model_dump(mode="json") | {"seq": 1}
    found = scenarios(read(data))
    assert [(s.code, s.change) for s in found] == [("S0", 0), ("S2", -47_007), ("S5", -153_181), ("S6", 82_842)]
    assert outermost(found) == (495_826, 731_849)
    withheld = figure(value=None, parts=parts).model_dump(mode="json") | {"seq": 1}
    assert scenarios(read(withheld)) == []


def test_what_is_missing_says_why_and_since_when() -> None:
    indicator = {
        "kind": "indicator", "id": "I1", "label": "Days", "denominator": 1, "state": "MISSING", "flags": ["NO_ACTUAL"],
        "children": [
            {"kind": "target", "label": "Target 2025-01-01 to 2025-12-31"},
            {"kind": "observation", "label": "Actual 2024-01-01 to 2024-12-31"},
        ],
    }  # fmt: skip
    known = {**indicator, "id": "I2", "value": 1}
    tree = {"kind": "project", "children": [{"kind": "level", "children": [indicator, known]}]}
    (found,) = missing(tree, date(2026, 9, 14))
    assert (found.id, found.reasons, found.since) == ("I1", ("NO_ACTUAL",), "due since 31 Dec 2025")


def test_effort_stands_beside_money_with_a_whisker_and_registered_needs() -> None:
    parts = {
        "budget": {"P1": 50, "P2": 30, "P3": 10, "P4": 0, "unallocated": 10},
        "effort": {"P1": 100, "P2": 100, "P3": 100, "P4": 100, "unallocated": 0},
    }
    data = figure("global", metric="M7", parts=parts).model_dump(mode="json") | {"seq": 1}
    found = balance(read(data), {"P1": 3, "P2": 1, "P3": 0, "P4": 0})
    assert found is not None
    first, *_others, rest = found.rows
    assert (first.share, first.most, first.effort, first.need) == (555_555, 600_000, 250_000, 750_000)
    assert (rest.code, rest.share, rest.need) == ("none", 100_000, None)


def test_an_entity_is_late_with_its_reason() -> None:
    reporting = read(
        figure("entity:XM-T", metric="M15", parts={"due": 3, "unreported": 1, "months": [1, 3]}).model_dump(mode="json")
        | {"seq": 1}
    )
    old = datetime(2026, 1, 1, tzinfo=UTC)
    late = fresh("XM-T", "Office", 1, changed=old, received=None, reporting=reporting, now=NOW)
    assert late.late == "1 report overdue, nothing for 256 days"
    assert (late.months[-1], late.months[-2], late.months[-3], len(late.months)) == (True, False, True, 12)
    public = fresh("XM-T", "Office", 1, changed=NOW, received=None, reporting=None, now=NOW)
    assert (public.late, public.overdue, public.months) == ("", None, ())

"""A project's results chain as a page shows it: levels, results, indicators with their values over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from portal_gateway.domain.drawing import trajectory
from portal_gateway.domain.drawing.trajectory import Aim, Point, Trajectory
from portal_gateway.domain.speech.numbers import decimal_text
from portal_gateway.domain.view import narrative

LEVELS: Final = ("3", "2", "1", "9")
"""IATI ResultType in the order of the page: impact, outcomes, outputs, other."""

_QUALITATIVE: Final = "5"
Period = tuple[date, date]
"""First and last day, both inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator: what is drawn, and the three values said beside the drawing (empty where unknown)."""

    indicator_id: str
    title: str
    lang: str | None
    measure: str
    lower_is_better: bool
    accumulation: str | None
    unit: str
    baseline: str
    latest: str
    target: str
    due_missing: int
    withheld: bool
    not_applicable: bool
    rubric: bool
    drawing: Trajectory | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A result and its indicators."""

    result_id: str
    title: str
    lang: str | None
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """The results of one type."""

    code: str
    results: tuple[Result, ...]


def levels(
    indicators: Sequence[Mapping[str, Any]],
    *,
    as_of: date,
    lang: str,
    names: tuple[str, str],
    mirrored: bool = False,
) -> tuple[Level, ...]:
    """Arrange indicators, as the read model keeps them, by level and result."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for data in indicators:
        found.setdefault(data["result_type"], {}).setdefault(data["result_id"], []).append(data)
    return tuple(
        Level(code, tuple(_result(result, rows, as_of, lang, names, mirrored) for result, rows in found[code].items()))
        for code in LEVELS
        if code in found
    )


def _result(
    result_id: str,
    rows: Sequence[Mapping[str, Any]],
    as_of: date,
    lang: str,
    names: tuple[str, str],
    mirrored: bool,
) -> Result:
    title, other = narrative(rows[0].get("result_title"), lang, result_id)
    return Result(
        result_id,
        title,
        other,
        tuple(indicator(row, as_of=as_of, lang=lang, names=names, mirrored=mirrored) for row in rows),
    )


def indicator(
    data: Mapping[str, Any], *, as_of: date, lang: str, names: tuple[str, str], mirrored: bool = False
) -> Indicator:
    """Read one indicator with its observations."""
    title, other = narrative(data.get("title"), lang, data["indicator_id"])
    rows = headline(data["observations"], lambda row: row["data"].get("place"))
    rubric = data["measure"] == _QUALITATIVE or any(row["data"].get("rubric") for row in rows)
    inner = [row for row in rows if not _encloses(_period(row), [_period(other) for other in rows])]
    points = [_point(row, rubric) for row in inner]
    targets = headline(data.get("targets") or [], lambda row: row.get("place"))
    aims = {(_day(t["period_start"]), _day(t["period_end"])): _decimal(t.get("value")) for t in targets}
    for row in rows:
        aims.setdefault(_period(row), None)
    baseline: Mapping[str, Any] = next(iter(headline(data.get("baselines") or [], lambda row: row.get("place"))), {})
    base_value, base_on = _decimal(baseline.get("value")), _baseline_day(baseline)
    # Of two periods that end together the longer one speaks for the other (R2).
    final = max((key for key, value in aims.items() if value is not None), key=_headline_period, default=None)
    known = [p for p in (_point(row, rubric) for row in sorted(rows, key=_by_period)) if p.value is not None]
    last = max(known, key=lambda p: p.end, default=None)
    reported = {p.end for p in known}
    due = [key for key in aims if key[1] < as_of and not _encloses(key, list(aims))]
    return Indicator(
        indicator_id=data["indicator_id"],
        title=title,
        lang=other,
        measure=data["measure"],
        lower_is_better=data.get("ascending") is False
        or bool(data.get("ascending") is None and final and base_value is not None and (aims[final] or 0) < base_value),
        accumulation=data.get("accumulation"),
        unit=data.get("unit") or ("%" if data["measure"] == "2" else ""),
        baseline=decimal_text(baseline.get("value")) if base_value is not None else "",
        latest=_latest(last, rubric),
        target=decimal_text(str(aims[final])) if final else "",
        due_missing=sum(1 for _, end in due if end not in reported),
        withheld=bool(data.get("withheld")) or any(p.withheld for p in points),
        not_applicable=bool(data.get("not_applicable")),
        rubric=rubric,
        drawing=trajectory.draw(
            baseline=base_value,
            baseline_on=base_on,
            aims=[Aim(start, end, value) for (start, end), value in sorted(aims.items())],
            points=points,
            as_of=as_of,
            ladder=rubric,
            names=names,
            mirrored=mirrored,
        )
        if points or aims
        else None,
        flags=tuple(data.get("flags") or ()),
    )


def headline(rows: Sequence[Any], place: Any) -> list[Any]:
    """The rows that speak of the total; where every row has one and the same place, that place is the total (R5)."""
    total = [row for row in rows if not _placed(place(row))]
    if total:
        return total
    places = {repr(place(row)) for row in rows}
    return list(rows) if len(places) == 1 else []


def _period(row: Mapping[str, Any]) -> Period:
    period = row["data"]["period"]
    return _day(period["start"]), _day(period["end"])


def _headline_period(period: Period) -> tuple[date, int]:
    return period[1], -period[0].toordinal()


def _by_period(row: Mapping[str, Any]) -> tuple[date, int]:
    return _headline_period(_period(row))


def _encloses(period: Period, others: Sequence[Period]) -> bool:
    """Whether a period holds another one of the same indicator: the inner ones are its trajectory (R2)."""
    return any(other != period and period[0] <= other[0] and other[1] <= period[1] for other in others)


def _placed(place: Mapping[str, Any] | None) -> bool:
    return bool(place and (place.get("location") or place.get("dimensions")))


def _point(row: Mapping[str, Any], rubric: bool) -> Point:
    data = row["data"]
    replaced = tuple(v for v in (_decimal(text) for text in row["replaced"]) if v is not None)
    value = trajectory.rung(data.get("rubric") or "") if rubric else _decimal(data.get("value"))
    if value is None and data.get("denominator") and data.get("numerator") is not None:
        part, whole = _decimal(data["numerator"]), _decimal(data["denominator"])
        if part is not None and whole:
            value = (100 * part / whole).quantize(Decimal("0.01"))
    return Point(_day(data["period"]["end"]), value, bool(data.get("withheld")), replaced)


def _latest(last: Point | None, rubric: bool) -> str:
    if last is None or last.value is None:
        return ""
    return trajectory.LADDER[int(last.value)] if rubric else decimal_text(f"{last.value:f}")


def _baseline_day(baseline: Mapping[str, Any]) -> date | None:
    if baseline.get("iso_date"):
        return _day(baseline["iso_date"])
    return date(baseline["year"], 12, 31) if baseline.get("year") else None


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _decimal(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None

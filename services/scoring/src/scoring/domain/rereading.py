"""Readings of a dialect that change what the figures of an indicator are, before any of them counts (§2.5, ADR 0080).

``percent_as`` and ``period_basis``. Each acts only where figures as they stand do not go together, and where what it
says settles how they do; whatever it would leave open stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from scoring.domain.readings import BY_DIALECT, Effective, Period, Readings, flag
from scoring.domain.state import Actual, Definition, TargetOf

SHARES: Final = "0-1"
BASES: Final = ("calendar", "fiscal", "whole-project")
PERCENTAGE: Final = 2  # measure
_ONE: Final = Decimal(1)
_YEAR: Final = 371  # days that a year has at most, be it one of 53 weeks
_APART: Final = 10  # times that percentages are larger than the shares beside them, at least, to speak for a mixture

Figures = tuple[Definition, Sequence[TargetOf], list[Actual]]


def reread(
    definition: Definition, goals: Sequence[TargetOf], known: list[Actual], readings: Readings, found: Effective
) -> Figures:
    """An indicator's definition, targets and actuals by its publisher's dialect."""
    if readings.percent_as == SHARES and _is_mixed(definition, goals, known):
        definition, goals, known = _as_percent(definition, goals, known)
        flag(found, f"{BY_DIALECT}percent_as")
    if readings.period_basis in {"calendar", "fiscal"}:
        years = _years(readings.period_basis, goals, known)
        if years:
            goals = [t._replace(start=p[0], end=p[1]) for t in goals for p in [years.get(_of(t), _of(t))]]
            known = [a._replace(start=p[0], end=p[1]) for a in known for p in [years.get(_of(a), _of(a))]]
            flag(found, f"{BY_DIALECT}period_basis")
    elif readings.period_basis == "whole-project" and definition.accumulation is None and spans(goals, known):
        definition = definition._replace(accumulation="POINT_IN_TIME")
        flag(found, f"{BY_DIALECT}period_basis")
    return definition, goals, known


# Percentages -----------------------------------------------------------------------------------------------


def shares_speak(definition: Definition, goals: Sequence[TargetOf], known: Iterable[Actual]) -> bool | None:
    """Whether shares of one stand among percentages ten times as large; None where there is no share of one."""
    if definition.measure != PERCENTAGE:
        return None
    known = list(known)
    sizes = _sizes(definition, goals, known)
    shares, others = [v for v in sizes if v <= _ONE], [v for v in sizes if v > _ONE]
    if not any(v < _ONE for v in shares):
        return None
    ratio = any(a.value is None and a.numerator is not None for a in known)
    return bool(others and min(others) >= _APART * max(shares)) or (ratio and not others)


def _is_mixed(definition: Definition, goals: Sequence[TargetOf], known: list[Actual]) -> bool:
    """Whether an indicator in per cent has both; where all are shares, or none is, what is attained is the same."""
    if definition.measure != PERCENTAGE:
        return False
    sizes = _sizes(definition, goals, known)
    ratio = any(a.value is None and a.numerator is not None for a in known)
    return any(v <= _ONE for v in sizes) and (ratio or any(v > _ONE for v in sizes))


def _sizes(definition: Definition, goals: Sequence[TargetOf], known: Iterable[Actual]) -> list[Decimal]:
    """The sizes of all figures that are not nought."""
    texts = [value for value, _ in definition.baselines]
    texts += [t.value for t in goals]
    texts += [a.value for a in known]
    return [size for text in texts if text is not None and (size := abs(Decimal(text)))]


def _as_percent(definition: Definition, goals: Sequence[TargetOf], known: list[Actual]) -> Figures:
    return (
        definition._replace(baselines=tuple((_percent(value), place) for value, place in definition.baselines)),
        [t._replace(value=_percent(t.value)) for t in goals],
        [a._replace(value=_percent(a.value)) for a in known],
    )


def _percent(text: str | None) -> str | None:
    """A share of one in per cent, exactly; what is larger is per cent already."""
    if text is None or abs(Decimal(text)) > _ONE:
        return text
    return format(Decimal(text) * 100, "f")


# Periods ---------------------------------------------------------------------------------------------------


def basis_speaks(goals: Sequence[TargetOf], known: Sequence[Actual]) -> dict[str, bool] | None:
    """Which basis pairs every actual with a target; None where targets and actuals stand in the same periods."""
    aims, ours = {_of(t) for t in goals}, {_of(a) for a in known}
    if not aims or not ours or ours & aims:
        return None
    said = {"whole-project": spans(goals, known)}
    for basis in ("calendar", "fiscal"):
        years = _years(basis, goals, known)
        said[basis] = all(years.get(period) in {years.get(aim, aim) for aim in aims} for period in ours)
    return said


def spans(goals: Sequence[TargetOf], known: Sequence[Actual]) -> bool:
    """Whether the only target is for a period longer than a year that holds the periods of all actuals."""
    aims, ours = {_of(t) for t in goals}, {_of(a) for a in known}
    if len(aims) != 1 or not ours or ours == aims:
        return False
    (aim,) = aims
    return not _within_a_year(aim) and all(aim[0] <= p[0] and p[1] <= aim[1] for p in ours)


def _of(entry: TargetOf | Actual) -> Period:
    return entry.start, entry.end


def _years(basis: str, goals: Sequence[TargetOf], known: Sequence[Actual]) -> dict[Period, Period]:
    """Periods that are of one year with a target or an actual in another period, and that year.

    What is longer than a year is of none. A calendar year is the one a period ends in; a financial year is as the
    targets have it: the shortest target's period in which an actual's ends. A year with two targets, or two actuals,
    in different periods is left as it is.
    """
    aims, ours = {_of(t) for t in goals}, {_of(a) for a in known}
    year: Callable[[Period], Period | None] = _calendar if basis == "calendar" else lambda p: _financial(p, aims)
    found: dict[Period, Period] = {}
    for whole in {y for p in aims | ours if (y := year(p)) is not None}:
        mine = [p for p in aims if year(p) == whole]
        theirs = [p for p in ours if year(p) == whole]
        if len(mine) == len(theirs) == 1 and mine != theirs:
            found |= {p: whole for p in (*mine, *theirs) if p != whole}
    return found


def _within_a_year(period: Period) -> bool:
    return period[1] - period[0] < _YEAR


def _calendar(period: Period) -> Period | None:
    if not _within_a_year(period):
        return None
    year = date.fromordinal(period[1]).year
    return date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()


def _financial(period: Period, aims: Iterable[Period]) -> Period | None:
    around = [aim for aim in aims if _within_a_year(aim) and aim[0] <= period[1] <= aim[1]]
    return min(around, key=lambda aim: (aim[1] - aim[0], aim), default=None)

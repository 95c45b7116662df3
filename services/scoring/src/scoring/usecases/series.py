"""A figure over time: as it was known at the end of each step, or of what was valid by then (methodology M16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from contracts.envelope import rfc3339
from runtime.access import Principal
from runtime.db import Database, Tx
from scoring import store
from scoring.codec import instant, micros
from scoring.domain.history import Revision
from scoring.scopes import own_scope
from scoring.usecases import asof
from scoring.usecases.withholding import kept_from, public_only

MOST: Final = 24
"""Points of a series besides the last."""

FEW: Final = 12
"""The same where many figures are asked for at once, to be drawn small."""

_US: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY


def _week(at: datetime) -> datetime:
    return _day(at) + (6 - at.weekday()) * _DAY


def _months(n: int) -> Callable[[datetime], datetime]:
    def following(at: datetime) -> datetime:
        month = (at.month - 1) // n * n + n
        return datetime(at.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)

    return following


_STEPS: Final[dict[str, Callable[[datetime], datetime]]] = {
    "minute": lambda at: at.replace(second=0, microsecond=0) + timedelta(minutes=1),
    "ten-minutes": lambda at: at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0) + timedelta(minutes=10),
    "hour": _hour,
    "day": _day,
    "week": _week,
    "month": _months(1),
    "quarter": _months(3),
    "year": _months(12),
}
"""Each step's first instant behind an instant, the shortest step first."""


def ends(
    begin: datetime, until: datetime, steps: Sequence[str] = tuple(_STEPS), most: int = MOST
) -> tuple[str, list[datetime]]:
    """The shortest step of which ``most`` reach from one instant to another, and the last instant of each.

    The last step ends where the series does; of the longest step only the latest are given where there are more.
    """
    for name in steps:
        found: list[datetime] = []
        at = begin
        while (end := _STEPS[name](at)) <= until and (len(found) <= most or name == steps[-1]):
            found.append(end - _US)
            at = end
        if len(found) <= most:
            break
    return name, [*found[-most:], until]


async def known(
    database: Database, tx: Tx, caller: Principal, metric: str, scope: str, until: datetime
) -> dict[str, Any] | None:
    """What was published by the end of each step since the first revision; None without any the caller may read.

    What the caller was not told at the time is a gap with its reason, never what had been told before it.
    """
    first = await store.first_known(tx.conn, [scope], micros(until))
    if first is None:
        return None
    step, instants = ends(instant(first), until)
    found = list((await _told(database, tx, caller, metric, [(scope, at) for at in instants])).values())
    return (
        {"metric": metric, "scope": scope, "unit": "µ", "by": "known", "step": step, "items": found} if found else None
    )


async def trends(
    database: Database, tx: Tx, caller: Principal, metric: str, scopes: Sequence[str], until: datetime
) -> dict[str, Any]:
    """``known`` of several scopes at the same instants, at most ``FEW`` and the last, to be drawn beside each other.

    ``at`` are the instants, which reach back to the first revision of any of the scopes.
    """
    asked = list(dict.fromkeys(scopes))
    first = await store.first_known(tx.conn, asked, micros(until))
    step, instants = ends(instant(first), until, most=FEW) if first is not None else ("minute", [])
    told = await _told(database, tx, caller, metric, [(scope, at) for scope in asked for at in instants])
    items: dict[str, list[dict[str, Any]]] = {}
    for (scope, _at), point in told.items():
        items.setdefault(scope, []).append(point)
    return {
        "metric": metric,
        "unit": "µ",
        "by": "known",
        "step": step,
        "at": [rfc3339(at) for at in instants],
        "items": [{"scope": scope, "items": points} for scope, points in items.items()],
    }


async def then(
    database: Database, tx: Tx, caller: Principal, metric: str, scopes: Sequence[str], at: datetime
) -> list[dict[str, Any]]:
    """The figures of several scopes as they had been published by one instant, as far as the caller was told them."""
    found = await _told(database, tx, caller, metric, [(scope, at) for scope in dict.fromkeys(scopes)])
    return [{"metric": metric, "scope": scope} | item for (scope, _at), item in found.items()]


async def _told(
    database: Database, tx: Tx, caller: Principal, metric: str, wanted: Sequence[tuple[str, datetime]]
) -> dict[tuple[str, datetime], dict[str, Any]]:
    """What had been published of each scope by each instant, a gap where the caller was told why not; those there are.

    What was told last by an instant decides, whatever had been told before it.
    """
    totals = [(scope, micros(at)) for scope, at in wanted if own_scope(scope) is None]
    kept = await kept_from(database, caller, metric, totals)
    asked = [(scope, micros(at)) for scope, at in wanted]
    said = await store.revisions_at(tx.conn, metric, [key for key in asked if key not in kept])
    found = {}
    for (scope, at), key in zip(wanted, asked, strict=True):
        why = kept.get(key)
        if key in said:
            found[scope, at] = _point(at, said[key])
        elif why is not None:
            found[scope, at] = _gap(at, why)
    return found


def _point(at: datetime, r: Revision) -> dict[str, Any]:
    return {
        "at": rfc3339(at),
        "value": r.value,
        "state": r.state,
        "lower": r.lower,
        "upper": r.upper,
        "coverage": {"observed": r.observed, "expected": r.expected},
        "valid_as_of": date.fromordinal(max(r.valid, 1)).isoformat(),
        "method_version": r.method,
        "withheld": None,
    }


def _gap(at: datetime, why: str) -> dict[str, Any]:
    numbers = {"value": None, "lower": None, "upper": None, "coverage": {"observed": 0, "expected": 0}}
    said = {"valid_as_of": at.date().isoformat(), "method_version": None, "withheld": why}
    return {"at": rfc3339(at), "state": "INSUFFICIENT_DATA"} | numbers | said


async def valid(
    database: Database, tx: Tx, caller: Principal, metric: str, scope: str, begin: date, until: datetime
) -> dict[str, Any] | None:
    """What is known by an instant of what was valid by the end of each step: the log, replayed for each.

    Raises asof.TooMuch where that is more than one answer replays, asof.Busy and Withheld.
    """
    step, instants = ends(datetime(begin.year, begin.month, begin.day, tzinfo=UTC), until, ("quarter", "year"))
    own = own_scope(scope)
    projects = [own.project] if own is not None else await store.projects_ever_in(tx.conn, scope)
    allowed = asof.MOST_FACTS // len(instants)
    if await store.facts_number(tx.conn, projects, allowed + 1) > allowed:
        raise asof.TooMuch
    items = []
    for at in instants:
        day = asof.AsOf(micros(until), at.date().toordinal())
        if public_only(caller, scope):
            day = replace(day, public_for=caller)
        found = await asof.figure(database, tx, metric, scope, day)
        if found is not None and found["state"] != "NOT_APPLICABLE":
            told = ("value", "state", "lower", "upper", "coverage", "method_version")
            items.append(
                {"at": rfc3339(at), "valid_as_of": at.date().isoformat(), "withheld": None}
                | {name: found[name] for name in told}
            )
    return (
        {"metric": metric, "scope": scope, "unit": "µ", "by": "valid", "step": step, "items": items} if items else None
    )

"""Days and instants as callers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import Query

from runtime.db import Tx
from runtime.http import Problem
from scoring.codec import micros
from scoring.usecases.asof import AsOf
from scoring.usecases.method import in_force, made

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)

Known = Annotated[
    str | None,
    Query(max_length=40, description="as it was known: a day (its end, UTC) or an instant, e.g. 2026-03-31"),
]
Valid = Annotated[date | None, Query(description="only facts valid by this day, judged on it; replays the log")]
Method = Annotated[
    str | None, Query(max_length=40, description="a version of the method; the one in force then if left out")
]


async def as_of(tx: Tx, known: str | None, valid: date | None, method: str | None) -> AsOf | None:
    """What was asked for; None where it is the figure as it stands. Raises Problem for what cannot be answered."""
    now, wanted = tx.clock(), await made(tx, method) if method is not None else None
    if method is not None and wanted is None:
        raise Problem(
            404,
            "no-method",
            "There is no such version of the method",
            f"{method} names a release or a list that was never published: plumbline method show lists all.",
        )
    if known is None and valid is None and (wanted is None or wanted.version == (await in_force(tx)).version):
        return None
    at = instant_of("known_as_of", known, now) if known is not None else now
    return AsOf(micros(at), valid.toordinal() if valid is not None else None, wanted)


def instant_of(name: str, text: str, now: datetime, *, start: bool = False) -> datetime:
    """A day's last microsecond (``start``: the last before it), or an instant as it stands, UTC where none is named.

    Raises Problem 422 for what is neither, or is still to come: an answer about the future would change.
    """
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            if day > now:
                raise _future(name, text)
            return day - _MICROSECOND if start else min(day + _DAY - _MICROSECOND, now)
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(
            422,
            "not-a-day",
            "That is neither a day nor an instant",
            f"{name} is {text[:40]!r}; write a day as 2026-03-31, or an instant as 2026-03-31T12:00:00Z.",
        ) from None
    if found > now:
        raise _future(name, text)
    return found


def _future(name: str, text: str) -> Problem:
    return Problem(
        422,
        "in-the-future",
        "That is still to come",
        f"{name} is {text}: nobody knows yet what will be known then. Take a day that has begun.",
    )

"""The portfolio's own calendar: months, reporting periods, and the days its editions appear on.

Nothing here or elsewhere in the generator asks the clock: a portfolio is the same whenever it is made.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

REFERENCE: Final = date(2026, 9, 30)
"""The demonstration's today: no fact of any edition is later."""

MAX_EDITIONS: Final = 9
_WEEK: Final = timedelta(days=7)
_FIRST_EDITION: Final = datetime(2026, 8, 5, 6, 0, tzinfo=UTC)

FIRST_MONTH: Final = 2021 * 12
LAST_START: Final = 2026 * 12 + 9
LAST_MONTH: Final = 2027 * 12 + 11
"""Projects begin between January 2021 and October 2026 and end by December 2027; a month is year × 12 + month − 1."""


class Slot(NamedTuple):
    """A reporting period and the share of the project's time that is over when it ends."""

    start: date
    end: date
    elapsed: float


def edition_instant(edition: int) -> datetime:
    """When an edition is published, weekly; the ninth on the reference date."""
    return _FIRST_EDITION + (edition - 1) * _WEEK


@cache
def first_day(month: int) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


@cache
def last_day(month: int) -> date:
    """The last day of a month."""
    return first_day(month + 1) - timedelta(days=1)


@cache
def slots(first: int, last: int, months: int) -> tuple[Slot, ...]:
    """The calendar periods of 3, 6 or 12 months from month ``first`` to ``last``, clipped to them.

    Months 0 gives one period for the whole time.
    """
    start, total = first_day(first), (first_day(last + 1) - first_day(first)).days
    found: list[Slot] = []
    month = first
    while month <= last:
        final = last if months == 0 else min(last, month - month % months + months - 1)
        elapsed = (first_day(final + 1) - start).days / total
        found.append(Slot(first_day(month), last_day(final), elapsed))
        month = final + 1
    return tuple(found)

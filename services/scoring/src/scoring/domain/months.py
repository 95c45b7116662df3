"""The months in which facts about a project came, the newest its figures speak of, and what they have come to (M15).

The months are a function of the set of facts, whatever won: one stays reported when its values are corrected later.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from scoring.domain import facts
from scoring.domain.facts import Fact
from scoring.domain.grading import LETTERS
from scoring.domain.state import ProjectState

YEAR: Final = 12
_TWELVE: Final = (1 << YEAR) - 1
DESIGNED, EXPECTED, KNOWN, TRUSTED, OUTCOMES = (1 << n for n in range(5))
"""What there is any of: the bits of ``reached_by``."""


@lru_cache(maxsize=4_096)
def month_of(day: int) -> int:
    """The month of a day, counted from the year 0."""
    found = date.fromordinal(max(day, 1))
    return found.year * YEAR + found.month - 1


def first_of(month: int) -> int:
    """The first day of a month."""
    return date(month // YEAR, month % YEAR + 1, 1).toordinal()


def note(state: ProjectState, day: int, fact: Fact) -> bool:
    """Note that a fact came on this day; whether that is new of its month, or of what the figures speak of."""
    month = month_of(day)
    return _came(state, month) | _covered(state, month, fact)


def back(state: ProjectState, now: int) -> list[int]:
    """The months of the last twelve in which facts came; the running one is 1."""
    found = (now - (state.month - bit) + 1 for bit in range(YEAR) if state.months >> bit & 1)
    return [n for n in found if 1 <= n <= YEAR]


def reached_by(state: ProjectState) -> int:
    """Whether there are indicators, values expected, values, trusted ones, and values of outcomes: a bit each."""
    return (
        (state.designed > 0)
        | (state.expected > 0) << 1
        | (state.known > 0) << 2
        | any(state.grades_number[: len(LETTERS) - 1]) << 3
        | any(a is not None for _, a, _ in state.impacts.values()) << 4
    )


def _came(state: ProjectState, month: int) -> bool:
    later = month - state.month
    if later > 0:
        state.months = (state.months << later | 1) & _TWELVE if later < YEAR else 1
        state.month = month
        return True
    bit = 1 << -later if later > -YEAR else 0
    known = state.months | bit
    new, state.months = known != state.months, known
    return new


def _covered(state: ProjectState, month: int, fact: Fact) -> bool:
    match fact:
        case facts.Observation():
            end = fact.period.end
        case facts.Transaction():
            end = fact.value_date
        case _:
            return False
    # A period that still runs is known up to the month in which somebody spoke of it.
    covers = min(end.year * YEAR + end.month - 1, month)
    new = covers > state.covers
    state.covers = max(state.covers, covers)
    return new

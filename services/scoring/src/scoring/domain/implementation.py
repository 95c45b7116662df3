"""How far a country implements a resolution (methodology M14): pure, from levels by provision and day.

Each assessor stands alone: CTED's judgement and the State's are shown beside each other and never averaged. Where
CTED has judged a resolution in a country it speaks for all of it, else the State does (ADR 0073).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

from scoring.domain.numbers import half_even
from scoring.domain.origin import Version
from scoring.domain.parameters import MICRO

ASSESSORS: Final = ("CTED", "STATE")
"""Whose word is the headline, first to last."""

KINDS: Final = ("LEGAL", "OPERATIONAL")
FULL: Final = 4
_LAGGING_PER_YEAR: Final = 50_000  # µ a year below which a slow country needs support [POLICY]
_STALE_YEARS: Final = 4


class Provision(NamedTuple):
    """A provision as defined; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    kind: str
    weight: int
    theme: str


class Level(NamedTuple):
    """One assessment; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    level: str
    classification: str
    consented: bool
    demonstration: bool


class Rated(NamedTuple):
    """A provision that applies, with its level, None where it is not assessed, and the day of that."""

    provision: str
    kind: str
    weight: int
    theme: str
    level: int | None
    day: int = 0
    found: Level | None = None


class Score(NamedTuple):
    """Weights applicable and assessed, and weights times levels."""

    applicable: int
    assessed: int
    summed: int

    @property
    def value(self) -> int | None:
        """S in µ."""
        return half_even(self.summed * MICRO, FULL * self.assessed) if self.assessed else None

    @property
    def bounds(self) -> tuple[int, int] | None:
        """S if what is not assessed were not started, or full."""
        if not self.applicable:
            return None
        whole = FULL * self.applicable
        missing = FULL * (self.applicable - self.assessed)
        return half_even(self.summed * MICRO, whole), half_even((self.summed + missing) * MICRO, whole)


def score(rated: Iterable[Rated]) -> Score:
    """S of some provisions."""
    applicable = assessed = summed = 0
    for r in rated:
        applicable += r.weight
        if r.level is not None:
            assessed += r.weight
            summed += r.weight * r.level
    return Score(applicable, assessed, summed)


def rated(
    provisions: Mapping[str, Provision], levels: Mapping[str, Mapping[int, Level]], until: int | None = None
) -> list[Rated]:
    """The provisions that apply, each with its newest level, of one assessor, said of a day up to ``until``.

    ``levels`` by provision and day, only those that may count; one not there is not assessed.
    """
    found = []
    for name, p in sorted(provisions.items()):
        if not p.alive:
            continue
        days = [day for day, level in levels.get(name, {}).items() if level.alive and (until is None or day <= until)]
        last = levels[name][max(days)] if days else None
        if last is not None and last.level == "NA":
            continue
        level = int(last.level) if last is not None and last.level != "NAS" else None
        found.append(Rated(name, p.kind, p.weight, p.theme, level, max(days, default=0), last))
    return found


def pace(provisions: Mapping[str, Provision], levels: Mapping[str, Mapping[int, Level]]) -> int | None:
    """Δ in µ a year against the same assessor's latest assessment at least a year older; None where there is none."""
    days = {day for of in levels.values() for day, level in of.items() if level.alive and level.level.isdigit()}
    if not days:
        return None
    newest = max(days)
    before = max((day for day in days if anniversary(day, 1) <= newest), default=None)
    if before is None:
        return None
    now, then = score(rated(provisions, levels)).value, score(rated(provisions, levels, before)).value
    if now is None or then is None:
        return None
    numerator, denominator = years(before, newest)
    return half_even((now - then) * denominator, numerator)


def lagging(found: Score, delta: int | None) -> bool:
    """Below one half, and known not to gain a twentieth a year (¶69)."""
    return delta is not None and 2 * found.summed < FULL * found.assessed and delta < _LAGGING_PER_YEAR


def stale_on(day: int) -> int:
    """The day on which an assessment of ``day`` is more than four years old."""
    return anniversary(day, _STALE_YEARS) + 1


def anniversary(day: int, after: int) -> int:
    """The same day so many years later; 29 February has its anniversaries on the 28th."""
    found = date.fromordinal(day)
    try:
        return found.replace(year=found.year + after).toordinal()
    except ValueError:
        return found.replace(year=found.year + after, day=28).toordinal()


def years(start: int, end: int) -> tuple[int, int]:
    """The time between two days in years, as a ratio: whole years, and the days left of the year they lie in."""
    whole = date.fromordinal(end).year - date.fromordinal(start).year
    if anniversary(start, whole) > end:
        whole -= 1
    last, following = anniversary(start, whole), anniversary(start, whole + 1)
    return whole * (following - last) + end - last, following - last

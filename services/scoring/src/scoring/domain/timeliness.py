"""Timeliness and completeness of reporting (methodology M15): pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scoring.domain.months import YEAR
from scoring.domain.numbers import Ratio, add, half_even, micro, mul
from scoring.domain.parameters import MICRO

GROUPS: Final[Mapping[str, int]] = {"core": 2, "financials": 1, "value_added": 1}
"""Groups of elements with their weights in C [STD, IATI Publishing Statistics]."""


def credit(due: int, grace: int, received: int | None) -> int:
    """What a report is worth, in µ: all of it on its day, less each day of grace, nothing unreported."""
    if received is None:
        return 0
    return half_even(max(0, min(grace, grace - (received - due))) * MICRO, grace)


def completeness(filled: Mapping[str, tuple[int, int]]) -> int | None:
    """C in µ from (filled, required) by group; a group of which nothing is required has no say."""
    total: Ratio = (0, 1)
    weights = 0
    for group, weight in GROUPS.items():
        of, required = filled.get(group, (0, 0))
        if required:
            total = add(total, mul((weight, 1), (of, required)))
            weights += weight
    return micro((total[0], total[1] * weights)) if weights else None


def frequency(back: Iterable[int]) -> int:
    """The class of a publisher by the months of the last twelve in which it published, 1 being the latest: 0 to 4.

    Monthly 4, quarterly 3, six-monthly 2, annual 1 [STD, IATI Publishing Statistics].
    """
    months = {month for month in back if 1 <= month <= YEAR}
    if len(months) >= 7 and months & {1, 2}:
        return 4
    if len(months) >= 3 and months & {1, 2, 3, 4}:
        return 3
    if any(m <= 6 for m in months) and any(m > 6 for m in months):
        return 2
    return 1 if months else 0


def lag(months: int | None) -> int:
    """How recent the newest figures are, 0 to 4: a month old, a quarter, half a year, a year, older or none."""
    if months is None:
        return 0
    return next((score for limit, score in ((1, 4), (3, 3), (6, 2), (YEAR, 1)) if months <= limit), 0)


def freshness(back: Iterable[int], age: int | None) -> int:
    """(frequency + time lag) ÷ 8 in µ, from the months of publication and the age in months of the newest figures."""
    return half_even((frequency(back) + lag(age)) * MICRO, 8)

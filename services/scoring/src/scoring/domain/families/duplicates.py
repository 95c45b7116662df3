"""M12, duplication likelihood and synergy candidates (methodology M12): counts of cases that wait for a decision.

Cases are pairs of projects (``scoring.domain.duplicates``); a project by itself only counts as one that was compared.
Counts have no interval. Nothing is merged: what was decided to be a duplicate stays, counts, and is shown as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.domain.assessment import Terms
from scoring.domain.duplicates.cases import DECIDED, OPEN_DUPLICATES, OPEN_OVERLAPS
from scoring.domain.families.family import Family
from scoring.domain.figures import Figure, as_parts, coverage
from scoring.domain.numbers import half_even
from scoring.domain.parameters import MICRO, Parameters

METRIC: Final = "M12"


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Open cases that may be one project reported twice, and the projects whose pairs everybody may read."""
    return sum(sums.get(name, 0) for name in OPEN_DUPLICATES), sums.get("#projects", 0) - sums.get("#restricted", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """Open pairs that may be duplicates, to a project; how many of each class, and overlaps of different work."""
    pairs, projects = headline(sums, under)
    if projects <= 0:
        return None
    found = Figure(METRIC, scope, half_even(pairs * MICRO, projects), "PUBLISHED")
    found.observed, found.expected = coverage(projects, sums.get("#projects", 0))
    found.parts = as_parts(
        {
            "pairs": pairs,
            "projects": projects,
            "open": {name: sums.get(name, 0) for name in OPEN_DUPLICATES},
            "overlaps": {name: sums.get(name, 0) for name in OPEN_OVERLAPS},
            "decided": {name: n for name in DECIDED if (n := sums.get(name, 0))},
        }
    )
    return found


FAMILY: Final = Family(
    metric=METRIC,
    facts=frozenset(),
    terms=lambda _state, _day, _under: Terms({}, {}, {}, {}),
    headline=headline,
    figure=figure,
    own=lambda _state, _day, _under: None,
    lines=lambda _state: (),
    on_money=True,
)

"""M13, needs coverage and gap (methodology M13): how much of what countries need is met.

Needs are subjects of their own (``scoring.domain.subjects.needs``); projects add nothing here. What nobody stated is
not known to be no need, so the figure says how many countries stated any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.domain.families.family import Family
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.numbers import half_even
from scoring.domain.parameters import MICRO, Parameters


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Σ sπ·cov in µ, of Σ sπ."""
    return sums.get("cov", 0), sums.get("w", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """Coverage; gap, oversupply, what nobody addresses and what is planned beside it. No need is missing: no bounds."""
    covered, weight = headline(sums, under)
    if weight <= 0:
        return None
    found = mean_figure("M13", scope, (covered, weight), None, (weight, weight), under)
    found.parts = as_parts(
        {
            "needs": sums.get("needs", 0),
            "countries": sum(1 for name in sums if name.startswith("in|")) or None,
            "gap": half_even(weight * MICRO - covered, weight),
            "oversupply": half_even(sums.get("over", 0), weight),
            "planned": half_even(sums.get("planned", 0), weight),
            "unaddressed": sums.get("unaddressed", 0),
        }
    )
    return found


FAMILY: Final = Family(
    metric="M13",
    facts=frozenset(),
    terms=lambda _state, _day, _under: None,
    unknown=None,
    headline=headline,
    figure=figure,
    own=lambda _state, _day, _under: None,
    lines=lambda _state: (),
    scopes=("global", "country:", "region:", "pillar:", "pillar-country:", "theme:"),
)

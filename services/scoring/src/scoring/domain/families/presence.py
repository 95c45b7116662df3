"""Who is in each cell of the core metrics (M2, M4, M7): counted as every family's projects are, and never published.

The vectors of ``cells`` count projects; that a total rests on a single entity only sums by name can say (ADR 0079).
"""

from __future__ import annotations

from typing import Final

from scoring.domain.assessment import Terms
from scoring.domain.families.family import Family
from scoring.domain.parameters import Parameters
from scoring.domain.state import ProjectState

METRIC: Final = "presence"
_NOWHERE: Final = ("-",)
"""No scope begins so."""


def terms(_state: ProjectState, _day: int, _under: Parameters) -> Terms:
    """Nothing of its own: the frame adds who it is."""
    return Terms({}, {}, {}, {})


FAMILY: Final = Family(
    metric=METRIC,
    facts=frozenset(),
    terms=terms,
    headline=lambda _sums, _under: (0, 0),
    figure=lambda _scope, _sums, _under: None,
    own=lambda _state, _day, _under: None,
    lines=lambda _state: (),
    scopes=_NOWHERE,
)

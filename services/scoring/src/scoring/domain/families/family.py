"""What a family of figures is: the functions a metric consists of, and what its cells hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from scoring.domain.assessment import Terms
from scoring.domain.cells import INTERNAL
from scoring.domain.figures import Figure
from scoring.domain.judgements import Judgement
from scoring.domain.parameters import Parameters
from scoring.domain.state import ProjectState

NOTHING_KNOWN: Final = Terms({}, {}, {}, {})
"""Of a project that adds nothing but itself."""

Sums = dict[str, int]
"""A family's cell: whole numbers by name, noughts left out."""


class Line(NamedTuple):
    """A fact that a project's figure rests on: what it is, what it says, and the event it came with."""

    label: str
    says: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """One metric. All functions are pure; ``day`` is the day the project is judged on, the last argument
    the parameters of the method it is judged by.

    ``facts``: judgements that concern it. Facts about the project itself and its status concern every family;
    ``on_money``, ``on_indicators`` and ``on_presence`` say whether budgets and transactions, indicators' scores, and
    whether there are any scores, or facts of a month, do too.
    ``terms``: what a project adds to its scopes, None where it has no part in the metric.
    ``unknown``: what a project adds of which not everybody may read anything, the same for each of them: that it is
    there, and not known (ADR 0091); None where projects have no part in the metric.
    ``headline``: numerator and denominator of a cell's value, each a sum of its sums, so that the projects' add up.
    ``within``: what of a project's sums the headline of a total counts, where that depends on the total.
    ``figure``: a cell's figure; None where there is nothing to say of it.
    ``own``: the figure of the project itself, None where it has none.
    ``lines``: the facts the project's own figure rests on.
    ``transition``: the first day after ``day`` on which time alone changes the terms or the own figure.
    ``scopes``: the beginnings of the scopes it is published for; every word of the grammar where there are none.
    """

    metric: str
    facts: frozenset[type[Judgement]]
    terms: Callable[[ProjectState, int, Parameters], Terms | None]
    headline: Callable[[Mapping[str, int], Parameters], tuple[int, int]]
    figure: Callable[[str, Mapping[str, int], Parameters], Figure | None]
    own: Callable[[ProjectState, int, Parameters], Figure | None]
    lines: Callable[[ProjectState], Iterable[Line]]
    transition: Callable[[ProjectState, int], int | None] = lambda _state, _day: None
    within: Callable[[Mapping[str, int], Mapping[str, int]], Mapping[str, int]] = lambda sums, _total: sums
    unknown: Terms | None = NOTHING_KNOWN
    on_money: bool = False
    on_indicators: bool = False
    on_presence: bool = False
    scopes: tuple[str, ...] = ()

    def published_for(self, scope: str) -> bool:
        """Whether this scope has a figure of this metric."""
        return not scope.startswith(INTERNAL) and (not self.scopes or scope.startswith(self.scopes))


def nonzero(values: Mapping[str, int]) -> dict[str, int]:
    """Without the noughts."""
    return {name: value for name, value in values.items() if value}

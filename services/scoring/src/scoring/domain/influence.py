"""What moves a figure most: the exact effect of each part, and what the missing could do (methodology §0.4, §0.5).

The effect of a part is the figure with it less the figure without it, both as they would be published: integers of µ,
found by taking the part out of the cell's sums, never by an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from heapq import nsmallest
from typing import Final, NamedTuple

from scoring.domain.assessing import added, family_figure
from scoring.domain.cells import SIZE, At, Vector, spread
from scoring.domain.effectiveness import outcome, result_part
from scoring.domain.explanation import Node, node_of
from scoring.domain.families import FAMILIES
from scoring.domain.families.family import Sums
from scoring.domain.figures import Figure, aggregate
from scoring.domain.parameters import COVERAGE_UNIT, MICRO, Parameters
from scoring.domain.project import UNEXPECTED
from scoring.domain.state import Contribution, Leaf, ProjectState, Share

MOST: Final = 5
"""Parts named; the others move the figure less."""

CANDIDATES: Final = 4 * MOST
"""Parts whose effect is worked out, the heaviest by ``leverage``."""


def leverage(numerator: int, denominator: int, whole: tuple[int, int]) -> Fraction:
    """How far a ratio of sums moves when a part leaves it, but for the common factor 1/D: |n·D − d·N| ÷ (D − d)."""
    top, bottom = whole
    return Fraction(abs(numerator * bottom - denominator * top), max(bottom - denominator, 1))


class Part(NamedTuple):
    """What a project or a subject brings into a total: a vector of a cell, or sums of a family's."""

    kind: str
    id: str
    brings: Vector | Sums


def heaviest(parts: Iterable[tuple[tuple[int, int], Part]], whole: tuple[int, int]) -> list[Part]:
    """The candidates among parts, each with the numerator and denominator it brings."""
    weighed = [(-leverage(*ratio, whole), part.kind, part.id, part) for ratio, part in parts]
    return [part for *_, part in nsmallest(CANDIDATES, weighed, key=lambda w: w[:3])]


def part_of(state: ProjectState, scope: str) -> Vector:
    """What a project brings into a cell; noughts where it brings nothing."""
    found, share = state.contribution, shares_of(state).get(scope)
    cells: dict[str, Vector] = {}
    if found is not None and share is not None:
        spread(cells, found._replace(shares={scope: share}))
    return cells.get(scope) or [0] * SIZE


def shares_of(state: ProjectState) -> Mapping[str, Share]:
    return state.contribution.shares if state.contribution is not None else {}


def without(metric: str, scope: str, whole: Vector | Sums, brings: Vector | Sums, under: Parameters) -> Figure | None:
    """The figure of a total that a part has left; None where nothing would be left."""
    if isinstance(whole, dict) and isinstance(brings, dict):
        rest = added(whole, {name: -n for name, n in brings.items()})
        return family_figure(FAMILIES[metric], scope, rest, under)
    assert isinstance(whole, list)
    assert isinstance(brings, list)
    return aggregate(metric, scope, [n - m for n, m in zip(whole, brings, strict=True)], under)


def effects(
    metric: str, scope: str, value: int | None, whole: Vector | Sums, parts: Iterable[Part], under: Parameters
) -> list[Node]:
    """The parts without which the figure would differ most, each with ``without`` and ``effect`` in µ.

    A part without which the figure would be withheld, or would not be, has no ``effect`` and comes first.
    """
    if value is None:
        return []
    figures = ((part, without(metric, scope, whole, part.brings, under)) for part in parts)
    return _greatest(value, ((p.kind, p.id, figure.value if figure is not None else None) for p, figure in figures))


def _greatest(value: int, others: Iterable[tuple[str, str, int | None]]) -> list[Node]:
    """The parts, by kind and name with the value without each, that move ``value`` most; the unknown ones first."""
    found = []
    for kind, name, other in others:
        effect = value - other if other is not None else None
        if effect != 0:
            found.append((abs(effect) if effect is not None else MICRO**2, kind, name, other, effect))
    found.sort(key=lambda f: (-f[0], f[2]))
    return [node_of(kind=kind, id=name, without=other, effect=effect) for _, kind, name, other, effect in found[:MOST]]


# M4: what is missing ---------------------------------------------------------------------------------------


def missing(scope: str, whole: Vector, states: Iterable[ProjectState], under: Parameters) -> list[Node]:
    """The projects whose missing values could move M4 of a total most: ``if_none`` and ``if_full`` in µ, and states.

    ``if_none`` is the figure were everything missing of this project reported as nothing reached, ``if_full`` were it
    all reached.
    """
    found = []
    for state in states:
        contribution, share = state.contribution, shares_of(state).get(scope)
        if contribution is None or share is None or not contribution.weighted[0] or contribution.counts[At.RESTRICTED]:
            continue  # what a restricted project reports stays unknown to a total
        bounds = [contribution.weighted[at - At.A_ALL] for at in (At.A_LOWER, At.A_UPPER)]
        if bounds[0] == bounds[1]:
            continue
        rest = [n - m for n, m in zip(whole, part_of(state, scope), strict=True)]
        figures = [_with(rest, contribution, share, scope, level, under) for level in bounds]
        found.append(_possible("project", state.project_id, figures))
    return _widest(found)


def _with(
    rest: Vector, contribution: Contribution, share: Share, scope: str, level: int, under: Parameters
) -> Figure | None:
    """M4 of a total were this project wholly reported, at this level."""
    weighted, counts = list(contribution.weighted), list(contribution.counts)
    for at, n in ((At.A_KNOWN, 1), (At.A_E, level), (At.A_LOWER, level), (At.A_UPPER, level)):
        weighted[at - At.A_ALL] = n
    weighted[At.A_COVERED - At.A_ALL] = COVERAGE_UNIT
    counts[At.KNOWN] = 1
    cells = {scope: list(rest)}
    reported = contribution._replace(weighted=tuple(weighted), counts=tuple(counts), shares={scope: share})
    spread(cells, reported)
    return aggregate("M4", scope, cells[scope], under)


def _possible(kind: str, name: str, figures: Sequence[Figure | None]) -> Node:
    values = [figure.value if figure is not None else None for figure in figures]
    state = next((figure.state for figure in figures if figure is not None), None)
    return node_of(kind=kind, id=name, if_none=values[0], if_full=values[1], state=state)


def _widest(found: list[Node]) -> list[Node]:
    said = [node for node in found if "if_none" in node and "if_full" in node]
    return sorted(said, key=lambda node: (node["if_none"] - node["if_full"], node["id"]))[:MOST]


# M4 of one project: its indicators -------------------------------------------------------------------------


def own_effects(state: ProjectState, under: Parameters) -> list[Node]:
    """The indicators without which the project's effectiveness would differ most."""
    whole = state.outcome.whole
    if whole is None or whole.mean is None:
        return []
    known = [(name, leaf) for name, leaf in _scored(state) if leaf.a is not None]
    return _greatest(whole.mean, (("indicator", name, _supposed(state, leaf, None, under)) for name, leaf in known))


def own_missing(state: ProjectState, under: Parameters) -> list[Node]:
    """The indicators without a score that could move the project's effectiveness most."""
    found = []
    for name, leaf in _scored(state):
        if leaf.a is None:
            none, full = _supposed(state, leaf, 0, under), _supposed(state, leaf, under.cap, under)
            found.append(node_of(kind="indicator", id=name, if_none=none, if_full=full))
    return _widest(found)


def _scored(state: ProjectState) -> list[tuple[str, Leaf]]:
    """The indicators of which a score is expected."""
    return [
        (name, i.leaf)
        for name, i in sorted(state.indicators.items())
        if i.leaf is not None and f"{i.leaf.level}|{i.leaf.result}" in state.results and i.leaf.state not in UNEXPECTED
    ]


def _supposed(state: ProjectState, leaf: Leaf, a: int | None, under: Parameters) -> int | None:
    """E, had this indicator scored ``a``; None leaves it unknown."""
    parts = []
    for result in state.results.values():
        if result.part is None:
            continue
        part = result.part
        if (result.level, result.result) == (leaf.level, leaf.result):
            observed = result.observed + leaf.weight * ((a is not None) - (leaf.a is not None))
            summed = result.summed + leaf.weight * ((a or 0) - (leaf.a or 0))
            part = result_part(result.expected, observed, summed)
        parts.append((result.level, part))
    whole = outcome(parts, under).whole
    return whole.mean if whole is not None else None

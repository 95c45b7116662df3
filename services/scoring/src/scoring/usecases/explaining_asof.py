"""A figure as of two days explained: the project's own tree as it was, a total's largest contributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.db import Tx
from scoring.domain.assessing import added, scoped
from scoring.domain.assessment import Terms
from scoring.domain.cells import At
from scoring.domain.explanation import Node
from scoring.domain.families import FAMILIES
from scoring.domain.families.family import Sums
from scoring.domain.figures import Figure
from scoring.domain.influence import Part, heaviest, part_of
from scoring.domain.pace import GOOD, NOT_ASSESSED, STATUSES
from scoring.domain.parameters import Parameters
from scoring.domain.state import ProjectState, Share
from scoring.domain.totals import closing
from scoring.scopes import own_scope
from scoring.usecases import influencing
from scoring.usecases.asof import Replay, total_figure, without
from scoring.usecases.explaining import own_tree
from scoring.usecases.explaining_families import exact, own_family_tree
from scoring.usecases.publishing import payload
from scoring.usecases.reading import own_figure

_Ratio = Callable[[ProjectState, Share], tuple[int, int]]
"""Numerator and denominator of what a project brings into a scope."""

_Line = tuple[tuple[int, int], ProjectState, Share]


async def explain(tx: Tx, replay: Replay, metric: str, scope: str, limit: int) -> Node | None:
    """The tree of a figure as of then; None where there was no such figure, or none for this caller. Raises TooMuch."""
    own = own_scope(scope)
    if own is None:
        return await _total(tx, replay, metric, scope, limit)
    state = await replay.project(own.project)
    method = replay.method
    figure = own_figure(metric, state, own, method.parameters)[0] if state is not None else None
    if state is None or figure is None:
        return None
    said = figure, replay.published(figure), method
    if metric in FAMILIES:
        return without(await own_family_tree(tx, FAMILIES[metric], scope, state, said), replay.at)
    return without(await own_tree(tx, scope, own, state, said), replay.at)


async def _total(tx: Tx, replay: Replay, metric: str, scope: str, limit: int) -> Node | None:
    states = await replay.projects(metric, scope)
    under = replay.method.parameters
    figure = total_figure(metric, scope, states, under)
    if figure is None:
        return None
    part = _part(metric, states, scope, under)
    lines = []
    for state in states:
        share = state.contribution.shares.get(scope) if state.contribution is not None else None
        if share is not None:
            lines.append((part(state, share), state, share))
    lines.sort(key=lambda line: (-line[0][0], -line[0][1], line[1].project_id))
    whole = sum(line[0][0] for line in lines), sum(line[0][1] for line in lines)
    listed: list[Node] = [
        {
            "kind": "project",
            "id": state.project_id,
            "label": state.project_id,
            "entity": state.last_entity,
            "share": share.ppm,
            "numerator": numerator,
            "denominator": denominator,
            "calc": f"{numerator} of {denominator}",
        }
        for (numerator, denominator), state, share in lines[:limit]
    ]
    children = [*listed, *closing(listed, (len(lines), *whole), len(lines))]
    told = [c | {"numerator": exact(c["numerator"]), "denominator": exact(c["denominator"])} for c in children]
    known = replay.published(figure)
    root: Node = {"kind": "figure", "label": f"{metric} of {scope}"} | payload(figure, known, replay.method)
    sums = {"numerator": exact(whole[0]), "denominator": exact(whole[1]), "calc": f"{whole[0]} ÷ {whole[1]}"}
    return without(root | sums | {"children": told} | await _moves(tx, figure, lines, whole, under), replay.at)


async def _moves(tx: Tx, figure: Figure, lines: Sequence[_Line], whole: tuple[int, int], under: Parameters) -> Node:
    """What moved the total most, as it was."""
    metric, scope = figure.metric, figure.scope
    if metric in FAMILIES:
        found = [(ratio, Part("project", s.project_id, _sums(metric, s, share))) for ratio, s, share in lines]
        total: Sums = {}
        for _, part in found:
            assert isinstance(part.brings, dict)
            total = added(total, part.brings)
        states = [state for _, state, _ in lines]
        return await influencing.of_states_family(tx, figure, total, heaviest(found, whole), states, under)
    known = {state.project_id: state for _, state, _ in lines}
    brings = [(ratio, Part("project", s.project_id, part_of(s, scope))) for ratio, s, _ in lines]
    vector = [sum(column) for column in zip(*(part.brings for _, part in brings), strict=True)]
    chosen = [known[part.id] for part in heaviest(brings, whole)]
    return await influencing.of_states(tx, figure, vector, chosen, known.values() if metric == "M4" else [], under)


def _sums(metric: str, state: ProjectState, share: Share) -> Sums:
    """What a project brings into a scope of a family."""
    text = state.assessed.open().terms.get(metric)
    return added({}, dict(scoped(Terms.read(text), share))) if text is not None else {}


def _part(metric: str, states: list[ProjectState], scope: str, under: Parameters) -> _Ratio:
    if metric in FAMILIES:
        family = FAMILIES[metric]

        total: Sums = {}
        for state in states:
            share = state.contribution.shares.get(scope) if state.contribution is not None else None
            if share is not None:
                total = added(total, _sums(metric, state, share))
        return lambda state, share: family.headline(family.within(_sums(metric, state, share), total), under)
    if metric == "M4":
        return _effectiveness
    if metric == "M2":
        return _pace
    shares = [s.contribution.shares.get(scope) for s in states if s.contribution is not None]
    budgets = [share.budget for share in shares if share is not None and share.budget]
    totals = [sum(budget[i] for budget in budgets) for i in range(4)]
    least = totals.index(min(totals))
    return lambda _state, share: (share.budget[least], sum(share.budget[:4])) if share.budget else (0, 0)


def _effectiveness(state: ProjectState, share: Share) -> tuple[int, int]:
    if state.contribution is None:
        return 0, 0
    known, e = (state.contribution.weighted[at - At.A_ALL] for at in (At.A_KNOWN, At.A_E))
    return share.ppm * e, share.ppm * known


def _pace(state: ProjectState, share: Share) -> tuple[int, int]:
    weight = dict(zip(STATUSES, state.contribution.weight, strict=True)) if state.contribution is not None else {}
    good = sum(n for status, n in weight.items() if status in GOOD)
    assessed = sum(n for status, n in weight.items() if status not in NOT_ASSESSED)
    return share.ppm * good, share.ppm * assessed

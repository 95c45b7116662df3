"""From a figure down to the places its facts came from, as far as the caller may read."""

from __future__ import annotations

from typing import Final

from runtime.db import Tx
from scoring import store
from scoring.domain.cells import At, Vector
from scoring.domain.explanation import (
    Node,
    Sources,
    effectiveness_node,
    indicator_node,
    pace_node,
    project_head,
)
from scoring.domain.families import FAMILIES
from scoring.domain.figures import Figure, aggregate, metrics_of
from scoring.domain.method import Method
from scoring.domain.pace import GOOD, NOT_ASSESSED, STATUSES
from scoring.domain.project import is_restricted
from scoring.domain.saying import coded, say
from scoring.domain.scorecard import FLOOR, SCOPE
from scoring.domain.scorecard import METRIC as SCORECARD
from scoring.domain.state import ProjectState, Published, Share
from scoring.domain.totals import closing, money_node
from scoring.scopes import Own, own_scope
from scoring.usecases import influencing
from scoring.usecases.explaining_families import explain_family
from scoring.usecases.method import in_force
from scoring.usecases.publishing import payload
from scoring.usecases.reading import own_figure, project, whole_scorecard
from scoring.usecases.sources import sources_of

_DETAILED: Final = 20  # projects of a total that are opened to the last line; the others say where to go on


async def explain(tx: Tx, metric: str, scope: str, limit: int) -> Node | None:
    """The tree of a figure; None where there is no such figure, or none for this caller."""
    own = own_scope(scope)
    if (metric, scope) == (SCORECARD, SCOPE):
        return await _scorecard(tx)
    if metric in FAMILIES:
        return await explain_family(tx, FAMILIES[metric], scope, own, limit)
    return await (_own(tx, metric, scope, own) if own is not None else _total(tx, metric, scope, limit))


async def _scorecard(tx: Tx) -> Node | None:
    """The four pillars; a geometric mean has no sum, so each says where to go on."""
    method = await in_force(tx)
    figure, known = await whole_scorecard(tx, method.parameters)
    if figure is None or known is None:
        return None
    children: list[Node] = [
        {
            "kind": "pillar",
            "id": name,
            "label": name,
            "value": value,
            "explain": f"/v1/explanations/M4?scope=pillar:{name}",
        }
        for name, value in figure.parts.get("pillars", {}).items()
    ]
    root: Node = {"kind": "figure", "label": f"{SCORECARD} of {SCOPE}"} | payload(figure, known, method)
    if figure.value is None:
        return root | {"calc": say("a pillar is withheld"), "children": children}
    product = " × ".join(str(max(child["value"], FLOOR)) for child in children)
    return root | {"calc": say("(%(product)s) to the power of ¼", product=product), "children": children}


async def _own(tx: Tx, metric: str, scope: str, own: Own) -> Node | None:
    state = await project(tx, own)
    if state is None:
        return None
    method = await in_force(tx)
    figure, known = own_figure(metric, state, own, method.parameters)
    if figure is None or known is None:
        return None
    return await own_tree(tx, scope, own, state, (figure, known, method))


async def own_tree(tx: Tx, scope: str, own: Own, state: ProjectState, said: tuple[Figure, Published, Method]) -> Node:
    """The tree of a project's or an indicator's figure, given its state."""
    figure, known, method = said
    metric = figure.metric
    sources = (await sources_of(tx, [state]))[state.project_id]
    root: Node = {"kind": "figure", "label": f"{metric} of {scope}"} | payload(figure, known, method)
    if own.indicator is not None:
        node = indicator_node(own.indicator, state.indicators[own.indicator], sources)
        if metric == "M2":
            node["calc"] = _pace_calc(node)
        return root | {"children": [node]}
    match metric:
        case "M4":
            node = effectiveness_node(state, sources, method.parameters)
        case "M2":
            node = pace_node(state, sources)
        case _:
            children = [indicator_node(n, i, sources) for n, i in state.indicators.items() if i.leaf]
            return root | {"children": [project_head(state, sources) | {"children": children}]}
    sums = {"numerator": node["numerator"], "denominator": node["denominator"]}
    moves = influencing.of_project(state, sources, method.parameters) if metric == "M4" else {}
    return root | sums | {"calc": node["calc"], "children": [node]} | moves


def _pace_calc(node: Node) -> str:
    pace = node.get("pace", {})
    if "ratio" not in pace:
        return coded(pace["status"]) if "status" in pace else say("nothing due")
    return say(
        "%(raw)s attained ÷ %(planned)s planned at %(elapsed)s of the time = %(ratio)s",
        raw=node["raw"],
        planned=pace["planned"],
        elapsed=pace["elapsed"],
        ratio=pace["ratio"],
    )


async def _total(tx: Tx, metric: str, scope: str, limit: int) -> Node | None:
    if metric not in metrics_of(scope):
        return None
    found, position = await _consistent(tx, metric, scope, limit)
    if found is None:
        return None
    method = await in_force(tx)
    figure = aggregate(metric, scope, found.cell.sums, method.parameters, found.cell.withheld)
    known = found.cell.published.get(metric)
    if figure is None or known is None:
        return None
    whole = _whole(metric, found.cell.sums, position)
    sources = await sources_of(tx, [line.state for line in found.lines[:_DETAILED]])
    listed = [
        _line_node(metric, line, sources.get(line.state.project_id), position if metric == "M7" else 0, method)
        for line in found.lines
    ]
    readable = (found.readable, found.numerator, found.denominator)
    children = [*listed, *closing(listed, readable, found.cell.sums[At.PROJECTS])]
    moves = await influencing.of_total(tx, figure, found.cell.sums, whole, position, method.parameters)
    return (
        {"kind": "figure", "label": f"{metric} of {scope}"}
        | payload(figure, known, method)
        | {"numerator": whole[0], "denominator": whole[1], "calc": f"{whole[0]} ÷ {whole[1]}", "children": children}
        | moves
    )


async def _consistent(tx: Tx, metric: str, scope: str, limit: int) -> tuple[store.Total | None, int]:
    """The total, read for the pillar that has the least money at that very moment."""
    position = 1
    while True:
        found = await store.total(tx.conn, metric, scope, limit, position)
        if found is None or metric != "M7":
            return found, position
        budget = found.cell.sums[At.BUDGET : At.BUDGET + 4]
        least = budget.index(min(budget)) + 1
        if least == position:
            return found, position
        position = least


def _whole(metric: str, sums: Vector, position: int) -> tuple[int, int]:
    if metric == "M4":
        return sums[At.A_E], sums[At.A_KNOWN]
    if metric == "M7":
        budget = sums[At.BUDGET : At.BUDGET + 4]
        return budget[position - 1], sum(budget)
    weights = dict(zip(STATUSES, sums[At.WEIGHT : At.WEIGHT + len(STATUSES)], strict=True))
    good = sum(n for status, n in weights.items() if status in GOOD)
    return good, sum(n for status, n in weights.items() if status not in NOT_ASSESSED)


def _line_node(metric: str, line: store.Line, sources: Sources | None, position: int, method: Method) -> Node:
    """One project in a total: its share times its own sum, and below it where that sum comes from."""
    state, share = line.state, line.share
    if sources is None:
        node: Node = {"kind": "project", "id": state.project_id, "label": state.project_id, "entity": state.last_entity}
        node["explain"] = f"/v1/explanations/{metric if metric != 'M7' else 'M4'}?scope=project:{state.project_id}"
    elif metric == "M4":
        node = effectiveness_node(state, sources, method.parameters)
    elif metric == "M2":
        node = pace_node(state, sources)
    else:
        node = money_node(state, share, sources)
    return node | {
        "share": share.ppm,
        "numerator": line.numerator,
        "denominator": line.denominator,
        "calc": _line_calc(metric, state, share, line, position),
    }


def _line_calc(metric: str, state: ProjectState, share: Share, line: store.Line, position: int) -> str:
    if state.about is not None and is_restricted(state.about):
        return say("counts as unknown")
    if metric == "M4":
        whole = state.outcome.whole
        if whole is None or whole.mean is None:
            return say("nothing reported") if whole is not None else say("nothing due")
        return f"{share.ppm} × {whole.mean} = {line.numerator}"
    if metric == "M7":
        return say(
            "%(pillar)s: %(part)s of %(whole)s cents",
            pillar=f"P{position}",
            part=line.numerator,
            whole=line.denominator,
        )
    return say("%(ppm)s × weights = %(part)s of %(whole)s", ppm=share.ppm, part=line.numerator, whole=line.denominator)

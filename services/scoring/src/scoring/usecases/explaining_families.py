"""A family's figure explained: the projects with their terms, and the facts each rests on; every sum adds up."""

from __future__ import annotations

from functools import partial
from typing import Final

from runtime.db import Tx
from scoring import store
from scoring.domain.assessing import PROJECTS, added, family_figure, scoped
from scoring.domain.consent import MEMBERS
from scoring.domain.explanation import Node, Sources, node_of, project_head
from scoring.domain.families.duplicates import METRIC as PAIRS
from scoring.domain.families.family import Family, Sums
from scoring.domain.figures import SAFE, Figure
from scoring.domain.influence import Part, heaviest
from scoring.domain.method import Method
from scoring.domain.state import ProjectState, Published
from scoring.domain.totals import closing
from scoring.scopes import Own
from scoring.usecases import influencing
from scoring.usecases.explaining_pairs import with_pairs
from scoring.usecases.explaining_subjects import with_subjects
from scoring.usecases.method import in_force
from scoring.usecases.publishing import payload
from scoring.usecases.reading import own_figure, project
from scoring.usecases.sources import sources_of

_DETAILED: Final = 20  # projects of a total that are opened to their facts; the others say where to go on


async def explain_family(tx: Tx, family: Family, scope: str, own: Own | None, limit: int) -> Node | None:
    """The tree of a figure; None where there is no such figure, or none for this caller."""
    return await (_own(tx, family, scope, own) if own is not None else _total(tx, family, scope, limit))


async def _own(tx: Tx, family: Family, scope: str, own: Own) -> Node | None:
    state = await project(tx, own)
    if state is None:
        return None
    method = await in_force(tx)
    figure, known = own_figure(family.metric, state, own, method.parameters)
    if figure is None or known is None:
        return None
    return await own_family_tree(tx, family, scope, state, (figure, known, method))


async def own_family_tree(
    tx: Tx, family: Family, scope: str, state: ProjectState, said: tuple[Figure, Published, Method]
) -> Node:
    """The tree of a project's own figure, given its state."""
    figure, known, method = said
    sources = (await sources_of(tx, [state], partial(_events, family)))[state.project_id]
    root: Node = {"kind": "figure", "label": f"{family.metric} of {scope}"} | payload(figure, known, method)
    return root | {"children": [_facts_node(family, state, sources)]}


def _events(family: Family, state: ProjectState) -> set[str]:
    about = {state.about.version.id} if state.about is not None else set()
    return about | {line.event for line in family.lines(state)}


def _facts_node(family: Family, state: ProjectState, sources: Sources) -> Node:
    return project_head(state, sources) | {
        "children": [
            node_of(kind="fact", label=line.label, calc=line.says, origin=sources.origin(line.event))
            for line in family.lines(state)
        ]
    }


async def _total(tx: Tx, family: Family, scope: str, limit: int) -> Node | None:
    if not family.published_for(scope):
        return None
    method = await in_force(tx)
    under = method.parameters
    if family.metric == PAIRS:
        subjects, (cell, parts) = await with_pairs(tx, family, scope, limit)
    else:
        subjects, (cell, parts) = await with_subjects(tx, family, scope, method)
    known = cell.published.get(family.metric) if cell is not None else None
    figure = family_figure(family, scope, cell.sums, under, cell.withheld) if cell is not None else None
    if cell is None or figure is None or known is None:
        return None
    lines = []
    for part in parts:
        sums = added({}, dict(scoped(part.terms, part.share)))
        lines.append((family.headline(family.within(sums, cell.sums), under), part, sums))
    lines.sort(key=lambda line: (-line[0][0], -line[0][1], line[1].project_id))
    # What a pair brings no project does by itself: pairs are listed, and projects only counted.
    shown = lines[:limit] if family.metric != PAIRS else []
    states = await store.project_states(tx.conn, [part.project_id for _, part, _ in shown[:_DETAILED]])
    sources = await sources_of(tx, states.values(), partial(_events, family))
    listed: list[Node] = []
    for (numerator, denominator), part, sums in shown:
        state = states.get(part.project_id)
        if state is not None:
            node = _facts_node(family, state, sources[part.project_id])
        else:
            node = {"kind": "project", "id": part.project_id, "label": part.project_id, "entity": part.entity}
            node["explain"] = f"/v1/explanations/{family.metric}?scope=project:{part.project_id}"
        ratio = {"numerator": numerator, "denominator": denominator, "calc": f"{numerator} of {denominator}"}
        listed.append(node | ratio | {"share": part.share.ppm, "terms": _terms(sums)})
    whole = family.headline(cell.sums, under)
    readable = (
        len(lines) + subjects.number,
        sum(line[0][0] for line in lines) + subjects.numerator,
        sum(line[0][1] for line in lines) + subjects.denominator,
    )
    listed = subjects.nodes[:limit] + listed
    members = cell.sums.get(PROJECTS, 0) + cell.sums.get(MEMBERS, 0)
    children = [*listed, *closing(listed, readable, members, subjects.nouns)]
    bringing = subjects.parts
    if family.metric != PAIRS:
        bringing = [(line[0], Part("project", line[1].project_id, line[2])) for line in lines] + subjects.parts
    labels = {node["id"]: node["label"] for node in subjects.nodes}
    moves = await influencing.of_family(tx, figure, cell.sums, heaviest(bringing, whole), labels, under)
    return (
        {"kind": "figure", "label": f"{family.metric} of {scope}"}
        | payload(figure, known, method)
        | {"numerator": exact(whole[0]), "denominator": exact(whole[1]), "calc": f"{whole[0]} ÷ {whole[1]}"}
        | {"terms": _terms(cell.sums), "children": [_told(child) for child in children]}
        | moves
    )


def _terms(sums: Sums) -> dict[str, int | str]:
    """What is in a cell, but for who: that the figure says."""
    return {name: exact(value) for name, value in sorted(sums.items()) if not name.startswith("#")}


def _told(node: Node) -> Node:
    return node | {name: exact(node[name]) for name in ("numerator", "denominator") if name in node}


def exact(value: int) -> int | str:
    """A whole number as JSON carries it without loss: as text where it outgrows what every reader counts in."""
    return value if abs(value) <= SAFE else str(value)

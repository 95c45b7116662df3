"""What would move a figure most, beside its explanation: as far as the caller may read the parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from runtime.db import Tx
from scoring import store
from scoring.domain.cells import Vector
from scoring.domain.explanation import Node, Sources
from scoring.domain.families.family import Sums
from scoring.domain.figures import Figure
from scoring.domain.influence import CANDIDATES, Part, effects, missing, own_effects, own_missing, part_of
from scoring.domain.parameters import Parameters
from scoring.domain.state import ProjectState
from scoring.usecases.sources import sources_of

_States = Collection[ProjectState]


async def of_total(
    tx: Tx, figure: Figure, sums: Vector, whole: tuple[int, int], position: int, under: Parameters
) -> Node:
    """The projects in a total that move it most, and for M4 those whose missing values could."""
    metric, scope = figure.metric, figure.scope
    states = await store.levers(tx.conn, metric, scope, whole, position, CANDIDATES) if whole[1] else []
    open_ones = await store.gaps(tx.conn, scope, CANDIDATES) if metric == "M4" else []
    return await of_states(tx, figure, sums, states, open_ones, under)


async def of_states(
    tx: Tx, figure: Figure, sums: Vector, states: _States, open_ones: _States, under: Parameters
) -> Node:
    """The same of projects at hand."""
    parts = (Part("project", state.project_id, part_of(state, figure.scope)) for state in states)
    moved = effects(figure.metric, figure.scope, figure.value, sums, parts, under)
    possible = missing(figure.scope, sums, open_ones, under)
    return await _named(tx, {"influence": moved, "missing": possible}, [*states, *open_ones])


async def of_family(
    tx: Tx, figure: Figure, sums: Sums, parts: Iterable[Part], labels: Mapping[str, str], under: Parameters
) -> Node:
    """The projects and subjects in a family's total that move it most; ``labels`` name the subjects."""
    moved = effects(figure.metric, figure.scope, figure.value, sums, parts, under)
    for node in moved:
        if node["id"] in labels:
            node["label"] = labels[node["id"]]
    projects = [node["id"] for node in moved if node["kind"] == "project"]
    return await _named(tx, {"influence": moved}, (await store.project_states(tx.conn, projects)).values())


async def of_states_family(
    tx: Tx, figure: Figure, sums: Sums, parts: Iterable[Part], states: _States, under: Parameters
) -> Node:
    """The same of projects at hand."""
    moved = effects(figure.metric, figure.scope, figure.value, sums, parts, under)
    return await _named(tx, {"influence": moved}, states)


def of_project(state: ProjectState, sources: Sources, under: Parameters) -> Node:
    """The indicators of a project that move its effectiveness most, and those that could."""
    found = {"influence": own_effects(state, under), "missing": own_missing(state, under)}
    for node in (*found["influence"], *found["missing"]):
        definition = state.indicators[node["id"]].definition
        event = definition.version.id if definition is not None else None
        node["label"] = sources.text(event, "title", node["id"])
    return {name: nodes for name, nodes in found.items() if nodes}


async def _named(tx: Tx, found: dict[str, list[Node]], states: _States) -> Node:
    """With the titles of the projects; lists of nothing are left out."""
    wanted = {node["id"] for nodes in found.values() for node in nodes if node["kind"] == "project"}
    known = {state.project_id: state for state in states if state.project_id in wanted}
    sources = await sources_of(tx, known.values(), _title)
    for nodes in found.values():
        for node in nodes:
            state = known.get(node["id"])
            if state is not None and state.about is not None:
                node["label"] = sources[node["id"]].text(state.about.version.id, "title", node["id"])
            node.setdefault("label", node["id"])
    return {name: nodes for name, nodes in found.items() if nodes}


def _title(state: ProjectState) -> set[str]:
    return {state.about.version.id} if state.about is not None else set()

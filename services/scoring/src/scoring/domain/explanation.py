"""How a figure is made: nodes from the figure down to the facts, each stating its own sum.

A node has a ``kind`` and a ``label``; where it is a ratio, ``numerator`` and ``denominator`` are the exact sums of
its children's, and ``value`` is their quotient rounded half to even. ``calc`` says the same in a line. ``origin``
is where a fact was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from scoring.domain.effectiveness import sensitivity
from scoring.domain.ownfigures import flags_of
from scoring.domain.pace import GOOD, NOT_ASSESSED
from scoring.domain.parameters import Parameters
from scoring.domain.project import OTHER, UNEXPECTED
from scoring.domain.saying import coded, say
from scoring.domain.state import (
    Actual,
    Definition,
    IndicatorState,
    Leaf,
    Part,
    ProjectState,
)

Node = dict[str, Any]

LEVELS = {1: say("Outputs"), 2: say("Outcomes"), 3: say("Impact"), 9: say("Other results (shown, not scored)")}


class Sources:
    """The facts behind a project, by event id: their texts and where they were read."""

    def __init__(self, facts: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        self._facts = facts

    def text(self, event: str | None, field: str, fallback: str) -> str:
        """A text of the fact, in English if there is one."""
        _, body = self._facts.get(event or "", ("", {}))
        texts = body.get(field) or {}
        for language in ("en", "und", *sorted(texts)):
            if texts.get(language):
                return str(texts[language])
        return fallback

    def origin(self, event: str | None) -> Node | None:
        """The event, and the place in the file it came from."""
        if event is None:
            return None
        type_, body = self._facts.get(event, ("", {}))
        return node_of(event_id=event, type=type_ or None, **(body.get("origin") or {}))


def node_of(**fields: Any) -> Node:
    return {name: value for name, value in fields.items() if value is not None}


def events_of(state: ProjectState) -> set[str]:
    """Every event a project's figures rest on."""
    found = {r.version.id for r in state.budgets.values()} | {p.version.id for p in state.transactions.values()}
    if state.about is not None:
        found.add(state.about.version.id)
    for indicator in state.indicators.values():
        if indicator.definition is not None:
            found.add(indicator.definition.version.id)
        found |= {actual.version.id for actual in indicator.actuals.values()}
    return found


# M1, M4: indicators, results, levels, projects -------------------------------------------------------------


def effectiveness_node(state: ProjectState, sources: Sources, under: Parameters) -> Node:
    """M4 of a project: levels, results, indicators, observations."""
    whole = state.outcome.whole
    weights = [(under.level_weights[level], part) for level, part in state.outcome.levels]
    known = [(weight, part.mean) for weight, part in weights if part.mean is not None]
    return node_of(
        **project_head(state, sources),
        value=whole.mean if whole is not None else None,
        **_bounds(whole),
        numerator=sum(weight * mean for weight, mean in known),
        denominator=sum(weight for weight, _ in known),
        calc=_ratio([f"{weight} × {mean}" for weight, mean in known], sum(weight for weight, _ in known)),
        flags=list(flags_of(state)) or None,
        sensitivity=sensitivity(state.outcome.levels, under) or None,
        children=[_level_node(state, level, sources, under) for level in _levels_present(state)],
    )


def project_head(state: ProjectState, sources: Sources) -> Node:
    """What every node of a project begins with."""
    about = state.about
    event = about.version.id if about is not None else None
    return node_of(
        kind="project",
        id=state.project_id,
        label=sources.text(event, "title", state.project_id),
        entity=state.last_entity,
        origin=sources.origin(event),
    )


def _levels_present(state: ProjectState) -> list[int]:
    return sorted({leaf.level for leaf in _leaves(state)})


def _leaves(state: ProjectState) -> list[Leaf]:
    return [i.leaf for i in state.indicators.values() if i.leaf is not None]


def _level_node(state: ProjectState, level: int, sources: Sources, under: Parameters) -> Node:
    part = dict(state.outcome.levels).get(level)
    results = {r.result: r.part for r in state.results.values() if r.level == level}
    means = [p.mean for p in results.values() if p is not None and p.mean is not None] if level != OTHER else []
    names = {leaf.result for leaf in _leaves(state) if leaf.level == level}
    return node_of(
        kind="level",
        id=str(level),
        label=LEVELS[level],
        weight=under.level_weights.get(level, 0),
        value=part.mean if part is not None else None,
        **_bounds(part),
        numerator=sum(means),
        denominator=len(means),
        calc=_ratio([str(mean) for mean in means], len(means)),
        children=[_result_node(state, level, name, results.get(name), sources) for name in sorted(names)],
    )


def _result_node(state: ProjectState, level: int, result: str, part: Part | None, sources: Sources) -> Node:
    members = [
        (name, i)
        for name, i in state.indicators.items()
        if i.leaf is not None and (i.leaf.level, i.leaf.result) == (level, result)
    ]
    known = [(i.leaf.weight, i.leaf.a) for _, i in members if i.leaf is not None and i.leaf.a is not None]
    event = next((i.definition.version.id for _, i in members if i.definition is not None), None)
    return node_of(
        kind="result",
        id=result,
        label=sources.text(event, "result_title", result),
        value=part.mean if part is not None else None,
        **_bounds(part),
        numerator=sum(weight * a for weight, a in known),
        denominator=sum(weight for weight, _ in known),
        calc=_ratio([f"{weight} × {a}" for weight, a in known], sum(weight for weight, _ in known)),
        children=[indicator_node(name, i, sources) for name, i in members],
    )


def indicator_node(name: str, indicator: IndicatorState, sources: Sources) -> Node:
    """One indicator: the formula with its figures, then the definition and the actuals it rests on."""
    leaf, definition = indicator.leaf, indicator.definition
    if leaf is None or definition is None:
        return node_of(kind="indicator", id=name, label=name)
    event = definition.version.id
    return node_of(
        kind="indicator",
        id=name,
        label=sources.text(event, "title", name),
        weight=definition.weight,
        state=leaf.state,
        value=leaf.a,
        raw=leaf.raw,
        original=leaf.original,
        numerator=definition.weight * leaf.a if leaf.a is not None else None,
        denominator=definition.weight if leaf.state not in UNEXPECTED else None,
        calc=_formula(leaf),
        pace=node_of(status=leaf.status, ratio=leaf.pace, planned=leaf.planned, elapsed=leaf.elapsed) or None,
        flags=list(leaf.flags) or None,
        hints=list(leaf.hints) or None,
        children=[*_definition_nodes(definition, sources), *_actual_nodes(indicator, leaf, sources)],
    )


def _formula(leaf: Leaf) -> str:
    if leaf.a is None:
        return coded(leaf.state)
    match leaf.mode:
        case "REACH":
            ratio = f"({leaf.value} − {leaf.baseline}) ÷ ({leaf.target} − {leaf.baseline})"
            return say("%(ratio)s, held within 0 and 1 = %(a)s", ratio=ratio, a=leaf.a)
        case "MAINTAIN":
            return say("%(value)s kept at %(target)s = %(a)s", value=leaf.value, target=leaf.target, a=leaf.a)
        case "BAND":
            return say("%(value)s within its band = %(a)s", value=leaf.value, a=leaf.a)
        case _:
            return say("rated by an assessor = %(a)s", a=leaf.a)


def _definition_nodes(definition: Definition, sources: Sources) -> list[Node]:
    origin = sources.origin(definition.version.id)
    nodes = [
        node_of(kind="baseline", label=say("Baseline"), calc=value, place=place or None, origin=origin)
        for value, place in definition.baselines
        if value is not None
    ]
    nodes += [
        node_of(
            kind="target",
            label=say("Target %(period)s", period=span(t.start, t.end)),
            calc=t.value,
            place=t.place or None,
            origin=origin,
        )
        for t in sorted(definition.targets)
        if t.value is not None
    ]
    return nodes


def _actual_nodes(indicator: IndicatorState, leaf: Leaf, sources: Sources) -> list[Node]:
    alive = sorted((a for a in indicator.actuals.values() if a.alive), key=lambda a: (a.end, a.start, a.place))
    return [
        node_of(
            kind="observation",
            label=say("Actual %(period)s", period=span(a.start, a.end)),
            calc=_stated(a),
            used=a.version.id == leaf.source or None,
            place=a.place or None,
            flags=list(a.flags) or None,
            origin=sources.origin(a.version.id),
        )
        for a in alive
    ]


def _stated(actual: Actual) -> str:
    if actual.withheld:
        return say("withheld by its owner")  # the value exists and is not shown, to whomever asks
    if actual.value is not None:
        return actual.value
    if actual.numerator is not None and actual.denominator is not None:
        return say("%(part)s of %(whole)s", part=actual.numerator, whole=actual.denominator)
    return actual.rubric or say("no figure")


# M2 --------------------------------------------------------------------------------------------------------


def pace_node(state: ProjectState, sources: Sources) -> Node:
    """M2 of a project: the weights of indicators on track, over those of all that can be judged."""
    lines = [
        (name, i, i.leaf.weight, i.leaf.status)
        for name, i in state.indicators.items()
        if i.leaf is not None and i.leaf.level != OTHER
    ]
    good = sum(weight for _, _, weight, status in lines if status in GOOD)
    assessed = sum(weight for _, _, weight, status in lines if status is not None and status not in NOT_ASSESSED)
    children = []
    for name, indicator, weight, status in lines:
        counts = status is not None and status not in NOT_ASSESSED
        children.append(
            indicator_node(name, indicator, sources)
            | {"numerator": weight if status in GOOD else 0, "denominator": weight if counts else 0}
            | {"calc": coded(status) if status else say("nothing due")}
        )
    head = project_head(state, sources)
    return node_of(
        **head,
        numerator=good,
        denominator=assessed,
        calc=say("%(good)s on track of %(all)s", good=good, all=assessed),
        children=children,
    )


def _bounds(part: Part | None) -> Node:
    if part is None:
        return {}
    coverage = {"observed": part.observed, "expected": part.expected}
    return {"lower": part.lower, "upper": part.upper, "coverage": coverage}


def _ratio(terms: list[str], denominator: int) -> str:
    return f"({' + '.join(terms)}) ÷ {denominator}" if terms else say("nothing reported")


def span(start: int, end: int) -> str:
    first, last = date.fromordinal(start).isoformat(), date.fromordinal(end).isoformat()
    return say("%(first)s to %(last)s", first=first, last=last)

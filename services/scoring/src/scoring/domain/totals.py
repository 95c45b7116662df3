"""How a total is made: what each project brings, and the lines that make it add up."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.domain.explanation import Node, Sources, node_of, project_head, span
from scoring.domain.numbers import stated
from scoring.domain.parameters import PILLARS
from scoring.domain.readings import DEFAULT_PILLAR, PILLAR_INFERRED
from scoring.domain.saying import say
from scoring.domain.state import BudgetLine, ProjectState, Share


def money_node(state: ProjectState, share: Share, sources: Sources) -> Node:
    """M7: what a project brings into a scope, in cents by pillar, and the budget lines it comes from."""
    about = state.about
    event = about.version.id if about is not None else None
    lines = [_budget_node(line, sources.origin(event)) for line in (about.budgets if about is not None else ())]
    lines += [_budget_node(r.line, sources.origin(r.version.id)) for r in state.budgets.values()]
    return node_of(
        **project_head(state, sources),
        share=share.ppm,
        cents=dict(zip((*PILLARS, "unallocated"), share.budget, strict=False)),
        flags=_pillar_flags(state) or None,
        children=lines,
    )


def _pillar_flags(state: ProjectState) -> list[str]:
    """What the pillars rest on where the project declares none."""
    if DEFAULT_PILLAR in state.outcome.flags:
        return [flag for flag in state.outcome.flags if flag in {PILLAR_INFERRED, DEFAULT_PILLAR}]
    return [PILLAR_INFERRED] if state.about is not None and state.about.inferred else []


def _budget_node(line: BudgetLine, origin: Node | None) -> Node:
    period = span(line.start, line.end)
    label = say("Budget %(period)s, original", period=period)
    if line.type == "2":
        label = say("Budget %(period)s, revised", period=period)
    return node_of(kind="budget", label=label, calc=stated(line.amount, line.currency), origin=origin)


def closing(
    listed: Iterable[Node],
    readable: tuple[int, int, int],
    projects: int,
    nouns: tuple[str, str] = ("project", "projects"),
) -> list[Node]:
    """The lines that close a total: what is readable and not listed, and how many its owners withhold.

    ``readable`` is the number of projects the caller may read with their numerator and denominator, ``projects`` the
    number in the cell; ``nouns`` are what they are, one and several. Of what is withheld no sum is told: projects
    bring none, they count as unknown (ADR 0091).
    """
    shown = list(listed)
    numerator = readable[1] - sum(node["numerator"] for node in shown)
    denominator = readable[2] - sum(node["denominator"] for node in shown)
    nodes = []
    if readable[0] > len(shown):
        count = readable[0] - len(shown)
        label = f"{count} more {nouns[count > 1]}"
        nodes.append(node_of(kind="others", label=label, count=count, numerator=numerator, denominator=denominator))
    if projects > readable[0]:
        label = say("withheld by their owners")
        nodes.append(node_of(kind="withheld", label=label, count=projects - readable[0]))
    return nodes

"""A project as of two days: what was known by one instant, counted as far as it is valid by a day (methodology M16)."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.domain.assessing import assess
from scoring.domain.facts import Fact, Version
from scoring.domain.project import score
from scoring.domain.register import Touched, day_of, record
from scoring.domain.state import ProjectState
from scoring.domain.world import World


def registered(project_id: str, said: Iterable[tuple[Fact, Version]]) -> ProjectState:
    """The register of a project that heard these facts, in any order; nothing is scored yet."""
    state = ProjectState(project_id)
    for fact, version in said:
        try:
            record(state, fact, version, Touched())
        except ValueError:
            continue  # what is unreadable was quarantined when it came, and moved nothing
    return state


def scored(state: ProjectState, closed: int, world: World, inside: Iterable[str] = ()) -> ProjectState:
    """Score a register from nothing, after the close of this day; ``inside`` are receivers that count (M9)."""
    state.inside = sorted(inside)
    everything = Touched(True, True, set(state.indicators))
    score(state, everything, closed, world)
    assess(state, everything, {}, {}, world.method.parameters)
    return state


def as_of(state: ProjectState, day: int) -> ProjectState:
    """The register as far as it is valid by a day, to be judged on that day and no later one.

    A fact with a day of its own is valid from it, or from the day it was recorded if that is earlier (ADR 0031).
    Actuals are weighed by the score itself, which knows their day; what has none is valid from the beginning.
    """

    def valid(own: int, version: Version) -> bool:
        return min(own, day_of(version)) <= day

    state.transactions = {key: p for key, p in state.transactions.items() if not p.alive or valid(p.day, p.version)}
    if state.status is not None and state.status.effective is not None:
        state.status = state.status if valid(state.status.effective, state.status.version) else None
    found = state.assessed.open()
    found.evaluations = {key: e for key, e in found.evaluations.items() if valid(e.completed, e.version)}
    found.efforts = {key: e for key, e in found.efforts.items() if valid(int(key.split("|")[1]), e.version)}
    state.newest = 0
    return state

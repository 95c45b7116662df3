"""Money that stays within the platform: a disbursement to a project that reports its own spending counts there (M9).

Whether it does depends on two projects, so each change of one looks after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from runtime.db import Tx
from scoring import store
from scoring.domain import facts
from scoring.domain.balance import DISBURSEMENT
from scoring.domain.project import is_counted
from scoring.domain.register import Touched, record
from scoring.domain.state import ProjectState

if TYPE_CHECKING:
    from scoring.usecases.applying import Item

EXISTENCE: Final = (facts.Project, facts.ProjectWithdrawn, facts.StatusChanged)
"""Facts that let a project come, go, or be cancelled."""


async def senders(tx: Tx, items: Sequence[Item]) -> set[str]:
    """Projects whose expenditure may change because one they paid into comes or goes in this batch."""
    receivers = {item.fact.project_id for item in items if isinstance(item.fact, EXISTENCE)}
    return set(await store.senders_to(tx.conn, receivers)) if receivers else set()


async def note(
    tx: Tx, states: Mapping[str, ProjectState], by_project: Mapping[str, Sequence[Item]], senders_: set[str]
) -> set[str]:
    """Note, before the batch is applied, which activities of the platform each project pays into after it.

    Returns the projects for which that changed, and so what they spent themselves.
    """
    paid = {name: found for name, items in by_project.items() if (found := _paid(items) - {name})}
    receivers = {name: {*receivers_of(states[name]), *paid.get(name, ())} for name in sorted(paid.keys() | senders_)}
    if paid:
        await store.save_passing(tx.conn, {name: receivers[name] for name in paid})
    wanted = {receiver for found in receivers.values() for receiver in found}
    inside = await store.counted_among(tx.conn, sorted(wanted - states.keys())) if wanted else set()
    inside |= {name for name in wanted & states.keys() if _counted_after(states[name], by_project.get(name, ()))}
    moved = set()
    for name, found in receivers.items():
        now = sorted(found & inside)
        if now != states[name].inside:
            states[name].inside = now
            moved.add(name)
    return moved


def _paid(items: Iterable[Item]) -> set[str]:
    return {
        fact.receiver_activity_id
        for item in items
        if isinstance(fact := item.fact, facts.Transaction)
        and fact.type == DISBURSEMENT
        and fact.receiver_activity_id is not None
    }


def _counted_after(state: ProjectState, items: Iterable[Item]) -> bool:
    """Whether a project has figures once the batch is applied."""
    after = ProjectState(state.project_id, state.about, state.status)
    for item in items:
        if isinstance(item.fact, EXISTENCE):
            record(after, item.fact, item.version, Touched())
    return is_counted(after)


def receivers_of(state: ProjectState) -> set[str]:
    """The activities a project paid into."""
    return {
        p.receiver
        for p in state.transactions.values()
        if p.alive and p.type == DISBURSEMENT and p.receiver and p.receiver != state.project_id
    }

"""The facts behind some projects, read back from the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from runtime.db import Tx
from scoring import store
from scoring.domain.explanation import Sources, events_of
from scoring.domain.state import ProjectState


async def sources_of(
    tx: Tx, states: Iterable[ProjectState], events: Callable[[ProjectState], set[str]] = events_of
) -> dict[str, Sources]:
    """The facts behind some projects: their texts, and where they were read."""
    states = list(states)
    wanted = [(state.project_id, event) for state in states for event in events(state)]
    facts = await store.facts_by_id(tx.conn, wanted)
    by_project: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {state.project_id: {} for state in states}
    for (project_id, event), row in facts.items():
        by_project[project_id][event] = row.type, orjson.loads(row.body)
    return {project_id: Sources(found) for project_id, found in by_project.items()}

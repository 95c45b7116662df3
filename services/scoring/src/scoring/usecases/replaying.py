"""Projects made again from the log of facts, as everybody makes them who proves or mends what stands."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from runtime.db import Tx
from scoring import store
from scoring.domain.facts import Fact, Version
from scoring.domain.replay import registered, scored
from scoring.domain.state import ProjectState
from scoring.domain.world import World
from scoring.usecases.asof import counted_at, fact_in
from scoring.usecases.passing import receivers_of
from scoring.usecases.worldlog import Claims

FOREVER: Final = 2**62


async def replayed(
    tx: Tx, projects: Sequence[str], closed: int, world: World, claims: Claims
) -> tuple[dict[str, ProjectState], Counter[str]]:
    """The projects by all that was ever said of them, scored after the close of a day; and how many facts each took."""
    said: dict[str, list[tuple[Fact, Version]]] = {name: [*claims.get(name, ())] for name in projects}
    facts: Counter[str] = Counter()
    for row in await store.facts_known(tx.conn, projects, FOREVER):
        said[row.project_id].append((fact_in(row), row.version))
        facts[row.project_id] += 1
    states = {name: registered(name, heard) for name, heard in said.items()}
    inside = await counted_at(tx, {r for state in states.values() for r in receivers_of(state)}, FOREVER)
    for state in states.values():
        scored(state, closed, world, receivers_of(state) & inside)
        await asyncio.sleep(0)  # events go on being applied in between
    return states, facts

"""The proof that may be asked for at any time: everything again from the log of facts, compared with what stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.db import Tx
from scoring import store
from scoring.cache import WorldCache
from scoring.domain.assessing import added, merge, sums_hash
from scoring.domain.cells import state_hash
from scoring.domain.duplicates.fingerprint import Fingerprint, look
from scoring.domain.register import register_hash
from scoring.domain.state import ProjectState
from scoring.domain.subjects.needs import standing as standing_of
from scoring.store import duplicates as pairs_store
from scoring.usecases.replaying import replayed
from scoring.usecases.replaying_pairs import pairs_that_differ, replay_pairs, sums_of
from scoring.usecases.replaying_subjects import differing, replay_subjects
from scoring.usecases.switching import Sums
from scoring.usecases.world import standing_claims, world_now

_PAGE = 200


@dataclass(slots=True)
class Rebuilt:
    """What a batch rebuild found: digests of the cells, and what differs from what stands."""

    projects: int = 0
    facts: int = 0
    standing: str = ""
    rebuilt: str = ""
    projects_that_differ: list[str] = field(default_factory=list)
    subjects_that_differ: list[str] = field(default_factory=list)
    pairs_that_differ: list[str] = field(default_factory=list)
    cells_that_differ: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether incremental and batch agree to the integer."""
        differ = self.projects_that_differ or self.subjects_that_differ or self.pairs_that_differ
        return self.standing == self.rebuilt and not differ


async def rebuild(tx: Tx) -> Rebuilt:
    """Rebuild all states and cells from the log, in memory a page of projects at a time; nothing is written.

    Compares with what stood when each page was read: meant for a quiet moment, or for a transaction that sees one
    snapshot.
    """
    closed = await store.closed_day(tx.conn)
    world, claims = await world_now(tx, WorldCache()), await standing_claims(tx)
    sums, found = Sums(closed, world), Rebuilt()
    prints: dict[str, Fingerprint | None] = {}
    after = ""
    while projects := await store.projects_with_facts(tx.conn, after, _PAGE):
        after = projects[-1]
        again, facts = await replayed(tx, projects, closed, world, claims)
        standing = await store.project_states(tx.conn, projects)
        for name, state in again.items():
            sums.add(state, 1)
            sums.standings[name] = standing_of(state, world.method.parameters)
            prints[name] = look(state)[0]
            stood = standing.get(name)
            if stood is None or register_hash(stood) != register_hash(state) or not same(stood, state):
                found.projects_that_differ.append(name)
        found.projects += len(again)
        found.facts += facts.total()
    subjects = await replay_subjects(tx, sums.standings, closed, world.method)
    cells, families = sums.cells, sums.families
    merge(families, subjects.moved)
    found.facts += subjects.facts
    decisions = await pairs_store.decisions(tx.conn)
    whole, cases = replay_pairs(prints, subjects.subjects.values(), decisions, world.method.parameters)
    merge(families, sums_of(cases.values()))
    found.pairs_that_differ = await pairs_that_differ(tx, whole, cases)
    found.subjects_that_differ = ["|".join(key) for key in await differing(tx, subjects)]
    stood_cells, stood_families = await store.all_cells(tx.conn), await store.all_family_cells(tx.conn)
    found.standing = f"{state_hash(stood_cells)} {sums_hash(stood_families)}"
    found.rebuilt = f"{state_hash(cells)} {sums_hash(families)}"
    nothing: list[int] = []
    found.cells_that_differ = sorted(
        scope
        for scope in cells.keys() | stood_cells.keys()
        if _nought(cells.get(scope, nothing)) != _nought(stood_cells.get(scope, nothing))
    ) + sorted(
        f"{metric}|{scope}"
        for scope, metric in families.keys() | stood_families.keys()
        if added({}, families.get((scope, metric), {})) != stood_families.get((scope, metric), {})
    )
    return found


def _nought(vector: list[int]) -> list[int]:
    return vector if any(vector) else []


def same(x: ProjectState, y: ProjectState) -> bool:
    """Whether two states score the same; what was said of them is not compared."""
    leaves = all(i.leaf == y.indicators[name].leaf for name, i in x.indicators.items() if name in y.indicators)
    ledger = x.assessed.open().terms == y.assessed.open().terms
    scores = (x.outcome, x.money, x.contribution, x.compared) == (y.outcome, y.money, y.contribution, y.compared)
    return leaves and ledger and scores

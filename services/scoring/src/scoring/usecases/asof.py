"""Figures as of two instants: what was published by one, or a replay of the facts known then and valid by a day.

A replay reads the log as the caller may: of a total it covers the projects the caller may read, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from contracts.envelope import Envelope, rfc3339
from runtime.access import SYSTEM, Principal
from runtime.db import Database, Tx
from scoring import store
from scoring.codec import fact_of, instant
from scoring.domain.assessing import Moved, added, family_figure, spread
from scoring.domain.assessment import Terms
from scoring.domain.cells import Cells
from scoring.domain.cells import spread as spread_core
from scoring.domain.facts import Fact, Version
from scoring.domain.families import FAMILIES, OF_PAIRS, OF_SUBJECTS
from scoring.domain.figures import Figure, aggregate, metrics_of
from scoring.domain.history import Revision
from scoring.domain.method import FIRST_METHOD, Method
from scoring.domain.parameters import Parameters
from scoring.domain.project import is_counted
from scoring.domain.register import day_of
from scoring.domain.replay import as_of, registered, scored
from scoring.domain.state import ProjectState, Published
from scoring.scopes import own_scope
from scoring.usecases.method import in_force
from scoring.usecases.passing import EXISTENCE, receivers_of
from scoring.usecases.publishing import payload
from scoring.usecases.reading import own_figure
from scoring.usecases.withholding import REPLAYED, WHOLE, Withheld, keep_back, look
from scoring.usecases.worldlog import Claims, claims_at, world_at

MOST_FACTS: Final = 50_000
"""Facts one answer may replay: some seconds. Beyond, history answers at once, or a snapshot is made."""


AT_ONCE: Final = 2
"""Replays of one process at a time: each holds two connections of the pool, and events need the others."""


class TooMuch(Exception):
    """A replay would take too long."""


class Busy(Exception):
    """Enough replays are under way."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """What was known by an instant (µs since 1970), and valid by a day; without a day, by what was over then."""

    known: int
    valid: int | None = None
    method: Method | None = None  # the one in force then, where none is named
    public_for: Principal | None = None  # who asks, where public totals are all they may read


def without(found: dict[str, Any], at: AsOf) -> dict[str, Any]:
    """A figure as of then: what it was, and neither its number among revisions nor what came before."""
    told = {name: value for name, value in found.items() if name not in {"revision", "previous"}}
    return told | {"known_as_of": rfc3339(instant(at.known)), "source": "replay"}


async def figure(database: Database, tx: Tx, metric: str, scope: str, at: AsOf) -> dict[str, Any] | None:
    """A figure as of then: from the history where it says so, else replayed. Raises TooMuch, and Withheld."""
    standing = await in_force(tx, at.known)
    if at.valid is None and (at.method is None or at.method.version == standing.version):
        if at.public_for is not None:
            await look(database, at.public_for, metric, scope, at.known)
        revision = await store.revision_at(tx.conn, metric, scope, at.known)
        if revision is not None:
            return _published(revision, at, standing)
    replay = Replay(database, tx, at)
    found = await replay.figure(metric, scope)
    return without(payload(found, replay.published(found), replay.method), at) if found is not None else None


def _published(r: Revision, at: AsOf, method: Method) -> dict[str, Any]:
    return {
        "metric": r.metric,
        "scope": r.scope,
        "value": r.value,
        "unit": "µ",
        "state": r.state,
        "coverage": {"observed": r.observed, "expected": r.expected},
        "lower": r.lower,
        "upper": r.upper,
        "projects": r.projects,
        "classification": r.classification,
        "owner": r.owner,
        "valid_as_of": date.fromordinal(max(r.valid, 1)).isoformat(),
        "known_as_of": rfc3339(instant(at.known)),
        "method_version": method.version,
        "revision": r.revision,
        "updated_at": rfc3339(instant(r.updated)),
        "cause": {"event_id": r.cause, "kind": r.kind},
        "source": "history",
    }


class Replay:
    """Projects made again from the log as of then, as far as the caller may read them. Raises TooMuch, and Busy."""

    _running: ClassVar[int] = 0

    def __init__(self, database: Database, tx: Tx, at: AsOf) -> None:
        self._database, self._tx, self.at = database, tx, at
        self.method = FIRST_METHOD

    async def figure(self, metric: str, scope: str) -> Figure | None:
        """A figure made again. Raises TooMuch."""
        own = own_scope(scope)
        if own is not None:
            state = await self.project(own.project)
            return own_figure(metric, state, own, self.method.parameters)[0] if state is not None else None
        if not _is_published(metric, scope):
            return None
        states = await self.projects(metric, scope)
        return total_figure(metric, scope, states, self.method.parameters)

    def published(self, found: Figure) -> Published:
        """What a replayed figure says of itself where a published one says when."""
        day = self.at.valid if self.at.valid is not None else self._closed
        return Published(found.digest(), found.value, None, 1, day, self.at.known, self.at.known, None)

    async def project(self, project_id: str) -> ProjectState | None:
        """One project as of then; None where nothing was known of it, or it is not the caller's to read."""
        found = await self._replayed([project_id])
        return found[0] if found else None

    async def projects(self, metric: str, scope: str) -> list[ProjectState]:
        """Every project that brought something into the scope by then. Raises TooMuch, and Withheld."""
        if self.at.public_for is not None and scope != WHOLE:
            raise Withheld(REPLAYED)
        states = await self._replayed(await store.projects_ever_in(self._tx.conn, scope))
        if self.at.public_for is not None:
            keep_back(metric, scope, states)
        return states

    async def _replayed(self, projects: Sequence[str]) -> list[ProjectState]:
        if await store.facts_number(self._tx.conn, projects, MOST_FACTS + 1) > MOST_FACTS:
            raise TooMuch
        if not projects:
            return []
        # Never waited for: whoever waits here holds a connection already.
        if Replay._running >= AT_ONCE:
            raise Busy
        Replay._running += 1
        try:
            return await self._judged(projects)
        finally:
            Replay._running -= 1

    async def _judged(self, projects: Sequence[str]) -> list[ProjectState]:
        async with self._database.transaction(SYSTEM) as tx:
            self._closed = min(await store.closed_day(tx.conn), day_before(self.at.known))
            self._world = await world_at(tx, self.at.known, self.at.method)
            self.method = self._world.method
            claims = await claims_at(tx, self.at.known)
        states = [state async for state in registers(self._tx, projects, self.at.known, claims)]
        async with self._database.transaction(SYSTEM) as tx:
            inside = await counted_at(tx, {r for state in states for r in receivers_of(state)}, self.at.known)
        for state in states:
            self.judge(state, inside)
            await asyncio.sleep(0)  # events go on being applied in between
        return states

    def judge(self, state: ProjectState, inside: set[str]) -> None:
        """Score one register on the day that was asked for."""
        closed = self._closed
        if self.at.valid is not None:
            as_of(state, self.at.valid)
            closed = self.at.valid
        scored(state, closed, self._world, receivers_of(state) & inside)


def day_before(known: int) -> int:
    """The last day that can be over at an instant."""
    return day_of(Version(known, "", "")) - 1


async def registers(
    tx: Tx, projects: Sequence[str], known: int, claims: Claims, page: int = 50
) -> AsyncIterator[ProjectState]:
    """The registers of projects by an instant, one after the other; those of which nothing was known are left out."""
    for start in range(0, len(projects), page):
        said: dict[str, list[tuple[Fact, Version]]] = {}
        for row in await store.facts_known(tx.conn, projects[start : start + page], known):
            said.setdefault(row.project_id, []).append((fact_in(row), row.version))
        for name, heard in said.items():
            yield registered(name, [*heard, *claims.get(name, ())])
            await asyncio.sleep(0)


def fact_in(row: store.FactRow) -> Fact:
    """The fact of a row of the log."""
    return fact_of(Envelope(id=row.version.id, source="log", type=row.type, data=row.body))


async def counted_at(tx: Tx, projects: Iterable[str], known: int) -> set[str]:
    """Those of the projects that had figures by an instant, by the log alone."""
    said: dict[str, list[tuple[Fact, Version]]] = {}
    for row in await store.facts_known(tx.conn, sorted(projects), known):
        fact = fact_in(row)
        if isinstance(fact, EXISTENCE):
            said.setdefault(row.project_id, []).append((fact, row.version))
    return {name for name, heard in said.items() if is_counted(registered(name, heard))}


def _is_published(metric: str, scope: str) -> bool:
    family = FAMILIES.get(metric)
    if metric in OF_SUBJECTS | OF_PAIRS:
        return False  # what is known of subjects is as it was published, never as a reader could replay it (ADR 0073)
    return family.published_for(scope) if family is not None else metric in metrics_of(scope)


def total_figure(metric: str, scope: str, states: Iterable[ProjectState], under: Parameters) -> Figure | None:
    """The figure that these projects make of a scope; None where none of them brings anything into it."""
    cells: Cells = {}
    moved: Moved = {}
    for state in states:
        share = state.contribution.shares.get(scope) if state.contribution is not None else None
        if state.contribution is None or share is None:
            continue
        if metric not in FAMILIES:
            spread_core(cells, state.contribution._replace(shares={scope: share}))
        elif (terms := state.assessed.open().terms.get(metric)) is not None:
            spread(moved, metric, Terms.read(terms), {scope: share})
    if metric in FAMILIES:
        return family_figure(FAMILIES[metric], scope, added({}, moved.get((scope, metric), {})), under)
    return aggregate(metric, scope, cells[scope], under) if scope in cells else None

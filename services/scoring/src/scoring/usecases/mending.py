"""A rebuild while events go on: everything again from the log beside what stands, then one switch (ADR 0074).

Projects are replayed page by page into a shadow. At the end writers are held for a moment, what they wrote meanwhile
is replayed too, and only what differs is replaced; what readers were told wrongly is told again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from runtime.access import SYSTEM
from runtime.db import Database, Tx
from scoring import store
from scoring.cache import WorldCache
from scoring.domain.assessing import own_family_figure
from scoring.domain.duplicates.fingerprint import Fingerprint, look
from scoring.domain.families import FAMILIES
from scoring.domain.figures import Figure
from scoring.domain.ownfigures import indicator_figures, project_figures
from scoring.domain.parameters import Parameters
from scoring.domain.register import register_hash
from scoring.domain.state import ProjectState, Published, Share
from scoring.domain.subjects.needs import standing
from scoring.store import shadow
from scoring.store.method import hold_method, one_rebuild
from scoring.usecases.applying import saved_row
from scoring.usecases.jobs import Refusal
from scoring.usecases.rebuilding import same
from scoring.usecases.replaying import replayed
from scoring.usecases.replaying_pairs import suspects
from scoring.usecases.switching import Change, Sums, switch
from scoring.usecases.world import standing_claims, world_now
from scoring.usecases.worldlog import Claims

_PAGE: Final = 100
_FEW: Final = 200  # projects that may be replayed while writers wait
_ROUNDS: Final = 5


@dataclass(slots=True)
class _Work(Sums):
    """The sums of the shadow, what projects depend on, and what there is to say of the work."""

    claims: Claims = field(default_factory=dict)
    projects: int = 0
    facts: int = 0

    async def look_around(self, tx: Tx) -> None:
        """Read what projects depend on, as it stands now."""
        self.closed = await store.closed_day(tx.conn)
        self.world, self.claims = await world_now(tx, WorldCache()), await standing_claims(tx)
        if self.change is not None:
            self.world = replace(self.world, method=self.change.method)


async def mend(database: Database, tell: Callable[[int], None], change: Change | None = None) -> dict[str, Any]:
    """Rebuild everything from the log and replace what differs; ``tell`` hears how many projects are done.

    With a change it is rebuilt under another method, which is in force from the switch on. Raises Refusal where
    another rebuild is under way, in whichever process.
    """
    async with database.session() as alone:
        if not await one_rebuild(alone):
            raise Refusal("another rebuild is under way; ask again when it is done")
        return await _mend(database, tell, change)


async def _mend(database: Database, tell: Callable[[int], None], change: Change | None) -> dict[str, Any]:
    began = time.monotonic()
    work = _Work(change=change)
    async with database.transaction(SYSTEM) as tx:
        await shadow.clear_shadow(tx.conn)
        await work.look_around(tx)
    then = work.closed
    after = ""
    while True:
        async with database.transaction(SYSTEM) as tx:
            projects = await store.projects_with_facts(tx.conn, after, _PAGE)
            if not projects:
                break
            await _replay(tx, work, projects)
        after = projects[-1]
        tell(work.projects)
    for _ in range(_ROUNDS):
        async with database.transaction(SYSTEM) as tx:
            await work.look_around(tx)
            outrun = await shadow.outrun(tx.conn, work.closed, then)
            if len(outrun) <= _FEW:
                break
            await _catch_up(tx, work, outrun)
    took = time.monotonic() - began
    async with database.transaction(SYSTEM) as tx:
        held = time.monotonic()
        await hold_method(tx.conn)
        await shadow.hold_writers(tx.conn)
        await work.look_around(tx)
        await _catch_up(tx, work, await shadow.outrun(tx.conn, work.closed, then))
        found = await switch(tx, work)
    return found | {
        "projects": work.projects,
        "facts": work.facts,
        "seconds": round(time.monotonic() - began, 3),
        "held_seconds": round(time.monotonic() - held, 3),
        "facts_per_second": round(work.facts / took) if took else work.facts,
    }


async def _catch_up(tx: Tx, work: _Work, projects: Sequence[str]) -> None:
    for start in range(0, len(projects), _PAGE):
        await _replay(tx, work, projects[start : start + _PAGE])


async def _replay(tx: Tx, work: _Work, projects: Sequence[str]) -> None:
    """Make these projects again, compare them with their rows, and bring the shadow and its sums up to date."""
    conn = tx.conn
    # The row first: a fact that comes in between leaves another token there, and the project is made once more.
    stood = await shadow.standing(conn, projects)
    shares = await shadow.shares_of_projects(conn, projects)
    terms = await shadow.terms_of_projects(conn, projects)
    before = await shadow.shadows(conn, projects)
    states, facts = await replayed(tx, projects, work.closed, work.world, work.claims)
    work.facts += sum(n for name, n in facts.items() if name not in before)
    rows = []
    prints: dict[str, Fingerprint | None] = {}
    for name, state in states.items():
        if name in before:
            work.add(before[name].state, -1)
        else:
            work.projects += 1
        work.add(state, 1)
        work.standings[name] = standing(state, work.world.method.parameters)
        prints[name] = look(state)[0]
        known = stood.get(name)
        differs = not _says(known, state, shares.get(name, {}), terms.get(name, {}))
        if work.change is not None and not differs:
            differs = _told_otherwise(known, state, work.change.method.parameters)
        rows.append(shadow.Shadow(state, known.token if known is not None else None, differs))
        await asyncio.sleep(0)  # events go on being applied in between
    await shadow.save_shadow(conn, rows)
    wrong = await suspects(tx, prints, work.world.method.parameters)
    for name, found in prints.items():
        work.prints.pop(name, None)
        if name in wrong:
            work.prints[name] = found


def _told_otherwise(row: shadow.Standing | None, state: ProjectState, under: Parameters) -> bool:
    """Whether a figure of the project's own is another than was told, though its scores are the same."""
    told = row.state if row is not None else None
    if told is None:
        return True
    places: list[tuple[dict[str, Published], Iterable[Figure | None]]] = [
        (told.published, project_figures(state, under) or ()),
        (told.assessed.open().published, (own_family_figure(metric, state, under) for metric in FAMILIES)),
    ]
    for name, indicator in told.indicators.items():
        places.append((indicator.published, indicator_figures(state, name, under) or ()))
    return any(
        figure is not None and (known is None or known.digest != figure.digest())
        for published, figures in places
        for figure in figures
        for known in [published.get(figure.metric) if figure is not None else None]
    )


def _says(row: shadow.Standing | None, state: ProjectState, shares: dict[str, Share], terms: dict[str, str]) -> bool:
    """Whether a project's rows say what the log says; what was told of it is not compared."""
    if row is None or row.state is None or register_hash(row.state) != register_hash(state):
        return False
    expected = state.contribution.shares if state.contribution is not None else {}
    if not same(row.state, state) or shares != {
        s: share._replace(inferred=False, said=0) for s, share in expected.items()
    }:
        return False
    if terms != state.assessed.open().terms:
        return False
    late = state.due is not None and (row.transition is None or row.transition > state.due)
    return row.columns == _columns(state) and not late


def _columns(state: ProjectState) -> tuple[Any, ...]:
    saved = saved_row(state, 0)
    weighted = state.contribution.weighted if state.contribution is not None else (0,) * 6
    return (
        saved.entity,
        saved.classification,
        state.contribution is not None,
        *weighted[:6],
        saved.good,
        saved.assessed,
        saved.unknown,
        bool(state.money.other or state.money.tables),
    )

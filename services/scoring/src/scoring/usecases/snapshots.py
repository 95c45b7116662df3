"""Snapshots made, published and verified (methodology M16)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from contracts.envelope import rfc3339
from contracts.metrics import SnapshotPublished
from contracts.streams import METRICS
from runtime.access import SYSTEM, Principal
from runtime.db import Database, Tx
from runtime.signing import Signer, holds
from scoring import store
from scoring.codec import instant
from scoring.domain.assessing import Moved, family_figure, merge, own_family_figure, spread
from scoring.domain.assessment import Terms
from scoring.domain.cells import Cells
from scoring.domain.cells import spread as spread_core
from scoring.domain.duplicates.fingerprint import Fingerprint, fingerprint
from scoring.domain.families import FAMILIES
from scoring.domain.families.presence import METRIC as PRESENCE
from scoring.domain.figures import Figure, aggregate, metrics_of
from scoring.domain.method import Method
from scoring.domain.ownfigures import indicator_figures, project_figures
from scoring.domain.replay import as_of, scored
from scoring.domain.scorecard import PARTS, scorecard
from scoring.domain.snapshot import Line, canonical, cells_text, digest, line_of
from scoring.domain.state import ProjectState
from scoring.domain.subjects.needs import standing
from scoring.store import duplicates as pairs
from scoring.store import snapshots as kept
from scoring.usecases.asof import counted_at, registers
from scoring.usecases.passing import receivers_of
from scoring.usecases.replaying_pairs import replay_pairs, sums_of
from scoring.usecases.replaying_subjects import replay_subjects
from scoring.usecases.suppressing import withheld_totals
from scoring.usecases.worldlog import claims_at, world_at

_PAGE: Final = 200


class Taken(Exception):
    """A snapshot of this id exists: it is never made again."""


@dataclass(slots=True)
class _Made:
    """What a snapshot gathers while projects are replayed."""

    method: Method
    projects: int = 0
    cells: Cells = field(default_factory=dict)
    families: Moved = field(default_factory=dict)
    standings: dict[str, int] = field(default_factory=dict)  # what projects are worth to needs
    prints: dict[str, Fingerprint | None] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def take(self, state: ProjectState) -> None:
        """Add one project: its own figures, and what it brings into its scopes."""
        under = self.method.parameters
        self.projects += 1
        self.prints[state.project_id] = fingerprint(state)
        self.standings[state.project_id] = standing(state, under)
        own: list[Figure | None] = [*(project_figures(state, under) or ())]
        own += [own_family_figure(metric, state, under) for metric in FAMILIES]
        for name in state.indicators:
            own += indicator_figures(state, name, under) or ()
        self.lines += [line_of(figure) for figure in own if figure is not None]
        if state.contribution is None:
            return
        spread_core(self.cells, state.contribution)
        moved: Moved = {}
        for metric, terms in state.assessed.open().terms.items():
            spread(moved, metric, Terms.read(terms), state.contribution.shares)
        merge(self.families, moved)

    def close(self) -> None:
        """Make the figures of all totals."""
        under = self.method.parameters
        why = withheld_totals(self.families, self.method.regions)
        found: list[Figure | None] = [
            aggregate(metric, scope, sums, under, why.get((scope, PRESENCE)))
            for scope, sums in self.cells.items()
            for metric in metrics_of(scope)
        ]
        found += [
            family_figure(FAMILIES[metric], scope, sums, under, why.get((scope, metric)))
            for (scope, metric), sums in self.families.items()
        ]
        pillars = {
            scope: aggregate("M4", scope, self.cells[scope], under, why.get((scope, PRESENCE)))
            for scope in PARTS
            if scope in self.cells
        }
        found.append(scorecard(pillars))
        self.lines += [line_of(figure) for figure in found if figure is not None]


@asynccontextmanager
async def one_moment(database: Database) -> AsyncIterator[Tx]:
    """A transaction of the service that sees the database as it is now, however long it takes."""
    async with database.session() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("select set_config('app.role', 'system', true)")
        yield Tx(connection, database.service, database.clock)


async def create(
    database: Database,
    signer: Signer,
    id_: str,
    valid_to: date,
    known_to: int,
    by: Principal,
    tell: Callable[[int], None],
) -> dict[str, Any]:
    """Make a snapshot and publish it; ``tell`` hears how many projects are done. Raises Taken."""
    day = valid_to.toordinal()
    async with one_moment(database) as tx:
        if await kept.snapshot(tx.conn, id_) is not None:
            raise Taken
        watermark = await kept.watermark(tx.conn)
        world, claims = await world_at(tx, known_to), await claims_at(tx, known_to)
        made = _Made(world.method)
        rests_on = {
            kind: {one.key: one.version.id for one in await store.world_at(tx.conn, kind, known_to)}
            for kind in ("rate_table", "dialect", "shared_result")
        }
        after = ""
        while projects := await store.projects_with_facts(tx.conn, after, _PAGE):
            after = projects[-1]
            states = [state async for state in registers(tx, projects, known_to, claims)]
            inside = await counted_at(tx, {r for state in states for r in receivers_of(state)}, known_to)
            for state in states:
                made.take(scored(as_of(state, day), day, world, receivers_of(state) & inside))
            tell(made.projects)
        subjects = await replay_subjects(tx, made.standings, day, world.method, known=known_to, until=day)
        merge(made.families, subjects.moved)
        decisions = await pairs.decisions(tx.conn, known=known_to)
        cases = replay_pairs(made.prints, subjects.subjects.values(), decisions, world.method.parameters)[1]
        merge(made.families, sums_of(cases.values()))
    made.close()
    cells = cells_text(made.cells, made.families)
    now = database.clock()
    manifest = {
        "id": id_,
        "valid_to": valid_to.isoformat(),
        "known_to": rfc3339(instant(known_to)),
        "method_version": world.method.version,
        "codelist_version": world.method.codelists,
        "fx_version": world.fx,
        "rests_on": rests_on,
        "watermark": watermark,
        "projects": made.projects,
        "figures": len(made.lines),
        "sha256": digest(cells, made.lines),
        "created_at": rfc3339(now),
        "created_by": by.organisation or by.role,
    }
    text = canonical(manifest)
    snapshot = kept.Kept(id_, text, signer.sign(text), signer.public_key)
    async with database.transaction(SYSTEM) as tx:
        if not await kept.add_snapshot(tx.conn, snapshot, cells, made.lines):
            raise Taken
        said = SnapshotPublished(
            snapshot_id=id_,
            valid_to=valid_to,
            known_to=instant(known_to),
            method_version=world.method.version,
            codelist_version=world.method.codelists,
            fx_version=world.fx,
            watermark=watermark,
            projects=made.projects,
            figures=len(made.lines),
            sha256=str(manifest["sha256"]),
            signature=snapshot.signature,
            public_key=snapshot.public_key,
            published_at=now,
        )
        tx.emit(METRICS, f"snapshot|{id_}", said, subject=f"snapshot/{id_}", classification="public", time=now)
    return told(snapshot)


def told(snapshot: kept.Kept) -> dict[str, Any]:
    """A snapshot as its readers see it."""
    manifest: dict[str, Any] = json.loads(snapshot.manifest)
    return manifest | {
        "manifest": snapshot.manifest,
        "signature": snapshot.signature,
        "public_key": snapshot.public_key,
    }


async def verify(tx: Tx, signer: Signer, id_: str) -> dict[str, Any] | None:
    """Digest and signature made again from what is kept, as the service itself; None where there is no such one."""
    found = await kept.snapshot(tx.conn, id_)
    if found is None:
        return None
    manifest = json.loads(found.manifest)
    sha256 = digest(await kept.snapshot_cells(tx.conn, id_), await kept.snapshot_lines(tx.conn, id_))
    return told(found) | {
        "recomputed": sha256,
        "digest_holds": sha256 == manifest["sha256"],
        "signature_holds": holds(found.public_key, found.signature, found.manifest),
        "key_is_ours": found.public_key == signer.public_key,
    }

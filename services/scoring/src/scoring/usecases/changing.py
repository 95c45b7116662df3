"""A change of method, begun on its day or by hand: everything again in the shadow, then one switch (ADR 0078)."""

from __future__ import annotations

from typing import Final

from runtime.access import SYSTEM
from runtime.db import Database, Tx, new_id
from scoring.codec import micros
from scoring.domain.method import parts_of
from scoring.store import method as store
from scoring.usecases.jobs import Jobs
from scoring.usecases.mending import mend
from scoring.usecases.method import KIND, cause_of, coming, in_force, made
from scoring.usecases.switching import Change

REBUILD: Final = "rebuild"


async def change_to(tx: Tx, version: str) -> Change | None:
    """The change to a version; None where there is no such one, or figures stand under it."""
    method, standing = await made(tx, version), await in_force(tx)
    if method is None or version == standing.version:
        return None
    release, lists = parts_of(version)
    kind, name = KIND, release
    if release == standing.release:
        kind = min(k for k in lists.keys() | standing.lists.keys() if lists.get(k) != standing.lists.get(k))
        name = lists.get(kind, "")
    part = await store.part(tx.conn, kind, name)
    type_, why = cause_of(kind)
    return Change(method, part.recorded.id if part is not None and part.applied is None else new_id(), type_, why)


async def begin_due(database: Database, jobs: Jobs) -> bool:
    """Rebuild under what is due and let it be in force, one after the other; whether there was anything."""
    async with database.transaction(SYSTEM) as tx:
        found = await coming(tx, tx.clock().date())
        change = await change_to(tx, found[1]) if found is not None else None
        if found is not None and change is None:  # it makes no other version than the one in force
            await store.note_applied(tx.conn, found[0], micros(tx.clock()))
    if change is None:
        return found is not None
    job = jobs.start(REBUILD, change.method.version, lambda job: mend(database, job.tell, change))
    if job is None:
        return False
    await jobs.finished(REBUILD)
    return job.state == "done"

"""Submissions, and which of them is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from intake.store.columns import unless_empty


@dataclass(slots=True)
class Submission:
    """One submission and its counts; activities are counted for files, single events count as one."""

    id: str
    entity: str
    channel: str
    received_at: datetime
    state: str = "done"
    outcome: str | None = None
    event_id: str | None = None
    project_id: str | None = None
    file: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    dry_run: bool = False
    processed_at: datetime | None = None
    activities: int = 0
    accepted: int = 0
    amended: int = 0
    unchanged: int = 0
    quarantined: int = 0
    events: int = 0
    traceparent: str | None = None


_COLUMNS = (
    "id", "entity", "channel", "state", "outcome", "event_id", "project_id", "file", "sha256", "bytes", "dry_run",
    "received_at", "processed_at", "activities", "accepted", "amended", "unchanged", "quarantined", "events",
    "traceparent",
)  # fmt: skip
_TYPES = (
    "text", "text", "text", "text", "text", "text", "text", "text", "text", "bigint", "bool",
    "timestamptz", "timestamptz", "int", "int", "int", "int", "int", "int", "text",
)  # fmt: skip
_INSERT = (
    f"insert into submission ({', '.join(_COLUMNS)}) select * from unnest("  # noqa: S608  constants of this module
    + ", ".join(f"${n}::{t}[]" for n, t in enumerate(_TYPES, 1))
    + ")"
)


async def add(conn: Any, rows: Sequence[Submission]) -> None:
    """Add finished or open submissions."""
    await conn.execute(_INSERT, *([getattr(r, c) for r in rows] for c in _COLUMNS))


async def add_events(conn: Any, rows: Sequence[Submission]) -> None:
    """Add finished submissions of one event each, which one sender sent by one way at one time.

    A few columns say everything about them; the rest is the same for all, or follows from the decision.
    """
    first = rows[0]
    await conn.execute(
        "insert into submission (id, event_id, project_id, traceparent, outcome, accepted, amended, unchanged,"
        " quarantined, events, entity, channel, state, received_at, processed_at)"
        " select id, event, project, trace, case d when 'amended' then 'accepted' else d end, (d = 'accepted')::int,"
        " (d = 'amended')::int, (d = 'unchanged')::int, (d = 'quarantined')::int, (d in ('accepted', 'amended'))::int,"
        " $6, $7, 'done', $8, $9"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as x(id, event, project, trace, d)",
        [r.id for r in rows],
        [r.event_id for r in rows],
        [r.project_id for r in rows],
        unless_empty([r.traceparent for r in rows]),
        ["amended" if r.amended else r.outcome for r in rows],
        first.entity,
        first.channel,
        first.received_at,
        first.processed_at,
    )


async def update(conn: Any, row: Submission, readability: dict[str, Any] | None = None) -> None:
    """Write state, outcome and counts."""
    await conn.execute(
        "update submission set state = $2, outcome = $3, sha256 = $4, bytes = $5, processed_at = $6, activities = $7,"
        " accepted = $8, amended = $9, unchanged = $10, quarantined = $11, events = $12,"
        " readability = coalesce($13, readability) where id = $1",
        row.id, row.state, row.outcome, row.sha256, row.bytes, row.processed_at, row.activities, row.accepted,
        row.amended, row.unchanged, row.quarantined, row.events,
        orjson.dumps(readability).decode() if readability is not None else None,
    )  # fmt: skip


async def one(conn: Any, id_: str) -> Any | None:
    """One submission's row, if the principal may see it."""
    return await conn.fetchrow("select *, readability::text as readable from submission where id = $1", id_)


async def page(conn: Any, entity: str | None, event_id: str | None, before: str | None, limit: int) -> list[Any]:
    """Submissions the principal may see, newest first."""
    rows: list[Any] = await conn.fetch(
        "select *, readability::text as readable from submission where ($1::text is null or entity = $1)"
        " and ($2::text is null or event_id = $2) and ($3::text is null or id < $3) order by id desc limit $4",
        entity,
        event_id,
        before,
        limit,
    )
    return rows


async def earlier_copy(conn: Any, entity: str, sha256: str, id_: str) -> str | None:
    """An earlier finished submission of the same bytes."""
    found: str | None = await conn.fetchval(
        "select id from submission where entity = $1 and sha256 = $2 and id <> $3 and state = 'done' and not dry_run"
        " order by id desc limit 1",
        entity,
        sha256,
        id_,
    )
    return found


async def take_waiting(session: Any) -> Any | None:
    """The oldest file waiting, or left half done by a worker that died; locked for this session."""
    await session.execute("select set_config('app.role', 'system', false)")
    rows = await session.fetch(
        "select *, readability::text as readable from submission where state in ('waiting', 'processing')"
        " and channel = 'file' order by id limit 16"
    )
    for row in rows:
        if await session.fetchval("select pg_try_advisory_lock(hashtextextended($1, 7))", row["id"]):
            return row
    return None


async def let_go(session: Any, id_: str) -> None:
    """Release the session's lock on a file."""
    await session.execute("select pg_advisory_unlock(hashtextextended($1, 7))", id_)


async def forget(conn: Any, id_: str) -> None:
    """Drop a submission whose upload broke off."""
    await conn.execute("delete from submission where id = $1 and state = 'receiving'", id_)

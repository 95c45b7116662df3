"""Every SQL statement of intake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from intake.domain.ledger import Known


@dataclass(slots=True)
class ProjectRow:
    """A project's owner and version clock, locked by this transaction."""

    project_id: str
    entity: str
    classification: str
    sequence: int
    recordedtime: datetime | None
    edition: datetime | None


@dataclass(frozen=True, slots=True)
class Entity:
    """A registered entity; ``names`` are the references its data may use."""

    ref: str
    name: str
    names: frozenset[str]


async def entities(conn: Any) -> dict[str, Entity]:
    """Every registered entity by reference."""
    rows = await conn.fetch("select ref, name, also from entity order by ref")
    return {r["ref"]: Entity(r["ref"], r["name"], frozenset([r["ref"], *r["also"]])) for r in rows}


async def save_entity(conn: Any, ref: str, name: str, also: Sequence[str]) -> None:
    """Register an entity, or rename it."""
    await conn.execute(
        "insert into entity (ref, name, also) values ($1, $2, $3)"
        " on conflict (ref) do update set name = excluded.name, also = excluded.also",
        ref,
        name,
        list(also),
    )


async def lock_projects(conn: Any, project_ids: Sequence[str]) -> dict[str, ProjectRow]:
    """Lock the rows of these projects, in order; unknown projects are absent."""
    rows = await conn.fetch(
        "select project_id, entity, classification, sequence, nullif(recordedtime, '-infinity') as recordedtime,"
        " edition from project where project_id = any($1) order by project_id for update",
        sorted(project_ids),
    )
    return {
        r["project_id"]: ProjectRow(
            r["project_id"], r["entity"], r["classification"], r["sequence"], r["recordedtime"], r["edition"]
        )
        for r in rows
    }


async def claim_projects(conn: Any, project_ids: Sequence[str], entity: str) -> None:
    """Make rows for projects seen for the first time; whoever commits first owns them."""
    await conn.execute(
        "insert into project (project_id, entity) select p, $2 from unnest($1::text[]) as p order by p"
        " on conflict do nothing",
        sorted(project_ids),
        entity,
    )


async def save_projects(conn: Any, rows: Sequence[ProjectRow]) -> None:
    """Advance version clocks, classes and editions."""
    await conn.execute(
        "update project p set classification = x.c, sequence = x.s, recordedtime = coalesce(x.r, p.recordedtime),"
        " edition = x.e from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])"
        " as x(id, c, s, r, e) where p.project_id = x.id",
        [r.project_id for r in rows],
        [r.classification for r in rows],
        [r.sequence for r in rows],
        [r.recordedtime for r in rows],
        [r.edition for r in rows],
    )


async def facts(conn: Any, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """The current versions of these facts, by (project, key)."""
    rows = await conn.fetch(
        "select f.project_id, f.key, f.digest, f.tombstone, f.body::text as body from fact f"
        " join unnest($1::text[], $2::text[]) as x(p, k) on f.project_id = x.p and f.key = x.k",
        [p for p, _ in keys],
        [k for _, k in keys],
    )
    return {(r["project_id"], r["key"]): _known(r) for r in rows}


async def facts_of(conn: Any, project_ids: Sequence[str]) -> dict[str, dict[str, tuple[Known, bool]]]:
    """All facts of these projects, each with whether a file said it."""
    rows = await conn.fetch(
        "select project_id, key, digest, tombstone, from_file, body::text as body from fact where project_id = any($1)",
        list(project_ids),
    )
    found: dict[str, dict[str, tuple[Known, bool]]] = {}
    for r in rows:
        found.setdefault(r["project_id"], {})[r["key"]] = (_known(r), r["from_file"])
    return found


def _known(row: Any) -> Known:
    return Known(row["digest"], row["tombstone"], orjson.loads(row["body"]) if row["body"] else None)


async def measures(conn: Any, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The IATI measure of these indicators, by (project, key); of those that are defined and not withdrawn."""
    rows = await conn.fetch(
        "select f.project_id, f.key, f.body->>'measure' as measure from fact f"
        " join unnest($1::text[], $2::text[]) as x(p, k) on f.project_id = x.p and f.key = x.k where not f.tombstone",
        [p for p, _ in keys],
        [k for _, k in keys],
    )
    return {(r["project_id"], r["key"]): r["measure"] for r in rows}


FactRow = tuple[str, str, bytes, int, str | None]
"""A fact to keep: project, key, digest (none of a tombstone), sequence, body as JSON where it is kept."""


async def save_facts(conn: Any, rows: Sequence[FactRow], *, from_file: bool) -> None:
    """Replace the current versions."""
    latest = {(r[0], r[1]): r for r in rows}
    ordered = [latest[k] for k in sorted(latest)]
    await conn.execute(
        "insert into fact (project_id, key, digest, tombstone, from_file, sequence, body)"
        " select p, k, d, length(d) = 0, $6, s, b"
        " from unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::jsonb[]) as x(p, k, d, s, b)"
        " on conflict (project_id, key) do update set digest = excluded.digest, tombstone = excluded.tombstone,"
        " from_file = excluded.from_file, sequence = excluded.sequence, body = excluded.body",
        *([r[i] for r in ordered] for i in range(4)),
        _unless_empty([r[4] for r in ordered]),
        from_file,
    )


def _unless_empty(column: list[str | None]) -> list[str | None] | None:
    """A column to unnest; one of nulls alone is not sent, because asyncpg looks at every element thrice."""
    return column if any(value is not None for value in column) else None


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


async def add_submissions(conn: Any, rows: Sequence[Submission]) -> None:
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
        _unless_empty([r.traceparent for r in rows]),
        ["amended" if r.amended else r.outcome for r in rows],
        first.entity,
        first.channel,
        first.received_at,
        first.processed_at,
    )


async def update_submission(conn: Any, row: Submission, readability: dict[str, Any] | None = None) -> None:
    """Write state, outcome and counts."""
    await conn.execute(
        "update submission set state = $2, outcome = $3, sha256 = $4, bytes = $5, processed_at = $6, activities = $7,"
        " accepted = $8, amended = $9, unchanged = $10, quarantined = $11, events = $12,"
        " readability = coalesce($13, readability) where id = $1",
        row.id, row.state, row.outcome, row.sha256, row.bytes, row.processed_at, row.activities, row.accepted,
        row.amended, row.unchanged, row.quarantined, row.events,
        orjson.dumps(readability).decode() if readability is not None else None,
    )  # fmt: skip


async def submission(conn: Any, id_: str) -> Any | None:
    """One submission's row, if the principal may see it."""
    return await conn.fetchrow("select *, readability::text as readable from submission where id = $1", id_)


async def submissions(conn: Any, entity: str | None, event_id: str | None, before: str | None, limit: int) -> list[Any]:
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


async def forget_claims(conn: Any, project_ids: Sequence[str]) -> None:
    """Undo the claims of a dry run."""
    await conn.execute("delete from project where project_id = any($1) and sequence = 0", list(project_ids))


async def add_upload(conn: Any, id_: str, part: int, content: bytes) -> None:
    """Keep a piece of an upload."""
    await conn.execute("insert into upload (submission_id, part, bytes) values ($1, $2, $3)", id_, part, content)


async def upload_part(conn: Any, id_: str, part: int) -> bytes | None:
    """A piece of an upload."""
    found: bytes | None = await conn.fetchval(
        "select bytes from upload where submission_id = $1 and part = $2", id_, part
    )
    return found


async def forget_upload(conn: Any, id_: str) -> None:
    """Drop the bytes of an upload that is finished or was refused."""
    await conn.execute("delete from upload where submission_id = $1", id_)


async def forget_submission(conn: Any, id_: str) -> None:
    """Drop a submission whose upload broke off."""
    await conn.execute("delete from submission where id = $1 and state = 'receiving'", id_)


async def add_findings(conn: Any, submission_id: str, start: int, rows: Sequence[dict[str, Any]]) -> None:
    """Add findings, numbered from ``start``."""
    await conn.execute(
        "insert into finding (submission_id, n, project_id, rule, severity, path, line, message, remedy, text)"
        " select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],"
        " $9::text[], $10::text[]) on conflict do nothing",
        submission_id,
        list(range(start, start + len(rows))),
        *([r.get(k) for r in rows] for k in ("project_id", "rule", "severity", "path", "line", "message", "remedy")),
        [(r.get("text") or None) and str(r["text"])[:500] for r in rows],
    )


async def findings(conn: Any, id_: str, after: int, limit: int, severity: str | None) -> list[Any]:
    """Findings of a submission, in order."""
    rows: list[Any] = await conn.fetch(
        "select n, project_id, rule, severity, path, line, message, remedy, text from finding"
        " where submission_id = $1 and n > $2 and ($4::text is null or severity = $4) order by n limit $3",
        id_,
        after,
        limit,
        severity,
    )
    return rows


async def rules(conn: Any, id_: str) -> dict[str, int]:
    """Findings by rule id."""
    rows = await conn.fetch(
        "select rule, count(*) as n from finding where submission_id = $1 group by 1 order by 1", id_
    )
    return {r["rule"]: r["n"] for r in rows}


async def finding_count(conn: Any, id_: str) -> int:
    """How many findings a submission has so far."""
    found: int = await conn.fetchval("select count(*) from finding where submission_id = $1", id_)
    return found


async def add_sources(conn: Any, submission_id: str, entity: str, rows: Sequence[tuple[str, str, int, bytes]]) -> None:
    """Keep activities as received: (project, classification, first line, compressed XML)."""
    await conn.execute(
        "insert into source (submission_id, entity, project_id, classification, first_line, xml)"
        " select $1, $2, * from unnest($3::text[], $4::text[], $5::int[], $6::bytea[]) on conflict do nothing",
        submission_id,
        entity,
        *([r[i] for r in rows] for i in range(4)),
    )


async def source(conn: Any, submission_id: str, project_id: str) -> Any | None:
    """An activity as received, if the principal may read its project."""
    return await conn.fetchrow(
        "select s.first_line, s.xml, s.entity from source s where s.submission_id = $1 and s.project_id = $2",
        submission_id,
        project_id,
    )


async def save_readability(conn: Any, rows: Sequence[tuple[str, str]]) -> None:
    """Keep how readable each project is, as JSON."""
    await conn.execute(
        "update project p set readability = x.r from unnest($1::text[], $2::jsonb[]) as x(id, r)"
        " where p.project_id = x.id",
        [r[0] for r in rows],
        [r[1] for r in rows],
    )


async def readability(conn: Any, entity: str) -> list[Any]:
    """Readability of each of an entity's projects that the principal may read."""
    rows: list[Any] = await conn.fetch(
        "select project_id, readability::text as readability from project where entity = $1 and readability is not null"
        " order by project_id",
        entity,
    )
    return rows


async def publish_once(conn: Any, name: str) -> bool:
    """Whether this is the first time something is published; remembers it."""
    found = await conn.fetchval(
        "insert into published_once (name) values ($1) on conflict do nothing returning name", name
    )
    return found is not None


async def last_closed_day(conn: Any) -> str | None:
    """The last UTC day whose end was announced."""
    found: str | None = await conn.fetchval("select max(name) from published_once where name like 'day:%'")
    return found

"""Every SQL statement of scoring. Rows are always locked in the order of their keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.codec import pack_published, pack_state, unpack_published, unpack_state
from scoring.domain.cells import Vector
from scoring.domain.facts import Version
from scoring.domain.state import ProjectState, Published, Share


class FactRow(NamedTuple):
    """One accepted fact as it came."""

    project_id: str
    version: Version
    type: str
    body: bytes


class CellRow(NamedTuple):
    """One cell as stored."""

    scope: str
    sums: Vector
    published: dict[str, Published]


# Facts -----------------------------------------------------------------------------------------------------


async def append_facts(conn: Any, rows: Sequence[FactRow]) -> None:
    """Keep facts for ever; one that is there already stays as it is."""
    await conn.execute(
        "insert into fact (project_id, id, recorded, sequence, type, body)"
        " select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])"
        " on conflict do nothing",
        [row.project_id for row in rows],
        [row.version.id for row in rows],
        [row.version.recorded for row in rows],
        [row.version.sequence for row in rows],
        [row.type for row in rows],
        [row.body for row in rows],
    )


async def facts_by_id(conn: Any, ids: Iterable[tuple[str, str]]) -> dict[tuple[str, str], FactRow]:
    """Facts by (project, event id), as far as the caller may read them."""
    wanted = sorted(set(ids))
    rows = await conn.fetch(
        "select f.project_id, f.id, f.recorded, f.sequence, f.type, f.body from fact f"
        " join unnest($1::text[], $2::text[]) as x(p, i) on f.project_id = x.p and f.id = x.i",
        [project for project, _ in wanted],
        [id_ for _, id_ in wanted],
    )
    return {(row["project_id"], row["id"]): _fact(row["project_id"], row) for row in rows}


async def facts_of(conn: Any, projects: Sequence[str]) -> list[FactRow]:
    """All facts of these projects, in the order they were recorded."""
    rows = await conn.fetch(
        "select project_id, id, recorded, sequence, type, body from fact where project_id = any($1::text[])"
        " order by project_id, recorded, sequence, id",
        list(projects),
    )
    return [_fact(row["project_id"], row) for row in rows]


async def projects_with_facts(conn: Any, after: str, limit: int) -> list[str]:
    """Identifiers of projects that have facts, in order, a page at a time."""
    rows = await conn.fetch(
        "select distinct project_id from fact where project_id > $1 order by project_id limit $2", after, limit
    )
    return [row["project_id"] for row in rows]


def _fact(project_id: str, row: Any) -> FactRow:
    version = Version(row["recorded"], row["sequence"], row["id"])
    return FactRow(project_id, version, row["type"], row["body"])


# Projects --------------------------------------------------------------------------------------------------


async def lock_projects(conn: Any, projects: Sequence[str]) -> dict[str, int]:
    """Lock those of the projects that are known, in order; returns the token of the last write of each."""
    rows = await conn.fetch(
        "select project_id, token from project_state where project_id = any($1::text[])"
        " order by project_id for no key update",
        list(projects),
    )
    return {row["project_id"]: row["token"] for row in rows}


async def project_states(conn: Any, projects: Sequence[str]) -> dict[str, ProjectState]:
    """The states of those of the projects that are known to the caller."""
    rows = await conn.fetch(
        "select project_id, body from project_state where project_id = any($1::text[])", list(projects)
    )
    return {row["project_id"]: unpack_state(row["body"]) for row in rows}


async def all_states(conn: Any, size: int = 500) -> AsyncIterator[ProjectState]:
    """Every state, in order, a page at a time."""
    after = ""
    while True:
        rows = await conn.fetch(
            "select project_id, body from project_state where project_id > $1 order by project_id limit $2", after, size
        )
        for row in rows:
            yield unpack_state(row["body"])
        if len(rows) < size:
            return
        after = rows[-1]["project_id"]


async def due_projects(conn: Any, day: int) -> list[str]:
    """Projects that time alone changes by the close of this day."""
    rows = await conn.fetch("select project_id from project_state where transition <= $1 order by project_id", day)
    return [row["project_id"] for row in rows]


@dataclass(slots=True)
class Saved:
    """A project to be written, with what its row says beside the body."""

    state: ProjectState
    token: int
    entity: str
    classification: str
    good: int
    assessed: int
    unknown: int


async def save_projects(conn: Any, rows: Sequence[Saved]) -> None:
    """Write states, in the order of their keys, in one statement."""
    ordered = sorted(rows, key=lambda row: row.state.project_id)
    weighted = [row.state.contribution.weighted if row.state.contribution else (0,) * 6 for row in ordered]
    await conn.execute(
        "insert into project_state (project_id, token, entity, classification, transition, counted, designed, known,"
        " mean, lower, upper, covered, good, assessed, unknown, body)"
        " select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::boolean[], $7::int[],"
        " $8::int[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],"
        " $15::bigint[], $16::bytea[])"
        " on conflict (project_id) do update set token = excluded.token, entity = excluded.entity,"
        " classification = excluded.classification, transition = excluded.transition, counted = excluded.counted,"
        " designed = excluded.designed, known = excluded.known, mean = excluded.mean, lower = excluded.lower,"
        " upper = excluded.upper, covered = excluded.covered, good = excluded.good, assessed = excluded.assessed,"
        " unknown = excluded.unknown, body = excluded.body",
        [row.state.project_id for row in ordered],
        [row.token for row in ordered],
        [row.entity for row in ordered],
        [row.classification for row in ordered],
        [row.state.transition for row in ordered],
        [row.state.contribution is not None for row in ordered],
        *([values[position] for values in weighted] for position in range(6)),
        [row.good for row in ordered],
        [row.assessed for row in ordered],
        [row.unknown for row in ordered],
        [pack_state(row.state) for row in ordered],
    )


async def save_shares(conn: Any, shares: dict[str, dict[str, Share]]) -> None:
    """Replace what these projects bring into their scopes."""
    await conn.execute("delete from share where project_id = any($1::text[])", sorted(shares))
    rows = sorted((scope, project, share) for project, found in shares.items() for scope, share in found.items())
    await conn.execute(
        "insert into share (scope, project_id, ppm, cents, budget, spend)"
        " select s, p, m, c::numeric, b::numeric[], e::numeric[]"
        " from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) as x(s, p, m, c, b, e)",
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2].ppm for row in rows],
        [str(row[2].cents) for row in rows],
        [_array(row[2].budget) for row in rows],
        [_array(row[2].spend) for row in rows],
    )


# Cells -----------------------------------------------------------------------------------------------------


async def lock_cells(conn: Any, scopes: Sequence[str], size: int) -> dict[str, CellRow]:
    """Lock cells in order, making those that are not there: unordered locks of hot rows end in deadlocks."""
    ordered = sorted(scopes)
    found = await _locked(conn, ordered)
    missing = [scope for scope in ordered if scope not in found]
    if missing:
        await conn.execute(
            "insert into cell (scope, sums, classification, published)"
            " select s, $2::text::numeric[], 'public', '' from unnest($1::text[]) as s order by s"
            " on conflict do nothing",
            missing,
            _array([0] * size),
        )
        found = await _locked(conn, ordered)
    return found


async def _locked(conn: Any, ordered: Sequence[str]) -> dict[str, CellRow]:
    rows = await conn.fetch(
        "select scope, sums::text, published from cell where scope = any($1::text[]) order by scope for no key update",
        ordered,
    )
    return {row["scope"]: _cell(row) for row in rows}


async def cell(conn: Any, scope: str) -> CellRow | None:
    """One cell, if the caller may read it."""
    row = await conn.fetchrow("select scope, sums::text, published from cell where scope = $1", scope)
    return _cell(row) if row is not None else None


async def all_cells(conn: Any) -> dict[str, Vector]:
    """The sums of every cell."""
    rows = await conn.fetch("select scope, sums::text from cell")
    return {row["scope"]: _vector(row["sums"]) for row in rows}


async def save_cells(conn: Any, rows: Sequence[tuple[CellRow, str, str | None]]) -> None:
    """Write cells that are locked, each with its class and owner, in one statement."""
    await conn.execute(
        "update cell c set sums = x.v::numeric[], classification = x.k, owner = x.o, published = x.p"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as x(s, v, k, o, p)"
        " where c.scope = x.s",
        [row.scope for row, _, _ in rows],
        [_array(row.sums) for row, _, _ in rows],
        [classification for _, classification, _ in rows],
        [owner for _, _, owner in rows],
        [pack_published(row.published) for row, _, _ in rows],
    )


def _cell(row: Any) -> CellRow:
    return CellRow(row["scope"], _vector(row["sums"]), unpack_published(row["published"]))


def _array(values: Sequence[int]) -> str:
    """An array as PostgreSQL reads it: several times cheaper than a numeric value for each number."""
    return "{" + ",".join(map(str, values)) + "}"


def _vector(text: str) -> Vector:
    inner = text[1:-1]
    return [int(part) for part in inner.split(",")] if inner else []


# Calendar --------------------------------------------------------------------------------------------------


async def closed_day(conn: Any) -> int:
    """The last closed day; 0 before the first."""
    return int(await conn.fetchval("select closed from calendar"))


async def close_day(conn: Any, day: int) -> bool:
    """Note that a day is over; False where it, or a later one, was already."""
    return await conn.fetchval("update calendar set closed = $1 where closed < $1 returning true", day) is True


# Explanations ----------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """What one project brings into a total."""

    state: ProjectState
    share: Share
    numerator: int
    denominator: int


class Total(NamedTuple):
    """A cell, the largest contributions to it that the caller may read, and the sums of all those."""

    cell: CellRow
    lines: list[Line]
    readable: int
    numerator: int
    denominator: int


_PARTS = {
    # metric: (numerator, denominator) of one project's contribution; $3 is the pillar with the least money, for M7
    "M4": ("s.ppm * p.mean * p.known", "s.ppm * p.known"),
    "M2": ("s.ppm * p.good", "s.ppm * p.assessed"),
    "M7": ("s.budget[$3::int]", "s.budget[1] + s.budget[2] + s.budget[3] + s.budget[4]"),
}


async def total(conn: Any, metric: str, scope: str, limit: int, position: int) -> Total | None:
    """Everything an explanation of a total needs, of one moment: one statement.

    ``position`` is the place, from 1, of the pillar that M7's figure is about.
    """
    numerator, denominator = _PARTS[metric]
    rows = await conn.fetch(
        f"with parts as (select s.project_id, s.ppm, s.cents, s.budget, s.spend, p.body,"  # noqa: S608 (constants)
        f" ({numerator})::numeric as n, ({denominator})::numeric as d"
        " from share s join project_state p using (project_id) where s.scope = $1 and $3::int > 0)"
        " select c.scope, c.sums::text, c.published, t.readable, t.n::text as total_n, t.d::text as total_d,"
        " l.project_id, l.ppm, l.cents::text, l.budget::text, l.spend::text, l.body, l.n::text, l.d::text"
        " from cell c"
        " cross join (select count(*) as readable, coalesce(sum(n), 0) as n, coalesce(sum(d), 0) as d from parts) t"
        " left join (select * from parts order by n desc, d desc, project_id limit $2) l on true"
        " where c.scope = $1",
        scope,
        limit,
        position,
    )
    if not rows:
        return None
    lines = [
        Line(
            unpack_state(row["body"]),
            Share(row["ppm"], int(row["cents"]), False, tuple(_vector(row["budget"])), tuple(_vector(row["spend"]))),
            int(row["n"]),
            int(row["d"]),
        )
        for row in rows
        if row["project_id"] is not None
    ]
    first = rows[0]
    return Total(_cell(first), lines, first["readable"], int(first["total_n"]), int(first["total_d"]))

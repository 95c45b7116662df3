"""States of projects, what they bring into their scopes, and the calendar they wait for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.codec import pack_state, unpack_state
from scoring.domain.state import ProjectState, Share
from scoring.store.cells import array


async def lock_projects(conn: Any, projects: Sequence[str]) -> dict[str, int]:
    """Lock projects in order; returns the token of the last write of each, 0 where there was none.

    One that is new gets an empty row first: two workers that met it at once would write over each other.
    """
    found = await _locked(conn, projects)
    missing = [project for project in projects if project not in found]
    if missing:
        await conn.execute(
            "insert into project_state (project_id, token, entity, classification, counted, designed, known, mean,"
            " lower, upper, covered, good, assessed, unknown, body)"
            " select p, 0, '', 'owner', false, 0, 0, 0, 0, 0, 0, 0, 0, 0, '' from unnest($1::text[]) as p order by p"
            " on conflict do nothing",
            missing,
        )
        found = await _locked(conn, projects)
    return found


async def _locked(conn: Any, projects: Sequence[str]) -> dict[str, int]:
    rows = await conn.fetch(
        "select project_id, token from project_state where project_id = any($1::text[])"
        " order by project_id for no key update",
        list(projects),
    )
    return {row["project_id"]: row["token"] for row in rows}


async def project_states(conn: Any, projects: Sequence[str]) -> dict[str, ProjectState]:
    """The states of those of the projects that are known to the caller."""
    rows = await conn.fetch(
        "select project_id, body, classification from project_state where token <> 0 and project_id = any($1::text[])",
        list(projects),
    )
    return {row["project_id"]: unpack_state(row["body"]) for row in rows}


async def all_states(conn: Any, size: int = 500) -> AsyncIterator[ProjectState]:
    """Every state, in order, a page at a time."""
    after = ""
    while True:
        rows = await conn.fetch(
            "select project_id, body from project_state where token <> 0 and project_id > $1"
            " order by project_id limit $2",
            after,
            size,
        )
        for row in rows:
            yield unpack_state(row["body"])
        if len(rows) < size:
            return
        after = rows[-1]["project_id"]


async def world_token(conn: Any) -> int:
    """What changes with every table of rates and every dialect; 0 before the first."""
    return int(await conn.fetchval("select world from calendar"))


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
        " mean, lower, upper, covered, good, assessed, unknown, body, foreign_money)"
        " select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::boolean[], $7::int[],"
        " $8::int[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],"
        " $15::bigint[], $16::bytea[], $17::boolean[])"
        " on conflict (project_id) do update set token = excluded.token, entity = excluded.entity,"
        " classification = excluded.classification, transition = excluded.transition, counted = excluded.counted,"
        " designed = excluded.designed, known = excluded.known, mean = excluded.mean, lower = excluded.lower,"
        " upper = excluded.upper, covered = excluded.covered, good = excluded.good, assessed = excluded.assessed,"
        " unknown = excluded.unknown, body = excluded.body,"
        " foreign_money = excluded.foreign_money",
        [row.state.project_id for row in ordered],
        [row.token for row in ordered],
        [row.entity for row in ordered],
        [row.classification for row in ordered],
        [row.state.due for row in ordered],
        [row.state.contribution is not None for row in ordered],
        *([values[position] for values in weighted] for position in range(6)),
        [row.good for row in ordered],
        [row.assessed for row in ordered],
        [row.unknown for row in ordered],
        [pack_state(row.state) for row in ordered],
        [bool(row.state.money.other or row.state.money.tables) for row in ordered],
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
        [array(row[2].budget) for row in rows],
        [array(row[2].spend) for row in rows],
    )
    await conn.execute(
        "insert into share_ever (scope, project_id) select * from unnest($1::text[], $2::text[])"
        " on conflict do nothing",
        [row[0] for row in rows],
        [row[1] for row in rows],
    )


async def closed_day(conn: Any) -> int:
    """The last closed day; 0 before the first."""
    return int(await conn.fetchval("select closed from calendar"))


async def close_day(conn: Any, day: int) -> bool:
    """Note that a day is over; False where it, or a later one, was already."""
    return await conn.fetchval("update calendar set closed = $1 where closed < $1 returning true", day) is True

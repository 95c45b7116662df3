"""The log of accepted facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from scoring.domain.facts import Version


class FactRow(NamedTuple):
    """One accepted fact as it came."""

    project_id: str
    version: Version
    type: str
    body: bytes


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
    return {(row["project_id"], row["id"]): fact_row(row["project_id"], row) for row in rows}


async def facts_of(conn: Any, projects: Sequence[str]) -> list[FactRow]:
    """All facts of these projects, in the order they were recorded."""
    rows = await conn.fetch(
        "select project_id, id, recorded, sequence, type, body from fact where project_id = any($1::text[])"
        " order by project_id, recorded, sequence, id",
        list(projects),
    )
    return [fact_row(row["project_id"], row) for row in rows]


async def projects_with_facts(conn: Any, after: str, limit: int) -> list[str]:
    """Identifiers of projects that have facts, in order, a page at a time."""
    rows = await conn.fetch(
        "select distinct project_id from fact where project_id > $1 order by project_id limit $2", after, limit
    )
    return [row["project_id"] for row in rows]


def fact_row(project_id: str, row: Any) -> FactRow:
    """A fact as the log has it."""
    version = Version(row["recorded"], row["sequence"], row["id"])
    return FactRow(project_id, version, row["type"], row["body"])

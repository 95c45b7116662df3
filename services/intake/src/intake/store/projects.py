"""Projects: who owns them, their version clocks, and how readable they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class ProjectRow:
    """A project's owner and version clock, locked by this transaction; ``withholds``: a value was ever withheld."""

    project_id: str
    entity: str
    classification: str
    sequence: int
    recordedtime: datetime | None
    edition: datetime | None
    withholds: bool


async def lock(conn: Any, project_ids: Sequence[str]) -> dict[str, ProjectRow]:
    """Lock the rows of these projects, in order; unknown projects are absent."""
    rows = await conn.fetch(
        "select project_id, entity, classification, sequence, nullif(recordedtime, '-infinity') as recordedtime,"
        " edition, withholds from project where project_id = any($1) order by project_id for update",
        sorted(project_ids),
    )
    return {
        r["project_id"]: ProjectRow(
            r["project_id"],
            r["entity"],
            r["classification"],
            r["sequence"],
            r["recordedtime"],
            r["edition"],
            r["withholds"],
        )
        for r in rows
    }


async def claim(conn: Any, project_ids: Sequence[str], entity: str) -> None:
    """Make rows for projects seen for the first time; whoever commits first owns them."""
    await conn.execute(
        "insert into project (project_id, entity) select p, $2 from unnest($1::text[]) as p order by p"
        " on conflict do nothing",
        sorted(project_ids),
        entity,
    )


async def submitted(conn: Any, project_ids: Sequence[str]) -> set[str]:
    """Those of the projects that somebody has submitted."""
    rows = await conn.fetch(
        "select project_id from project where project_id = any($1) and sequence > 0", list(project_ids)
    )
    return {r["project_id"] for r in rows}


async def save(conn: Any, rows: Sequence[ProjectRow]) -> None:
    """Advance version clocks, classes and editions, and what is known to be withheld."""
    await conn.execute(
        "update project p set classification = x.c, sequence = x.s, recordedtime = coalesce(x.r, p.recordedtime),"
        " edition = x.e, withholds = x.w"
        " from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::boolean[])"
        " as x(id, c, s, r, e, w) where p.project_id = x.id",
        [r.project_id for r in rows],
        [r.classification for r in rows],
        [r.sequence for r in rows],
        [r.recordedtime for r in rows],
        [r.edition for r in rows],
        [r.withholds for r in rows],
    )


async def forget_claims(conn: Any, project_ids: Sequence[str]) -> None:
    """Undo the claims of a dry run."""
    await conn.execute("delete from project where project_id = any($1) and sequence = 0", list(project_ids))


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


async def readability_by_entity(conn: Any) -> list[Any]:
    """Indicators, and those that can be scored, by entity, of the projects that the principal may read."""
    rows: list[Any] = await conn.fetch(
        "select entity, sum((readability->>'indicators')::bigint)::bigint as indicators,"
        " sum((readability->>'scorable')::bigint)::bigint as scorable from project"
        " where readability is not null group by entity order by entity"
    )
    return rows

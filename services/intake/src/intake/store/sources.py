"""Activities as they were received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


async def add(conn: Any, submission_id: str, entity: str, rows: Sequence[tuple[str, str, int, bytes]]) -> None:
    """Keep activities as received: (project, classification, first line, compressed XML)."""
    await conn.execute(
        "insert into source (submission_id, entity, project_id, classification, first_line, xml)"
        " select $1, $2, * from unnest($3::text[], $4::text[], $5::int[], $6::bytea[]) on conflict do nothing",
        submission_id,
        entity,
        *([r[i] for r in rows] for i in range(4)),
    )


async def one(conn: Any, submission_id: str, project_id: str) -> Any | None:
    """An activity as received, if the principal may read its project, and might have when it came (ADR 0100)."""
    return await conn.fetchrow(
        "select project_id, first_line, xml, entity, classification from source"
        " where submission_id = $1 and project_id = $2",
        submission_id,
        project_id,
    )

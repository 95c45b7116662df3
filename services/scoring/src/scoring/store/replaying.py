"""What a replay reads: facts by the instant they were recorded, and which projects it must ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoring.store.facts import FactRow, fact_row


async def facts_known(conn: Any, projects: Sequence[str], known: int) -> list[FactRow]:
    """The facts of these projects recorded by an instant (µs since 1970), by project."""
    rows = await conn.fetch(
        "select project_id, id, recorded, sequence, type, body from fact"
        " where project_id = any($1::text[]) and recorded <= $2 order by project_id",
        list(projects),
        known,
    )
    return [fact_row(row["project_id"], row) for row in rows]


async def facts_number(conn: Any, projects: Sequence[str], most: int) -> int:
    """How many facts these projects have; counting ends at ``most``."""
    found: int = await conn.fetchval(
        "select count(*) from (select from fact where project_id = any($1::text[]) limit $2) f", list(projects), most
    )
    return found


async def projects_ever_in(conn: Any, scope: str) -> list[str]:
    """The projects that ever brought something into a scope, in order, as far as the caller may read them."""
    rows = await conn.fetch("select project_id from share_ever where scope = $1 order by project_id", scope)
    return [row["project_id"] for row in rows]

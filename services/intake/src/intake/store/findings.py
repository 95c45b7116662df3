"""What was found about submissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


async def add(conn: Any, submission_id: str, start: int, rows: Sequence[dict[str, Any]]) -> None:
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


async def page(conn: Any, id_: str, after: int, limit: int, severity: str | None) -> list[Any]:
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


async def shown(conn: Any, id_: str, limit: int) -> list[Any]:
    """The findings a receipt shows: errors before all else, then each rule in turn, so that none hides another."""
    rows: list[Any] = await conn.fetch(
        "select n, project_id, rule, severity, path, line, message, remedy, text from ("
        " select *, row_number() over (partition by rule, severity order by n) as turn from finding"
        " where submission_id = $1) as f order by severity <> 'error', turn, n limit $2",
        id_,
        limit,
    )
    return rows


async def by_rule(conn: Any, id_: str) -> dict[str, int]:
    """Findings by rule id."""
    rows = await conn.fetch(
        "select rule, count(*) as n from finding where submission_id = $1 group by 1 order by 1", id_
    )
    return {r["rule"]: r["n"] for r in rows}


async def count(conn: Any, id_: str) -> int:
    """How many findings a submission has so far."""
    found: int = await conn.fetchval("select count(*) from finding where submission_id = $1", id_)
    return found

"""The current version of each fact of a project, under its business key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from intake.domain.ledger import Known
from intake.store.columns import unless_empty


async def known(conn: Any, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """The current versions of these facts, by (project, key)."""
    rows = await conn.fetch(
        "select f.project_id, f.key, f.digest, f.tombstone, f.body::text as body from fact f"
        " join unnest($1::text[], $2::text[]) as x(p, k) on f.project_id = x.p and f.key = x.k",
        [p for p, _ in keys],
        [k for _, k in keys],
    )
    return {(r["project_id"], r["key"]): _known(r) for r in rows}


async def known_of(conn: Any, project_ids: Sequence[str]) -> dict[str, dict[str, tuple[Known, bool]]]:
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


async def save(conn: Any, rows: Sequence[FactRow], *, from_file: bool) -> None:
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
        unless_empty([r[4] for r in ordered]),
        from_file,
    )

"""Snapshots: written once, read for ever."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from scoring.domain.snapshot import Line

_PAGE: Final = 5000


class Kept(NamedTuple):
    """A snapshot without its figures."""

    id: str
    manifest: str
    signature: str
    public_key: str


async def add_snapshot(conn: Any, snapshot: Kept, cells: str, lines: Sequence[Line]) -> bool:
    """Keep a snapshot; False where its id is taken."""
    added = await conn.fetchval(
        "insert into snapshot (id, manifest, signature, public_key) values ($1, $2, $3, $4)"
        " on conflict do nothing returning true",
        *snapshot,
    )
    if not added:
        return False
    await conn.execute(
        "insert into snapshot_cells (snapshot_id, body) values ($1, $2)", snapshot.id, zlib.compress(cells.encode(), 6)
    )
    for start in range(0, len(lines), _PAGE):
        columns = zip(*lines[start : start + _PAGE], strict=True)
        await conn.execute(
            "insert into snapshot_figure (snapshot_id, scope, metric, value, state, lower, upper, observed, expected,"
            " classification, owner) select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::text[],"
            " $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[])",
            snapshot.id,
            *(list(column) for column in columns),
        )
    return True


async def snapshot(conn: Any, id_: str) -> Kept | None:
    """One snapshot."""
    row = await conn.fetchrow("select id, manifest, signature, public_key from snapshot where id = $1", id_)
    return Kept(*row) if row is not None else None


async def snapshots(conn: Any) -> list[Kept]:
    """Every snapshot, by id."""
    return [
        Kept(*row) for row in await conn.fetch("select id, manifest, signature, public_key from snapshot order by 1")
    ]


async def snapshot_cells(conn: Any, id_: str) -> str:
    """The sums of a snapshot, as they were written."""
    body: bytes = await conn.fetchval("select body from snapshot_cells where snapshot_id = $1", id_)
    return zlib.decompress(body).decode()


async def snapshot_lines(conn: Any, id_: str) -> list[Line]:
    """Every figure of a snapshot that the caller may read."""
    rows = await conn.fetch(
        "select scope, metric, value, state, lower, upper, observed, expected, classification, owner"
        " from snapshot_figure where snapshot_id = $1",
        id_,
    )
    return [Line(*row) for row in rows]


async def snapshot_figure(conn: Any, id_: str, metric: str, scope: str) -> Line | None:
    """One figure of a snapshot, if the caller may read it."""
    row = await conn.fetchrow(
        "select scope, metric, value, state, lower, upper, observed, expected, classification, owner"
        " from snapshot_figure where snapshot_id = $1 and metric = $2 and scope = $3",
        id_,
        metric,
        scope,
    )
    return Line(*row) if row is not None else None


async def watermark(conn: Any) -> dict[str, int]:
    """How far each partition has been read: the offset of the next record, by topic-partition."""
    rows = await conn.fetch("select topic, partition, next_offset from consumer_offset order by topic, partition")
    return {f"{row['topic']}-{row['partition']}": row["next_offset"] for row in rows}

"""Core cells: one row a scope, its sums in the order of scoring.domain.cells.At."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from scoring.codec import pack_published, unpack_published
from scoring.domain.cells import Vector
from scoring.domain.state import Published


class CellRow(NamedTuple):
    """One cell as stored."""

    scope: str
    sums: Vector
    published: dict[str, Published]
    withheld: str | None = None  # why its totals are, if they are


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
            array([0] * size),
        )
        found = await _locked(conn, ordered)
    return found


async def _locked(conn: Any, ordered: Sequence[str]) -> dict[str, CellRow]:
    rows = await conn.fetch(
        "select scope, sums::text, published, withheld from cell where scope = any($1::text[])"
        " order by scope for no key update",
        ordered,
    )
    return {row["scope"]: cell_(row) for row in rows}


async def cell(conn: Any, scope: str) -> CellRow | None:
    """One cell, if the caller may read it."""
    row = await conn.fetchrow("select scope, sums::text, published, withheld from cell where scope = $1", scope)
    return cell_(row) if row is not None else None


async def cells_of(conn: Any, scopes: Sequence[str]) -> dict[str, CellRow]:
    """Those of the cells that the caller may read."""
    rows = await conn.fetch(
        "select scope, sums::text, published, withheld from cell where scope = any($1::text[])", list(scopes)
    )
    return {row["scope"]: cell_(row) for row in rows}


async def all_cells(conn: Any) -> dict[str, Vector]:
    """The sums of every cell."""
    rows = await conn.fetch("select scope, sums::text from cell")
    return {row["scope"]: vector_(row["sums"]) for row in rows}


async def save_cells(conn: Any, rows: Sequence[tuple[CellRow, str, str | None]]) -> None:
    """Write cells that are locked, each with its class and owner, in one statement."""
    await conn.execute(
        "update cell c set sums = x.v::numeric[], classification = x.k, owner = x.o, published = x.p, withheld = x.w"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[]) as x(s, v, k, o, p, w)"
        " where c.scope = x.s",
        [row.scope for row, _, _ in rows],
        [array(row.sums) for row, _, _ in rows],
        [classification for _, classification, _ in rows],
        [owner for _, _, owner in rows],
        [pack_published(row.published) for row, _, _ in rows],
        [row.withheld for row, _, _ in rows],
    )


def cell_(row: Any) -> CellRow:
    return CellRow(row["scope"], vector_(row["sums"]), unpack_published(row["published"]), row["withheld"])


def array(values: Sequence[int]) -> str:
    """An array as PostgreSQL reads it: several times cheaper than a numeric value for each number."""
    return "{" + ",".join(map(str, values)) + "}"


def vector_(text: str) -> Vector:
    inner = text[1:-1]
    return [int(part) for part in inner.split(",")] if inner else []

"""Rates of exchange, claims on shared results, and money passed on between projects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.domain.facts import Version


class Kept(NamedTuple):
    """The newest version of something whole, as it was published."""

    key: str
    version: Version
    body: bytes


async def keep_rates(conn: Any, table: Kept, token: int) -> bool:
    """Keep a table of rates, unless a newer version of it is known; whether it was kept."""
    kept = await _keep(conn, "rate_table", "table_id", table)
    if kept:
        await conn.execute("update calendar set world = $1", token)
    return kept


async def keep_dialect(conn: Any, dialect: Kept, token: int) -> bool:
    """Keep the word on a publisher's dialect, unless a newer one is known; whether it was kept."""
    kept = await _keep(conn, "dialect", "entity", dialect)
    if kept:
        await conn.execute("update calendar set world = $1", token)
    return kept


async def dialects(conn: Any) -> list[Kept]:
    """The newest word on each publisher's dialect, be it that it is withdrawn."""
    rows = await conn.fetch("select entity as key, recorded, sequence, id, body from dialect order by entity")
    return [_kept(row) for row in rows]


async def projects_of(conn: Any, entity: str, after: str, limit: int) -> list[str]:
    """A publisher's projects, in order, a page at a time."""
    rows = await conn.fetch(
        "select project_id from project_state where entity = $1 and project_id > $2 order by project_id limit $3",
        entity,
        after,
        limit,
    )
    return [row["project_id"] for row in rows]


async def rate_tables(conn: Any) -> list[Kept]:
    """The newest version of every table, the latest recorded last."""
    rows = await conn.fetch(
        "select table_id as key, recorded, sequence, id, body from rate_table order by recorded, sequence, id"
    )
    return [_kept(row) for row in rows]


async def keep_shared_result(conn: Any, result: Kept) -> tuple[bool, bytes | None]:
    """Keep the claims on a shared result, unless newer ones are known; whether they were, and what stood before."""
    before = await conn.fetchval("select body from shared_result where ref = $1 for update", result.key)
    return await _keep(conn, "shared_result", "ref", result), before


async def shared_results(conn: Any) -> list[Kept]:
    """The newest claims on every shared result."""
    rows = await conn.fetch("select ref as key, recorded, sequence, id, body from shared_result order by ref")
    return [_kept(row) for row in rows]


async def _keep(conn: Any, table: str, key: str, kept: Kept) -> bool:
    version = kept.version
    await conn.execute(
        "insert into world_fact (kind, key, recorded, sequence, id, body) values ($1, $2, $3, $4, $5, $6)"
        " on conflict do nothing",
        table,
        kept.key,
        *version,
        kept.body,
    )
    done = await conn.fetchval(
        f"insert into {table} ({key}, recorded, sequence, id, body) values ($1, $2, $3, $4, $5)"  # noqa: S608 (constants)
        f" on conflict ({key}) do update set recorded = excluded.recorded, sequence = excluded.sequence,"
        f" id = excluded.id, body = excluded.body"
        f" where ({table}.recorded, {table}.sequence, {table}.id) < (excluded.recorded, excluded.sequence, excluded.id)"
        " returning true",
        kept.key,
        version.recorded,
        version.sequence,
        version.id,
        kept.body,
    )
    return done is True


def _kept(row: Any) -> Kept:
    return Kept(row["key"], Version(row["recorded"], row["sequence"], row["id"]), row["body"])


async def projects_with_foreign_money(conn: Any, after: str, limit: int) -> list[str]:
    """Projects that have money in a currency other than USD, in order, a page at a time."""
    rows = await conn.fetch(
        "select project_id from project_state where foreign_money and project_id > $1 order by project_id limit $2",
        after,
        limit,
    )
    return [row["project_id"] for row in rows]


async def senders_to(conn: Any, receivers: Collection[str]) -> list[str]:
    """Projects that paid into one of these activities."""
    rows = await conn.fetch(
        "select distinct project_id from passing where receiver = any($1::text[])", sorted(receivers)
    )
    return [row["project_id"] for row in rows]


async def save_passing(conn: Any, receivers: Mapping[str, Collection[str]]) -> None:
    """Replace the activities that these projects paid into."""
    await conn.execute("delete from passing where project_id = any($1::text[])", sorted(receivers))
    rows = sorted((receiver, project) for project, found in receivers.items() for receiver in found)
    await conn.execute(
        "insert into passing (receiver, project_id) select * from unnest($1::text[], $2::text[])",
        [receiver for receiver, _ in rows],
        [project for _, project in rows],
    )


async def counted_among(conn: Any, projects: Sequence[str]) -> set[str]:
    """Those of the projects that have figures."""
    rows = await conn.fetch(
        "select project_id from project_state where counted and project_id = any($1::text[])", list(projects)
    )
    return {row["project_id"] for row in rows}


async def world_at(conn: Any, kind: str, known: int) -> list[Kept]:
    """The newest version of each, ``rate_table`` or ``shared_result``, of those recorded by an instant; in order."""
    rows = await conn.fetch(
        "select * from (select distinct on (key) key, recorded, sequence, id, body from world_fact"
        " where kind = $1 and recorded <= $2 order by key, recorded desc, sequence desc, id desc) k"
        " order by recorded, sequence, id",
        kind,
        known,
    )
    return [_kept(row) for row in rows]

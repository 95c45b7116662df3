"""Every version of a project and of what belongs to it, and the money its transactions add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import orjson

_MOST: Final = 1000


class Version(NamedTuple):
    """One version of one part of a project; ``data`` is its payload as JSON."""

    project_id: str
    version: str
    part: str
    kind: str
    event_type: str
    event_id: str
    at: datetime
    data: str


class Posting(NamedTuple):
    """A transaction, or its reversal, which says nothing but that."""

    project_id: str
    transaction_id: str
    version: str
    reversed: bool
    type: str
    day: date | None
    amount: str | None
    currency: str | None


async def append(conn: Any, versions: Sequence[Version]) -> None:
    """Keep versions once each; their order does not matter."""
    await conn.execute(
        "insert into history (project_id, version, part, kind, event_type, event_id, at, data)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::timestamptz[], $8::jsonb[]) on conflict do nothing",
        *(list(column) for column in zip(*versions, strict=True)),
    )


async def append_classes(conn: Any, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Keep the class a project has from a version on: project, version, class, entity."""
    await conn.execute(
        "insert into history_class (project_id, version, classification, entity)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict do nothing",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def save_postings(conn: Any, rows: Sequence[Posting]) -> None:
    """Keep transactions, the newest word of each; keys unique. A reversal keeps what it takes back."""
    await conn.execute(
        "insert into posting (project_id, transaction_id, version, reversed, type, day, amount, currency)"
        " select a, b, c, d, e, f, g::numeric, h from unnest($1::text[], $2::text[], $3::text[], $4::boolean[],"
        " $5::text[], $6::date[], $7::text[], $8::text[]) as x(a, b, c, d, e, f, g, h) order by a, b"
        " on conflict (project_id, transaction_id) do update set version = excluded.version,"
        " reversed = excluded.reversed, type = excluded.type, day = excluded.day, amount = excluded.amount,"
        " currency = excluded.currency where posting.version < excluded.version",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def page(conn: Any, project_id: str, *, kinds: Sequence[str], offset: int, limit: int) -> list[dict[str, Any]]:
    """Versions that the caller may read, the newest first, each with the one of the same part that it replaced."""
    rows = await conn.fetch(
        "select h.number, h.version, h.part, h.kind, h.event_type, h.event_id, h.at, h.data,"
        " b.data as before, b.version as before_version"
        " from (select * from numbered_history where project_id = $1"
        " and (cardinality($2::text[]) = 0 or kind = any($2)) order by number desc offset $3 limit $4) h"
        " left join lateral (select data, version from history o where o.project_id = $1"
        " and o.part = h.part and o.version < h.version order by o.version desc limit 1) b on true"
        " order by h.number desc",
        project_id,
        list(kinds),
        offset,
        limit,
    )
    return [_version(row) for row in rows]


async def counts(conn: Any, project_id: str) -> dict[str, int]:
    """How many versions of each kind the caller may read."""
    rows = await conn.fetch("select kind, count(*) from history where project_id = $1 group by kind", project_id)
    return {row[0]: row[1] for row in rows}


async def of_part(conn: Any, project_id: str, part: str) -> list[dict[str, Any]]:
    """The versions of one part that the caller may read, the newest first."""
    rows = await conn.fetch(
        "select number, version, part, kind, event_type, event_id, at, data, null as before, null as before_version"
        " from numbered_history where project_id = $1 and part = $2 order by number desc limit $3",
        project_id,
        part,
        _MOST,
    )
    return [_version(row) for row in rows]


async def withheld(conn: Any, project_id: str) -> tuple[list[str], list[tuple[str, date, date, str, int]]]:
    """Indicators, and actuals by indicator, period, place and ordinal, that their owner withholds now."""
    indicators = await conn.fetch(
        "select indicator_id from indicator where project_id = $1 and (data->>'withheld')::boolean", project_id
    )
    actuals = await conn.fetch(
        "select indicator_id, period_start, period_end, place, ordinal from observation"
        " where project_id = $1 and (data->>'withheld')::boolean",
        project_id,
    )
    return [row[0] for row in indicators], [tuple(row) for row in actuals]


async def titles(conn: Any, project_id: str) -> dict[str, dict[str, str]]:
    """Titles of the project's indicators by language, of those that were withdrawn too."""
    rows = await conn.fetch("select indicator_id, data->'title' from indicator where project_id = $1", project_id)
    return {row[0]: orjson.loads(row[1]) for row in rows if row[1]}


async def money(conn: Any, project_id: str) -> list[tuple[int, str, str, str]]:
    """What a project's transactions add up to: year, IATI TransactionType, currency, amount; reversed ones left out."""
    rows = await conn.fetch(
        "select extract(year from day)::int, type, currency, sum(amount)::text from posting"
        " where project_id = $1 and not reversed group by 1, 2, 3 order by 1, 2, 3",
        project_id,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _version(row: Any) -> dict[str, Any]:
    return dict(row) | {
        "data": orjson.loads(row["data"]),
        "before": orjson.loads(row["before"]) if row["before"] else None,
    }

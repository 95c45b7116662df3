"""When a person was last here, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Visit:
    """The end of the visit before this one: the instant, and the place in the feed its last page had."""

    at: datetime
    seq: int


async def note(conn: Any, subject: str, seq: int) -> Visit | None:
    """Note that a person looks at a page; returns the visit before this one, None where this is the first.

    A visit ends after half an hour without a page. It is noted once a minute, so that reading costs no writing.
    """
    row = await conn.fetchrow(
        "select before_at, before_seq, now() - seen_at < interval '1 minute' as fresh from visit where subject = $1",
        subject,
    )
    if row is None or not row["fresh"]:
        row = await conn.fetchrow(
            "insert into visit (subject, began_at, seen_at, seen_seq) values ($1, now(), now(), $2)"
            " on conflict (subject) do update set (before_at, before_seq, began_at) ="
            " (select case when is_over then visit.seen_at else visit.before_at end,"
            " case when is_over then visit.seen_seq else visit.before_seq end,"
            " case when is_over then now() else visit.began_at end"
            " from (select now() - visit.seen_at > interval '30 minutes' as is_over) pause),"
            " seen_at = now(), seen_seq = excluded.seen_seq returning before_at, before_seq",
            subject,
            seq,
        )
    return Visit(row["before_at"], row["before_seq"]) if row["before_at"] is not None else None


async def moved(conn: Any, kinds: Sequence[str], since: datetime, limit: int) -> list[dict[str, Any]]:
    """Figures of effectiveness of these kinds of scope that were published since, the latest first."""
    rows = await conn.fetch(
        "select t.data, t.seq from (select metric, scope, updated_at from figure"
        " where metric = 'M4' and kind = any($1) and updated_at > $2 order by updated_at desc, scope limit $3) f"
        " join told_figure t using (metric, scope) order by f.updated_at desc, scope",
        list(kinds),
        since,
        limit,
    )
    return [orjson.loads(row["data"]) | {"seq": row["seq"]} for row in rows]


async def moved_count(conn: Any, kinds: Sequence[str], since: datetime) -> dict[str, int]:
    """How many figures of effectiveness were published since, by kind of scope."""
    rows = await conn.fetch(
        "select kind, count(*) as n from figure where metric = 'M4' and kind = any($1) and updated_at > $2 group by 1",
        list(kinds),
        since,
    )
    return {row["kind"]: row["n"] for row in rows}


async def came(conn: Any, since: datetime, limit: int) -> tuple[int, list[tuple[str, datetime]]]:
    """Projects that are new since, of those the caller may read: how many, and the latest with when they came."""
    count = await conn.fetchval("select count(*) from project where not withdrawn and first_at > $1", since)
    rows = await conn.fetch(
        "select project_id, first_at from project where not withdrawn and first_at > $1"
        " order by first_at desc, project_id limit $2",
        since,
        limit,
    )
    return count, [(row["project_id"], row["first_at"]) for row in rows]


async def went(conn: Any, seq: int, limit: int) -> tuple[int, list[tuple[str, datetime]]]:
    """Projects that were withdrawn since a place in the feed: how many, and the latest with when they went."""
    count = await conn.fetchval("select count(*) from project where withdrawn and seq > $1", seq)
    rows = await conn.fetch(
        "select project_id, updated_at from project where withdrawn and seq > $1 order by seq desc limit $2", seq, limit
    )
    return count, [(row["project_id"], row["updated_at"]) for row in rows]

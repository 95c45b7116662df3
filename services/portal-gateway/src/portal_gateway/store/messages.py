"""A person's inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson


async def save(conn: Any, messages: Sequence[tuple[str, str, str, str | None, datetime, str]]) -> None:
    """Keep messages once each: id, subscriber, class, owner, instant, payload."""
    await conn.execute(
        "insert into message (notification_id, subscriber, classification, owner, created_at, data, seq)"
        " select x.*, nextval('feed_seq') from unnest($1::text[], $2::text[], $3::text[], $4::text[],"
        " $5::timestamptz[], $6::jsonb[]) as x on conflict do nothing",
        *(list(column) for column in zip(*messages, strict=True)),
    )


async def read(conn: Any, notification_ids: Sequence[str], at: Sequence[datetime]) -> None:
    """Note that messages were read; the first time counts."""
    await conn.execute(
        "update message set read_at = x.at, seq = nextval('feed_seq') from"
        " (select id, min(at) as at from unnest($1::text[], $2::timestamptz[]) as u(id, at) group by id) x"
        " where notification_id = x.id and read_at is null",
        list(notification_ids),
        list(at),
    )


async def page(
    conn: Any, subscriber: str, *, unread: bool, before: tuple[datetime, str] | None, limit: int
) -> list[dict[str, Any]]:
    """The person's messages, the latest first, from behind ``before`` on."""
    rows = await conn.fetch(
        "select data, read_at, seq from message where subscriber = $1 and (not $2 or read_at is null)"
        " and ($3::timestamptz is null or (created_at, notification_id) < ($3, $4))"
        " order by created_at desc, notification_id desc limit $5",
        subscriber,
        unread,
        *(before or (None, None)),
        limit,
    )
    return [orjson.loads(row["data"]) | {"read_at": row["read_at"], "seq": row["seq"]} for row in rows]


async def unread(conn: Any, subscriber: str) -> int:
    """How many messages the person has not read."""
    return int(
        await conn.fetchval("select count(*) from message where subscriber = $1 and read_at is null", subscriber)
    )


async def unread_ids(conn: Any, subscriber: str, limit: int) -> list[str]:
    """The unread messages' ids, the oldest first."""
    rows = await conn.fetch(
        "select notification_id from message where subscriber = $1 and read_at is null"
        " order by created_at, notification_id limit $2",
        subscriber,
        limit,
    )
    return [row[0] for row in rows]

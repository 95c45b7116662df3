"""Receipts of submissions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson


async def save(conn: Any, receipts: Sequence[tuple[str, str, datetime, str]]) -> None:
    """Keep receipts: submission, entity, received, payload; the last word of a submission holds."""
    await conn.execute(
        "insert into receipt (submission_id, entity, received_at, data, seq)"
        " select x.*, nextval('feed_seq') from unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[]) as x"
        " order by 1 on conflict (submission_id) do update set entity = excluded.entity,"
        " received_at = excluded.received_at, data = excluded.data, seq = excluded.seq"
        " where receipt.data->>'processed_at' < excluded.data->>'processed_at'",
        *(list(column) for column in zip(*receipts, strict=True)),
    )


async def one(conn: Any, submission_id: str) -> dict[str, Any] | None:
    """A receipt that the caller may read."""
    row = await conn.fetchrow(
        "select data, seq, 'support' as classification from receipt where submission_id = $1", submission_id
    )
    return orjson.loads(row["data"]) | {"seq": row["seq"]} if row else None


async def page(
    conn: Any, *, entity: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[dict[str, Any]]:
    """Receipts without their findings, the latest first, from behind ``before`` on."""
    rows = await conn.fetch(
        "select data - 'findings' as data, seq, 'support' as classification from receipt"
        " where ($1::text is null or entity = $1)"
        " and ($2::timestamptz is null or (received_at, submission_id) < ($2, $3))"
        " order by received_at desc, submission_id desc limit $4",
        entity,
        *(before or (None, None)),
        limit,
    )
    return [orjson.loads(row["data"]) | {"seq": row["seq"]} for row in rows]


async def readable(conn: Any, submission_ids: Sequence[str]) -> frozenset[str]:
    """Those of the submissions whose receipt the caller may read."""
    rows = await conn.fetch("select submission_id from receipt where submission_id = any($1)", list(submission_ids))
    return frozenset(row[0] for row in rows)

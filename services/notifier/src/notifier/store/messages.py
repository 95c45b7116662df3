"""Inboxes, how their messages are filed, and what was last told of a figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from notifier.domain.fact import Told
from notifier.domain.filing import Filing
from notifier.domain.message import Message
from notifier.domain.saying import said_of

_SHOWN: Final = (
    "id, kind, scope, title, body, reason, link, lines, demonstration, created_at, read_at, snoozed_until, archived_at"
)
_UNREAD: Final = (
    "archived_at is null and (snoozed_until is null or snoozed_until <= {now}::timestamptz)"
    " and (read_at is null or read_at < snoozed_until)"
)

Place = tuple[str, str, str]
"""Subscription, metric and scope: where what was told is kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message with the id it was given."""

    id: str
    message: Message


async def told(conn: Any, subscription_ids: Sequence[str], scopes: Sequence[str]) -> dict[Place, Told]:
    """What these subscriptions last heard about these scopes."""
    rows = await conn.fetch(
        "select subscription_id, metric, scope, value, state from told_figure"
        " where subscription_id = any($1) and scope = any($2)",
        list(subscription_ids),
        list(scopes),
    )
    return {(r["subscription_id"], r["metric"], r["scope"]): Told(r["value"], r["state"]) for r in rows}


async def save_told(conn: Any, heard: Mapping[Place, Told]) -> None:
    """Remember what was heard, in key order so that two workers cannot wait for each other."""
    places = sorted(heard)
    await conn.execute(
        "insert into told_figure (subscription_id, metric, scope, value, state)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])"
        " on conflict (subscription_id, metric, scope) do update set value = excluded.value, state = excluded.state",
        [place[0] for place in places],
        [place[1] for place in places],
        [place[2] for place in places],
        [heard[place].value for place in places],
        [heard[place].state for place in places],
    )


def lines_of(message: Message) -> list[dict[str, Any]]:
    """The lines of a digest as they are kept and said, each text with what it was made of."""
    return [asdict(line) | {"said": said_of(title=line.title, body=line.body)} for line in message.lines]


def also_of(message: Message) -> list[dict[str, Any]]:
    """What a reader of a digest must be able to read besides its own class."""
    return [{"classification": access.classification, "owner": access.owner} for access in message.also]


async def insert_messages(conn: Any, messages: Sequence[Stored], now: datetime) -> set[str]:
    """Put messages into inboxes; returns the ids of those that are new (once per subscriber and fact)."""
    rows = await conn.fetch(
        "insert into message (id, subscriber, fact_id, subscription_id, kind, scope, title, body, reason, link,"
        " classification, owner, demonstration, lines, also, created_at)"
        " select *, $16::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[],"
        " $14::jsonb[], $15::jsonb[]) as x(id, subscriber, fact_id)"
        " where not exists (select from held h where h.subscriber = x.subscriber and h.place = x.fact_id"
        " and h.told_in is not null)"
        " on conflict (subscriber, fact_id) do nothing returning id",
        [stored.id for stored in messages],
        [stored.message.subscriber for stored in messages],
        [stored.message.fact_id for stored in messages],
        [stored.message.subscription_id for stored in messages],
        [stored.message.kind for stored in messages],
        [stored.message.scope for stored in messages],
        [stored.message.title for stored in messages],
        [stored.message.body for stored in messages],
        [stored.message.reason for stored in messages],
        [stored.message.link for stored in messages],
        [stored.message.access.classification for stored in messages],
        [stored.message.access.owner for stored in messages],
        [stored.message.access.demonstration for stored in messages],
        [json.dumps(lines_of(stored.message)) for stored in messages],
        [json.dumps(also_of(stored.message)) for stored in messages],
        now,
    )
    return {row["id"] for row in rows}


async def messages_of(
    conn: Any, subscriber: str, *, unread: bool, before: str | None, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """A person's messages, newest first; ids sort by time."""
    rows = await conn.fetch(
        f"select {_SHOWN} from message where subscriber = $1 and (not $2 or ({_UNREAD.format(now='$5')}))"  # noqa: S608
        " and ($3::text is null or id < $3) order by id desc limit $4",
        subscriber,
        unread,
        before,
        limit,
        now,
    )
    return [_shown(row) for row in rows]


def _shown(row: Any) -> dict[str, Any]:
    return dict(row) | {"lines": json.loads(row["lines"])}


async def filings(conn: Any, subscriber: str, ids: Sequence[str]) -> dict[str, Filing]:
    """How those of a person's messages that exist are filed, locked in one order by this transaction."""
    rows = await conn.fetch(
        "select id, revision, read_at, snoozed_until, archived_at from message"
        " where subscriber = $1 and id = any($2) order by id for update",
        subscriber,
        list(ids),
    )
    return {row["id"]: Filing(*tuple(row)[1:]) for row in rows}


async def unread_ids(conn: Any, subscriber: str, now: datetime, limit: int) -> list[str]:
    """Ids of the messages in sight that are unread, the oldest first."""
    rows = await conn.fetch(
        f"select id from message where subscriber = $1 and {_UNREAD.format(now='$2')} order by id limit $3",  # noqa: S608
        subscriber,
        now,
        limit,
    )
    return [row[0] for row in rows]


async def save_filings(conn: Any, subscriber: str, filed: Mapping[str, Filing]) -> None:
    """Keep how messages are filed."""
    await conn.execute(
        "update message set revision = x.revision, read_at = x.read_at, snoozed_until = x.snoozed_until,"
        " archived_at = x.archived_at"
        " from unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])"
        " as x(id, revision, read_at, snoozed_until, archived_at)"
        " where message.subscriber = $1 and message.id = x.id",
        subscriber,
        list(filed),
        [f.revision for f in filed.values()],
        [f.read_at for f in filed.values()],
        [f.snoozed_until for f in filed.values()],
        [f.archived_at for f in filed.values()],
    )


async def message(conn: Any, subscriber: str, id_: str) -> dict[str, Any] | None:
    """One of a person's messages."""
    row = await conn.fetchrow(
        f"select {_SHOWN} from message where subscriber = $1 and id = $2",  # noqa: S608 (constant columns)
        subscriber,
        id_,
    )
    return _shown(row) if row is not None else None

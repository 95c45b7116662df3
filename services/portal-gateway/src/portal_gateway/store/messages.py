"""A person's inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import orjson

View = Literal["inbox", "unread", "snoozed", "archived", "all"]

_HERE: Final = "archived_at is null and (snoozed_until is null or snoozed_until <= now())"
_UNREAD: Final = f"{_HERE} and (read_at is null or read_at < snoozed_until)"
_VIEWS: Final[dict[View, str]] = {
    "inbox": _HERE,
    "unread": _UNREAD,
    "snoozed": "archived_at is null and snoozed_until > now()",
    "archived": "archived_at is not null",
    "all": "true",
}
_FILED: Final = "jsonb_build_object('snoozed_until', {0}.snoozed_until, 'archived_at', {0}.archived_at)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages: where they are, and what they are about; what is empty asks for nothing."""

    view: View = "inbox"
    kind: str = ""
    metric: str = ""
    of: str = ""
    """A project, an entity or a scope."""
    since: date | None = None
    until: date | None = None
    """The last day."""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filed:
    """How a message is filed, all of it; revision 0 is of the time before they were counted."""

    notification_id: str
    subscriber: str
    revision: int
    read_at: datetime | None
    snoozed_until: datetime | None = None
    archived_at: datetime | None = None


async def save(conn: Any, messages: Sequence[tuple[str, str, str, str | None, datetime, str]]) -> None:
    """Keep messages once each: id, subscriber, class, owner, instant, payload. What was filed before it came holds."""
    await conn.execute(
        "insert into message (notification_id, subscriber, classification, owner, created_at, data, seq,"  # noqa: S608
        " revision, read_at, snoozed_until, archived_at)"
        f" select x.id, x.subscriber, x.class, x.owner, x.at, x.data || {_FILED.format('a')}, nextval('feed_seq'),"
        " coalesce(a.revision, 0), a.read_at, a.snoozed_until, a.archived_at"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])"
        " as x(id, subscriber, class, owner, at, data)"
        " left join filed_ahead a on a.notification_id = x.id and a.subscriber = x.subscriber on conflict do nothing",
        *(list(column) for column in zip(*messages, strict=True)),
    )
    await conn.execute("delete from filed_ahead where notification_id = any($1)", [row[0] for row in messages])


async def file(conn: Any, filed: Sequence[Filed]) -> None:
    """Keep how messages are filed, each once in ``filed``; an older revision changes nothing."""
    await conn.execute(
        "with x as (select * from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[],"  # noqa: S608 (constant)
        " $6::timestamptz[]) as u(id, subscriber, revision, read_at, snoozed_until, archived_at)),"
        " known as (update message m set revision = x.revision, read_at = x.read_at, snoozed_until = x.snoozed_until,"
        f" archived_at = x.archived_at, data = m.data || {_FILED.format('x')}, seq = nextval('feed_seq') from x"
        " where m.notification_id = x.id and m.subscriber = x.subscriber and"
        " (m.revision < x.revision or (m.revision = 0 and x.revision = 0 and m.read_at is null)))"
        " insert into filed_ahead (notification_id, subscriber, revision, read_at, snoozed_until, archived_at)"
        " select x.id, x.subscriber, x.revision, x.read_at, x.snoozed_until, x.archived_at from x"
        " where not exists (select from message m where m.notification_id = x.id)"
        " on conflict (notification_id) do update set subscriber = excluded.subscriber, revision = excluded.revision,"
        " read_at = excluded.read_at, snoozed_until = excluded.snoozed_until, archived_at = excluded.archived_at"
        " where filed_ahead.revision < excluded.revision",
        [f.notification_id for f in filed],
        [f.subscriber for f in filed],
        [f.revision for f in filed],
        [f.read_at for f in filed],
        [f.snoozed_until for f in filed],
        [f.archived_at for f in filed],
    )


async def page(
    conn: Any, subscriber: str, wanted: Wanted, *, before: tuple[datetime, str] | None, limit: int
) -> list[dict[str, Any]]:
    """The person's messages, the latest first, from behind ``before`` on."""
    rows = await conn.fetch(
        f"select data, read_at, shown_at, coalesce({_UNREAD}, false) as unread, seq from message"  # noqa: S608 (constant)
        f" where subscriber = $1 and ({_VIEWS[wanted.view]})"
        " and ($2 = '' or data->>'kind' = $2) and ($3 = '' or data->>'metric' = $3)"
        " and ($4 = '' or owner = $4 or $4 in (data->>'scope', data->>'project_id'))"
        " and ($5::date is null or created_at >= $5::date::timestamp at time zone 'UTC')"
        " and ($6::date is null or created_at < $6::date::timestamp at time zone 'UTC')"
        " and concat_ws(' ', data->>'title', data->>'body', data->>'scope',"
        " jsonb_path_query_array(data, '$.lines[*].title')::text) ilike all ($7)"
        " and ($8::timestamptz is null or (shown_at, notification_id) < ($8, $9))"
        " order by shown_at desc, notification_id desc limit $10",
        subscriber,
        wanted.kind,
        wanted.metric,
        wanted.of,
        wanted.since,
        wanted.until + timedelta(days=1) if wanted.until else None,
        [f"%{_literal(word)}%" for word in wanted.words],
        *(before or (None, None)),
        limit,
    )
    names = ("read_at", "shown_at", "unread", "seq")
    return [orjson.loads(row["data"]) | {name: row[name] for name in names} for row in rows]


async def standing(conn: Any, subscriber: str) -> tuple[int, datetime | None]:
    """How many messages wait to be read, and when the next snooze ends."""
    row = await conn.fetchrow(
        f"select count(*) filter (where {_UNREAD}),"  # noqa: S608 (constant)
        " min(snoozed_until) filter (where snoozed_until > now()) from message"
        " where subscriber = $1 and archived_at is null and (read_at is null or read_at < snoozed_until)",
        subscriber,
    )
    return int(row[0]), row[1]


async def behind(conn: Any, subscriber: str, revisions: Mapping[str, int]) -> int:
    """How many of these messages are not yet filed as these revisions have it."""
    return int(
        await conn.fetchval(
            "select count(*) from unnest($2::text[], $3::bigint[]) as x(id, revision) join message m"
            " on m.notification_id = x.id and m.subscriber = $1 and m.revision < x.revision",
            subscriber,
            list(revisions),
            list(revisions.values()),
        )
    )


async def brought(conn: Any, subscriber: str, since: datetime) -> dict[str, tuple[datetime, int]]:
    """By subscription: when its last message came, and how many came since."""
    rows = await conn.fetch(
        "select wish, max(created_at), count(*) filter (where created_at >= $2) from message,"
        " jsonb_array_elements_text(coalesce(nullif(data->'subscriptions', '[]'),"
        " jsonb_build_array(data->>'subscription_id'))) as wish"
        " where subscriber = $1 group by 1",
        subscriber,
        since,
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Every SQL statement of the notifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from notifier.domain.fact import Told
from notifier.domain.filing import Filing
from notifier.domain.message import Message
from notifier.domain.subscription import Subscription
from runtime.access import Principal

_COLUMNS: Final = "id, subscriber, about, metric, scope, kind, project_id, entity, min_change, only_problems"
_SHOWN: Final = (
    "id, kind, scope, title, body, reason, link, demonstration, created_at, read_at, snoozed_until, archived_at"
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


async def save_subscriber(conn: Any, caller: Principal, now: datetime) -> None:
    """Remember what the caller may read, as the token just said; writes only what changed."""
    await conn.execute(
        "insert into subscriber (subject, role, organisation, country, updated_at) values ($1, $2, $3, $4, $5)"
        " on conflict (subject) do update set role = excluded.role, organisation = excluded.organisation,"
        " country = excluded.country, updated_at = excluded.updated_at"
        " where (subscriber.role, subscriber.organisation, subscriber.country)"
        " is distinct from (excluded.role, excluded.organisation, excluded.country)",
        caller.subject,
        caller.role,
        caller.organisation,
        caller.country,
        now,
    )


async def insert_subscription(conn: Any, wish: Subscription, now: datetime) -> bool:
    """Keep a new wish; False where the subscriber already has the same one."""
    row = await conn.fetchrow(
        f"insert into subscription ({_COLUMNS}, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"  # noqa: S608 (constant columns)
        " on conflict do nothing returning id",
        *asdict(wish).values(),
        now,
    )
    return row is not None


async def same_subscription(conn: Any, wish: Subscription) -> Subscription:
    """The subscriber's existing subscription that says the same."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from subscription where subscriber = $1 and about = $2"  # noqa: S608 (constant columns)
        " and metric is not distinct from $3 and scope is not distinct from $4 and kind is not distinct from $5"
        " and project_id is not distinct from $6 and entity is not distinct from $7"
        " and min_change = $8 and only_problems = $9",
        *list(asdict(wish).values())[1:],
    )
    return Subscription(**row)


async def count_subscriptions(conn: Any, subscriber: str) -> int:
    """How many subscriptions this person has."""
    return int(await conn.fetchval("select count(*) from subscription where subscriber = $1", subscriber))


async def subscriptions_of(conn: Any, subscriber: str) -> list[Subscription]:
    """A person's subscriptions, oldest first."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from subscription where subscriber = $1 order by created_at, id",  # noqa: S608
        subscriber,
    )
    return [Subscription(**row) for row in rows]


async def subscription(conn: Any, subscriber: str, id_: str) -> Subscription | None:
    """One of a person's subscriptions, locked by this transaction."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from subscription where subscriber = $1 and id = $2 for update",  # noqa: S608
        subscriber,
        id_,
    )
    return Subscription(**row) if row is not None else None


async def change_subscription(conn: Any, wish: Subscription) -> bool:
    """Keep what a wish says now; False where the subscriber has another that says the same."""
    same = await conn.fetchval(
        "select true from subscription where subscriber = $2 and about = $3 and id <> $1"
        " and metric is not distinct from $4 and scope is not distinct from $5 and kind is not distinct from $6"
        " and project_id is not distinct from $7 and entity is not distinct from $8"
        " and min_change = $9 and only_problems = $10",
        *asdict(wish).values(),
    )
    if same:
        return False
    await conn.execute(
        "update subscription set min_change = $2, only_problems = $3 where id = $1",
        wish.id,
        wish.min_change,
        wish.only_problems,
    )
    return True


async def delete_subscription(conn: Any, subscriber: str, id_: str) -> bool:
    """Forget one wish; False where the person has none by that id."""
    row = await conn.fetchrow(
        "delete from subscription where subscriber = $1 and id = $2 returning id", subscriber, id_
    )
    return row is not None


async def candidates(
    conn: Any, *, scopes: Sequence[str], projects: Sequence[str], entities: Sequence[str], alerts: bool
) -> list[tuple[Subscription, Principal]]:
    """Subscriptions that a batch of facts may concern, oldest first, with what their subscribers may read."""
    rows = await conn.fetch(
        "select s.id, s.subscriber, s.about, s.metric, s.scope, s.kind, s.project_id, s.entity, s.min_change,"
        " s.only_problems, p.role, p.organisation, p.country"
        " from subscription s join subscriber p on p.subject = s.subscriber"
        " where (s.about = 'metric' and s.scope = any($1)) or (s.about = 'project' and s.project_id = any($2))"
        " or (s.about = 'receipts' and s.entity = any($3)) or (s.about = 'alert' and $4)"
        " order by s.created_at, s.id",
        list(scopes),
        list(projects),
        list(entities),
        alerts,
    )
    found = []
    for row in rows:
        fields = dict(row)
        reader = Principal(
            subject=fields["subscriber"],
            role=fields.pop("role"),
            organisation=fields.pop("organisation"),
            country=fields.pop("country"),
        )
        found.append((Subscription(**fields), reader))
    return found


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


async def insert_messages(conn: Any, messages: Sequence[Stored], now: datetime) -> set[str]:
    """Put messages into inboxes; returns the ids of those that are new (once per subscriber and fact)."""
    rows = await conn.fetch(
        "insert into message (id, subscriber, fact_id, subscription_id, kind, scope, title, body, reason, link,"
        " classification, owner, demonstration, created_at)"
        " select *, $14::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[])"
        " on conflict (subscriber, fact_id) do nothing returning id",
        [stored.id for stored in messages],
        [stored.message.subscriber for stored in messages],
        [stored.message.fact.fact_id for stored in messages],
        [stored.message.subscription_id for stored in messages],
        [stored.message.kind for stored in messages],
        [stored.message.scope for stored in messages],
        [stored.message.title for stored in messages],
        [stored.message.body for stored in messages],
        [stored.message.reason for stored in messages],
        [stored.message.link for stored in messages],
        [stored.message.fact.access.classification for stored in messages],
        [stored.message.fact.access.owner for stored in messages],
        [stored.message.fact.access.demonstration for stored in messages],
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
    return [dict(row) for row in rows]


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
    return dict(row) if row is not None else None

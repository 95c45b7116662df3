"""Who asked for what, and when they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from notifier.domain.hours import Hours, Quiet
from notifier.domain.subscription import Subscription
from runtime.access import Principal

COLUMNS: Final = "id, subscriber, about, metric, scope, kind, project_id, entity, min_change, only_problems, pace"
_HOURS: Final = "zone, quiet_from, quiet_to, quiet_days"
OF_WISH: Final = ", ".join(
    [f"s.{name}" for name in COLUMNS.split(", ")]
    + [f"p.{name}" for name in ("role", "organisation", "country", *_HOURS.split(", "))]
)
"""The columns ``wish_of`` reads, of a subscription ``s`` and its subscriber ``p``."""

Wish = tuple[Subscription, Principal, Hours]
"""A subscription, what its subscriber may read, and when they are told."""


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
        f"insert into subscription ({COLUMNS}, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"  # noqa: S608 (constant columns)
        " on conflict do nothing returning id",
        *asdict(wish).values(),
        now,
    )
    return row is not None


async def same_subscription(conn: Any, wish: Subscription) -> Subscription:
    """The subscriber's existing subscription that says the same."""
    row = await conn.fetchrow(
        f"select {COLUMNS} from subscription where subscriber = $1 and about = $2"  # noqa: S608 (constant columns)
        " and metric is not distinct from $3 and scope is not distinct from $4 and kind is not distinct from $5"
        " and project_id is not distinct from $6 and entity is not distinct from $7"
        " and min_change = $8 and only_problems = $9",
        *list(asdict(wish).values())[1:-1],
    )
    return Subscription(**row)


async def count_subscriptions(conn: Any, subscriber: str) -> int:
    """How many subscriptions this person has."""
    return int(await conn.fetchval("select count(*) from subscription where subscriber = $1", subscriber))


async def subscriptions_of(conn: Any, subscriber: str) -> list[Subscription]:
    """A person's subscriptions, oldest first."""
    rows = await conn.fetch(
        f"select {COLUMNS} from subscription where subscriber = $1 order by created_at, id",  # noqa: S608
        subscriber,
    )
    return [Subscription(**row) for row in rows]


async def subscription(conn: Any, subscriber: str, id_: str) -> Subscription | None:
    """One of a person's subscriptions, locked by this transaction."""
    row = await conn.fetchrow(
        f"select {COLUMNS} from subscription where subscriber = $1 and id = $2 for update",  # noqa: S608
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
        *list(asdict(wish).values())[:-1],
    )
    if same:
        return False
    await conn.execute(
        "update subscription set min_change = $2, only_problems = $3, pace = $4 where id = $1",
        wish.id,
        wish.min_change,
        wish.only_problems,
        wish.pace,
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
) -> list[Wish]:
    """Subscriptions that a batch of facts may concern, oldest first, with their subscribers."""
    rows = await conn.fetch(
        f"select {OF_WISH}"  # noqa: S608 (constant columns)
        " from subscription s join subscriber p on p.subject = s.subscriber"
        " where (s.about = 'metric' and s.scope = any($1)) or (s.about = 'project' and s.project_id = any($2))"
        " or (s.about = 'receipts' and s.entity = any($3)) or (s.about = 'alert' and $4)"
        " order by s.created_at, s.id",
        list(scopes),
        list(projects),
        list(entities),
        alerts,
    )
    return [wish_of(row) for row in rows]


def wish_of(row: Any) -> Wish:
    """The subscription of a row, with its subscriber."""
    reader = Principal(
        subject=row["subscriber"], role=row["role"], organisation=row["organisation"], country=row["country"]
    )
    wish = Subscription(**{name: row[name] for name in COLUMNS.split(", ")})
    return wish, reader, hours_of([row[name] for name in _HOURS.split(", ")])


def hours_of(columns: Sequence[Any]) -> Hours:
    """The hours of a subscriber's columns."""
    zone, begin, end, days = columns
    return Hours(zone, Quiet(begin, end, frozenset(days)) if days else None)


async def hours(conn: Any, subscriber: str) -> Hours:
    """When a person is told; the row is locked by this transaction."""
    row = await conn.fetchrow(f"select {_HOURS} from subscriber where subject = $1 for update", subscriber)  # noqa: S608
    return hours_of(row)


async def save_hours(conn: Any, subscriber: str, wanted: Hours) -> None:
    """Keep when a person is told."""
    quiet = wanted.quiet
    await conn.execute(
        "update subscriber set zone = $2, quiet_from = $3, quiet_to = $4, quiet_days = $5 where subject = $1",
        subscriber,
        wanted.zone,
        quiet.begin if quiet else None,
        quiet.end if quiet else None,
        sorted(quiet.days) if quiet else None,
    )

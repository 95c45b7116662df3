"""What waits for a digest."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from notifier.domain.digest import Waiting
from notifier.domain.fact import Fact, Told, packed, unpacked
from notifier.domain.hours import PACES, Hours
from notifier.store.wishes import OF_WISH, wish_of
from runtime.access import Principal

_LOCK: Final = 0x44494745

Place = tuple[str, str]
"""Subscription, and where the fact waits."""


@dataclass(frozen=True, slots=True)
class Held:
    """A fact to hold for a subscriber until it is due; of a figure, what was told of it before."""

    subscriber: str
    fact: Fact
    due_at: datetime
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What waits: where, since when it is due, and who is to read it."""

    place: str
    due_at: datetime
    waiting: Waiting
    reader: Principal


async def share(conn: Any) -> None:
    """Tell facts beside others who do, and beside no digest, until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock_shared($1)", _LOCK)


async def claim(conn: Any) -> None:
    """Be the only one who tells anything until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def hold(conn: Any, held: Mapping[Place, Held], now: datetime) -> None:
    """Keep facts for later, each in its place over what waited there; not what this subscriber was told before."""
    places = sorted(held)
    await conn.execute(
        "insert into held (subscription_id, place, subscriber, classification, owner, fact, due_at, told, held_at)"
        " select x.*, $9::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::jsonb[], $7::timestamptz[], $8::jsonb[]) as x(subscription_id, place, subscriber)"
        " where not exists (select from message m where m.subscriber = x.subscriber and m.fact_id = x.place)"
        " and not exists (select from held h where h.subscriber = x.subscriber and h.place = x.place"
        " and h.told_in is not null)"
        " on conflict (subscription_id, place) do update set classification = excluded.classification,"
        " owner = excluded.owner, fact = excluded.fact, told = excluded.told",
        [place[0] for place in places],
        [place[1] for place in places],
        [held[place].subscriber for place in places],
        [held[place].fact.access.classification for place in places],
        [held[place].fact.access.owner for place in places],
        [json.dumps(packed(held[place].fact)) for place in places],
        [held[place].due_at for place in places],
        [json.dumps(asdict(before)) if (before := held[place].told) else None for place in places],
        now,
    )


async def drop(conn: Any, places: Collection[Place]) -> None:
    """Forget what waits in these places."""
    await conn.execute(
        "delete from held using unnest($1::text[], $2::text[]) as x(subscription_id, place)"
        " where held.subscription_id = x.subscription_id and held.place = x.place and told_in is null",
        [place[0] for place in places],
        [place[1] for place in places],
    )


async def next_due(conn: Any, now: datetime) -> str | None:
    """The subscriber whose digest has been due the longest."""
    found: str | None = await conn.fetchval(
        "select subscriber from held where told_in is null and due_at <= $1 order by due_at, subscriber limit 1", now
    )
    return found


async def waiting(conn: Any, subscriber: str) -> list[Found]:
    """Everything that waits for a person, by the age of the subscriptions it waits for."""
    rows = await conn.fetch(
        f"select h.place, h.due_at, h.fact, h.told, {OF_WISH} from held h"  # noqa: S608 (constant columns)
        " join subscription s on s.id = h.subscription_id join subscriber p on p.subject = h.subscriber"
        " where h.subscriber = $1 and h.told_in is null order by s.created_at, s.id, h.place",
        subscriber,
    )
    found = []
    for row in rows:
        wish, reader, _ = wish_of(row)
        told = Told(**json.loads(row["told"])) if row["told"] else None
        found.append(Found(row["place"], row["due_at"], Waiting(wish, unpacked(json.loads(row["fact"])), told), reader))
    return found


async def told(conn: Any, places: Sequence[Place], message_id: str) -> None:
    """These alerts and receipts were told, in this message."""
    await conn.execute(
        "update held set told_in = $3 from unnest($1::text[], $2::text[]) as x(subscription_id, place)"
        " where held.subscription_id = x.subscription_id and held.place = x.place",
        [place[0] for place in places],
        [place[1] for place in places],
        message_id,
    )


async def move(conn: Any, subscriber: str, hours: Hours, now: datetime) -> None:
    """What waits for a person is told when their subscriptions and hours say now."""
    for pace in PACES:
        await conn.execute(
            "update held set due_at = $3 from subscription s where held.subscription_id = s.id"
            " and held.subscriber = $1 and s.pace = $2 and told_in is null and due_at > $4",
            subscriber,
            pace,
            hours.due(pace, now),
            now,
        )

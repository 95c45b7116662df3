"""What a person asks of the notifier: to keep wishes and hours, and to file messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from contracts.notifications import NotificationFiled
from contracts.streams import NOTIFICATIONS
from notifier.domain.errors import NotFound, ReceiptsOfOthers, SameSubscription, TooManySubscriptions
from notifier.domain.filing import Filing, asked
from notifier.domain.hours import Hours
from notifier.domain.hours import asked as hours_asked
from notifier.domain.subscription import Subscription, ask, changed_to
from notifier.store import held, messages, wishes
from runtime.access import Principal, may_read
from runtime.db import Tx, new_id

LIMIT: Final = 500
"""Subscriptions a person may have: more is a portal page, not an inbox."""

MANY: Final = 500
"""Messages filed in one transaction at most."""


async def subscribe(
    tx: Tx, caller: Principal, fields: Mapping[str, object], *, now: datetime
) -> tuple[Subscription, bool]:
    """Keep a wish; returns it and whether it is new. The same wish twice is one subscription."""
    wish = ask(fields, id_=new_id(), subscriber=caller.subject)
    if wish.entity is not None and not may_read(caller, "support", wish.entity):
        raise ReceiptsOfOthers
    await wishes.save_subscriber(tx.conn, caller, now)
    if await wishes.count_subscriptions(tx.conn, caller.subject) >= LIMIT:
        raise TooManySubscriptions
    if await wishes.insert_subscription(tx.conn, wish, now):
        return wish, True
    return await wishes.same_subscription(tx.conn, wish), False


async def subscriptions(tx: Tx, caller: Principal, *, now: datetime) -> list[Subscription]:
    """The caller's subscriptions, oldest first."""
    await wishes.save_subscriber(tx.conn, caller, now)
    return await wishes.subscriptions_of(tx.conn, caller.subject)


async def change(tx: Tx, caller: Principal, id_: str, fields: Mapping[str, object], *, now: datetime) -> Subscription:
    """Change how often one of the caller's wishes tells, or how much of what it is about it lets through."""
    await wishes.save_subscriber(tx.conn, caller, now)
    wish = await wishes.subscription(tx.conn, caller.subject, id_)
    if wish is None:
        raise NotFound
    changed = changed_to(wish, fields)
    if not await wishes.change_subscription(tx.conn, changed):
        raise SameSubscription
    if changed.pace != wish.pace:
        await held.move(tx.conn, caller.subject, await wishes.hours(tx.conn, caller.subject), now)
    return changed


async def unsubscribe(tx: Tx, caller: Principal, id_: str, *, now: datetime) -> None:
    """Forget one of the caller's wishes."""
    await wishes.save_subscriber(tx.conn, caller, now)
    if not await wishes.delete_subscription(tx.conn, caller.subject, id_):
        raise NotFound


async def inbox(
    tx: Tx, caller: Principal, *, unread: bool, before: str | None, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The caller's messages, newest first."""
    await wishes.save_subscriber(tx.conn, caller, now)
    return await messages.messages_of(tx.conn, caller.subject, unread=unread, before=before, limit=limit, now=now)


async def read(tx: Tx, caller: Principal, id_: str, *, now: datetime) -> dict[str, Any]:
    """Note that the caller has read a message, and say so once."""
    await file(tx, caller, [id_], "read", now=now)
    found = await messages.message(tx.conn, caller.subject, id_)
    if found is None:
        raise NotFound
    return found


async def file(
    tx: Tx, caller: Principal, ids: Sequence[str], do: object, until: object = None, *, now: datetime
) -> dict[str, Filing]:
    """File the caller's messages and say how each is filed now; returns those that changed.

    What is somebody else's is passed over as what does not exist.
    """
    wish, end = asked(do, until, now)
    await wishes.save_subscriber(tx.conn, caller, now)
    known = await messages.filings(tx.conn, caller.subject, ids)
    changed = {id_: new for id_, old in known.items() if (new := old.after(wish, now, end)) != old}
    if changed:
        await messages.save_filings(tx.conn, caller.subject, changed)
    for id_, filing in changed.items():
        told = NotificationFiled(notification_id=id_, subscriber=caller.subject, **asdict(filing))
        tx.emit(NOTIFICATIONS, caller.subject, told, subject=id_)
    return changed


async def read_all(tx: Tx, caller: Principal, *, now: datetime) -> dict[str, Filing]:
    """Read what is in sight and unread, ``MANY`` at a time; returns those that changed."""
    await wishes.save_subscriber(tx.conn, caller, now)
    waiting = await messages.unread_ids(tx.conn, caller.subject, now, MANY)
    return await file(tx, caller, waiting, "read", now=now)


async def hours(tx: Tx, caller: Principal, *, now: datetime) -> Hours:
    """When the caller is told."""
    await wishes.save_subscriber(tx.conn, caller, now)
    return await wishes.hours(tx.conn, caller.subject)


async def keep_hours(tx: Tx, caller: Principal, fields: Mapping[str, Any], *, now: datetime) -> Hours:
    """Keep when the caller is told; what waits for them is told by these hours."""
    wanted = hours_asked(fields)
    await wishes.save_subscriber(tx.conn, caller, now)
    await wishes.hours(tx.conn, caller.subject)  # locked, so that what waits is moved by the last of two wishes
    await wishes.save_hours(tx.conn, caller.subject, wanted)
    await held.move(tx.conn, caller.subject, wanted, now)
    return wanted

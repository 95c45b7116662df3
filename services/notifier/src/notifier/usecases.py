"""What the notifier does: keep wishes, tell facts once, note what was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from contracts.envelope import Envelope
from contracts.notifications import NotificationCreated, NotificationFiled
from contracts.streams import NOTIFICATIONS
from notifier import store
from notifier.domain.errors import NotFound, ReceiptsOfOthers, SameSubscription, TooManySubscriptions
from notifier.domain.fact import Alert, Fact, Figure, Receipt, Told, moved
from notifier.domain.filing import Filing, asked
from notifier.domain.message import Message, compose
from notifier.domain.saying import message_of
from notifier.domain.scope import project_of
from notifier.domain.subscription import Subscription, ask, changed_to
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
    await store.save_subscriber(tx.conn, caller, now)
    if await store.count_subscriptions(tx.conn, caller.subject) >= LIMIT:
        raise TooManySubscriptions
    if await store.insert_subscription(tx.conn, wish, now):
        return wish, True
    return await store.same_subscription(tx.conn, wish), False


async def subscriptions(tx: Tx, caller: Principal, *, now: datetime) -> list[Subscription]:
    """The caller's subscriptions, oldest first."""
    await store.save_subscriber(tx.conn, caller, now)
    return await store.subscriptions_of(tx.conn, caller.subject)


async def change(tx: Tx, caller: Principal, id_: str, fields: Mapping[str, object], *, now: datetime) -> Subscription:
    """Change how much of what it is about one of the caller's wishes lets through."""
    await store.save_subscriber(tx.conn, caller, now)
    wish = await store.subscription(tx.conn, caller.subject, id_)
    if wish is None:
        raise NotFound
    changed = changed_to(wish, fields)
    if not await store.change_subscription(tx.conn, changed):
        raise SameSubscription
    return changed


async def unsubscribe(tx: Tx, caller: Principal, id_: str, *, now: datetime) -> None:
    """Forget one of the caller's wishes."""
    await store.save_subscriber(tx.conn, caller, now)
    if not await store.delete_subscription(tx.conn, caller.subject, id_):
        raise NotFound


async def inbox(
    tx: Tx, caller: Principal, *, unread: bool, before: str | None, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The caller's messages, newest first."""
    await store.save_subscriber(tx.conn, caller, now)
    return await store.messages_of(tx.conn, caller.subject, unread=unread, before=before, limit=limit, now=now)


async def read(tx: Tx, caller: Principal, id_: str, *, now: datetime) -> dict[str, Any]:
    """Note that the caller has read a message, and say so once."""
    await file(tx, caller, [id_], "read", now=now)
    found = await store.message(tx.conn, caller.subject, id_)
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
    await store.save_subscriber(tx.conn, caller, now)
    known = await store.filings(tx.conn, caller.subject, ids)
    changed = {id_: new for id_, old in known.items() if (new := old.after(wish, now, end)) != old}
    if changed:
        await store.save_filings(tx.conn, caller.subject, changed)
    for id_, filing in changed.items():
        told = NotificationFiled(notification_id=id_, subscriber=caller.subject, **asdict(filing))
        tx.emit(NOTIFICATIONS, caller.subject, told, subject=id_)
    return changed


async def read_all(tx: Tx, caller: Principal, *, now: datetime) -> dict[str, Filing]:
    """Read what is in sight and unread, ``MANY`` at a time; returns those that changed."""
    await store.save_subscriber(tx.conn, caller, now)
    waiting = await store.unread_ids(tx.conn, caller.subject, now, MANY)
    return await file(tx, caller, waiting, "read", now=now)


async def tell(tx: Tx, facts: Sequence[tuple[Fact, Envelope]], names: Mapping[str, str], *, now: datetime) -> None:
    """Tell each fact once to everybody who asked for it and may read it."""
    wishes = await _wishes(tx, [fact for fact, _ in facts])
    if not wishes:
        return
    scopes = [fact.scope for fact, _ in facts if isinstance(fact, Figure)]
    known = await store.told(tx.conn, [wish.id for wish, _ in wishes], scopes) if scopes else {}
    heard: dict[store.Place, Told] = {}
    messages: list[store.Stored] = []
    causes: dict[str, Envelope] = {}
    for fact, envelope in facts:
        for matching in _by_subscriber(fact, wishes).values():
            due = matching
            before: Told | None = None
            if isinstance(fact, Figure):
                places = [(wish.id, fact.metric, fact.scope) for wish in matching]
                last = [heard.get(place, known.get(place)) for place in places]
                due = [w for w, t in zip(matching, last, strict=True) if moved(fact, t, w.min_change)]
                before = next((t for w, t in zip(matching, last, strict=True) if w in due), None)
                _remember(heard, fact, places, last, {wish.id for wish in due})
            if due:
                stored = store.Stored(new_id(), compose(fact, due, names, told=before))
                messages.append(stored)
                causes[stored.id] = envelope
    if heard:
        await store.save_told(tx.conn, heard)
    fresh = await store.insert_messages(tx.conn, messages, now) if messages else set()
    for stored in messages:
        if stored.id in fresh:
            _announce(tx, stored, causes[stored.id], now)


async def _wishes(tx: Tx, facts: Sequence[Fact]) -> list[tuple[Subscription, Principal]]:
    scopes = {fact.scope for fact in facts if isinstance(fact, Figure)}
    projects = {project for scope in scopes if (project := project_of(scope))}
    projects |= {fact.project_id for fact in facts if isinstance(fact, Alert) and fact.project_id}
    entities = {fact.entity for fact in facts if isinstance(fact, Receipt)}
    alerts = any(isinstance(fact, Alert) for fact in facts)
    return await store.candidates(
        tx.conn, scopes=sorted(scopes), projects=sorted(projects), entities=sorted(entities), alerts=alerts
    )


def _by_subscriber(fact: Fact, wishes: Sequence[tuple[Subscription, Principal]]) -> dict[str, list[Subscription]]:
    """Who is to hear a fact, with the wishes that cover it; nobody who may not read it."""
    found: defaultdict[str, list[Subscription]] = defaultdict(list)
    for wish, reader in wishes:
        if wish.covers(fact) and may_read(reader, fact.access.classification, fact.access.owner):
            found[wish.subscriber].append(wish)
    return found


def _remember(
    heard: dict[store.Place, Told],
    figure: Figure,
    places: Sequence[store.Place],
    last: Sequence[Told | None],
    due: set[str],
) -> None:
    """What was told is the new mark; where nothing was told yet, the mark is where the figure came from."""
    for place, told in zip(places, last, strict=True):
        if place[0] in due:
            heard[place] = Told(figure.value, figure.state)
        elif told is None:
            heard[place] = Told(figure.previous, figure.state)


def _announce(tx: Tx, stored: store.Stored, cause: Envelope, now: datetime) -> None:
    message = stored.message
    created = NotificationCreated(
        notification_id=stored.id,
        subscriber=message.subscriber,
        subscription_id=message.subscription_id,
        kind=message.kind,
        scope=message.scope,
        title=message.title,
        body=message.body,
        reason=message.reason,
        link=message.link,
        created_at=now,
        classification=message.fact.access.classification,
        owner=message.fact.access.owner,
        demonstration=message.fact.access.demonstration,
        metric=message.fact.metric if isinstance(message.fact, Figure) else None,
        project_id=_project(message.fact),
        said=_said(message),
    )
    tx.emit(
        NOTIFICATIONS,
        message.subscriber,
        created,
        cause=cause,
        subject=stored.id,
        classification=message.fact.access.classification,
    )


def _said(message: Message) -> dict[str, Any]:
    """What the texts were made of, for those that can be said in another language."""
    texts = {"title": message.title, "body": message.body, "reason": message.reason}
    return {field: found for field, text in texts.items() if (found := message_of(text)) is not None}


def _project(fact: Fact) -> str | None:
    match fact:
        case Figure():
            return project_of(fact.scope)
        case Alert():
            return fact.project_id
        case Receipt():
            return None

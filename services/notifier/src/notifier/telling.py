"""How facts reach people: at once, or when their digest is due; each once, to those who may read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.envelope import Envelope
from contracts.notifications import Access, Line, NotificationCreated
from contracts.streams import NOTIFICATIONS
from notifier.domain.digest import digest, place_of
from notifier.domain.fact import Alert, Fact, Figure, Receipt, Told, moved
from notifier.domain.hours import Hours
from notifier.domain.message import Message, compose
from notifier.domain.saying import said_of
from notifier.domain.scope import project_of
from notifier.domain.subscription import Subscription
from notifier.store import held, messages, wishes
from notifier.store.messages import Stored
from runtime.access import Principal, may_read
from runtime.db import Tx, new_id


async def tell(tx: Tx, facts: Sequence[tuple[Fact, Envelope]], names: Mapping[str, str], *, now: datetime) -> None:
    """Tell each fact once to everybody who asked for it and may read it: at once, or when their digest is due."""
    await held.share(tx.conn)
    asked_for = await _wishes(tx, [fact for fact, _ in facts])
    if not asked_for:
        return
    scopes = [fact.scope for fact, _ in facts if isinstance(fact, Figure)]
    known = await messages.told(tx.conn, [wish.id for wish, _, _ in asked_for], scopes) if scopes else {}
    heard: dict[messages.Place, Told] = {}
    kept: dict[held.Place, held.Held | None] = {}
    written: list[Stored] = []
    causes: dict[str, Envelope] = {}
    for fact, envelope in facts:
        matching_of, closed = _by_subscriber(fact, asked_for)
        kept |= {(wish.id, place_of(fact)): None for wish in closed}  # what is withheld from now on is told no more
        for matching in matching_of.values():
            due = [wish for wish, _ in matching]
            last: dict[str, Told | None] = {}
            if isinstance(fact, Figure):
                places = {wish.id: (wish.id, fact.metric, fact.scope) for wish in due}
                last = {id_: heard.get(place, known.get(place)) for id_, place in places.items()}
                due = [wish for wish in due if moved(fact, last[wish.id], wish.min_change)]
            at = {wish.id: now if _urgent(wish, fact) else hours.due(wish.pace, now) for wish, hours in matching}
            due.sort(key=lambda wish: at[wish.id] > now)
            told_now = {wish.id for wish in due} if due and at[due[0].id] <= now else set()
            if isinstance(fact, Figure):
                _remember(heard, fact, places, last, told_now)
            if told_now:
                stored = Stored(new_id(), compose(fact, due, names, told=last.get(due[0].id)))
                written.append(stored)
                causes[stored.id] = envelope
            for wish, _ in matching:
                waits = at[wish.id] > now and wish.id not in told_now
                before = last.get(wish.id) or (Told(fact.previous, fact.state) if isinstance(fact, Figure) else None)
                kept[wish.id, place_of(fact)] = held.Held(wish.subscriber, fact, at[wish.id], before) if waits else None
    if heard:
        await messages.save_told(tx.conn, heard)
    await _keep(tx, kept, now)
    await _write(tx, written, causes, now)


async def tell_next(tx: Tx, names: Mapping[str, str], *, now: datetime) -> bool:
    """Tell the next person whose digest is due, of what they may read today; False where nobody's is.

    What is news is told in one message, in the transaction that takes it from what waits: however often it is begun
    and by however many, it happens once.
    """
    if await held.next_due(tx.conn, now) is None:
        return False
    await held.claim(tx.conn)
    subscriber = await held.next_due(tx.conn, now)
    if subscriber is None:
        return False
    found = await held.waiting(tx.conn, subscriber)
    news = [one for one in found if one.waiting.news and _may_read(one.reader, one.waiting.fact)]
    due = {one.place for one in news if one.due_at <= now}
    told = [one for one in news if one.place in due]
    taken = [one for one in found if one.due_at <= now or one in told]
    id_ = new_id()
    message = digest([one.waiting for one in told], names, id_=id_)
    lasting = [one for one in told if not isinstance(one.waiting.fact, Figure)]
    await held.told(tx.conn, [(one.waiting.subscription.id, one.place) for one in lasting], id_)
    await held.drop(tx.conn, [(one.waiting.subscription.id, one.place) for one in taken])
    heard = {
        (one.waiting.subscription.id, fact.metric, fact.scope): Told(fact.value, fact.state)
        for one in told
        if isinstance(fact := one.waiting.fact, Figure)
    }
    if heard:
        await messages.save_told(tx.conn, heard)
    if message is not None:
        await _write(tx, [Stored(id_, message)], {}, now)
    return True


async def waiting(
    tx: Tx, caller: Principal, names: Mapping[str, str], *, now: datetime
) -> tuple[datetime, Message] | None:
    """The caller's next digest as it would be now, and when it comes; None where there is nothing to say."""
    await wishes.save_subscriber(tx.conn, caller, now)
    found = [one for one in await held.waiting(tx.conn, caller.subject) if one.waiting.news]
    if not found:
        return None
    comes = min(one.due_at for one in found)
    places = {one.place for one in found if one.due_at == comes}
    message = digest([one.waiting for one in found if one.place in places], names, id_="next")
    return (comes, message) if message else None


async def _keep(tx: Tx, kept: Mapping[held.Place, held.Held | None], now: datetime) -> None:
    gone = sorted(place for place, what in kept.items() if what is None)
    if gone:
        await held.drop(tx.conn, gone)
    if waits := {place: what for place, what in kept.items() if what is not None}:
        await held.hold(tx.conn, waits, now)


async def _write(tx: Tx, written: Sequence[Stored], causes: Mapping[str, Envelope], now: datetime) -> None:
    """Put messages into inboxes, and say those that are new."""
    fresh = await messages.insert_messages(tx.conn, written, now) if written else set()
    for stored in written:
        if stored.id in fresh:
            _announce(tx, stored, causes.get(stored.id), now)


async def _wishes(tx: Tx, facts: Sequence[Fact]) -> list[wishes.Wish]:
    scopes = {fact.scope for fact in facts if isinstance(fact, Figure)}
    projects = {project for scope in scopes if (project := project_of(scope))}
    projects |= {fact.project_id for fact in facts if isinstance(fact, Alert) and fact.project_id}
    entities = {fact.entity for fact in facts if isinstance(fact, Receipt)}
    alerts = any(isinstance(fact, Alert) for fact in facts)
    return await wishes.candidates(
        tx.conn, scopes=sorted(scopes), projects=sorted(projects), entities=sorted(entities), alerts=alerts
    )


def _by_subscriber(
    fact: Fact, asked_for: Sequence[wishes.Wish]
) -> tuple[dict[str, list[tuple[Subscription, Hours]]], list[Subscription]]:
    """Who is to hear a fact, with the wishes that cover it; and the wishes of those who may not read it."""
    found: defaultdict[str, list[tuple[Subscription, Hours]]] = defaultdict(list)
    closed = []
    for wish, reader, hours in asked_for:
        if not wish.covers(fact):
            continue
        if _may_read(reader, fact):
            found[wish.subscriber].append((wish, hours))
        else:
            closed.append(wish)
    return found, closed


def _may_read(reader: Principal, fact: Fact) -> bool:
    return may_read(reader, fact.access.classification, fact.access.owner)


def _urgent(wish: Subscription, fact: Fact) -> bool:
    """Whether it passes the hours of quiet: what touches security, where its reader asked to be told as it happens."""
    return wish.pace == "instant" and isinstance(fact, Alert) and fact.kind == "security"


def _remember(
    heard: dict[messages.Place, Told],
    figure: Figure,
    places: Mapping[str, messages.Place],
    last: Mapping[str, Told | None],
    told_now: set[str],
) -> None:
    """What was told is the new mark; where nothing was told yet, the mark is where the figure came from."""
    for id_, place in places.items():
        if id_ in told_now:
            heard[place] = Told(figure.value, figure.state)
        elif last[id_] is None:
            heard[place] = Told(figure.previous, figure.state)


def _announce(tx: Tx, stored: Stored, cause: Envelope | None, now: datetime) -> None:
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
        classification=message.access.classification,
        owner=message.access.owner,
        demonstration=message.access.demonstration,
        metric=message.metric,
        project_id=message.project_id,
        said=said_of(title=message.title, body=message.body, reason=message.reason),
        lines=[Line(**line) for line in messages.lines_of(message)],
        subscriptions=list(message.subscriptions),
        also=[Access(**access) for access in messages.also_of(message)],
    )
    tx.emit(
        NOTIFICATIONS,
        message.subscriber,
        created,
        cause=cause,
        subject=stored.id,
        classification=message.access.classification,
    )

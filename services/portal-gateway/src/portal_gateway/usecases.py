"""Apply what was said to the read model: sort a batch by what it changes, collapse it by key, write it once.

The feed's lock is taken before the first row that has a place in it, and held to the commit; so everything
that needs no place is written first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope, rfc3339
from contracts.notifications import NotificationCreated, NotificationFiled, NotificationRead
from contracts.portfolio import (
    Budget,
    BudgetRevised,
    IndicatorDefined,
    IndicatorWithdrawn,
    ObservationRetracted,
    ProjectState,
    ProjectStatusChanged,
    ProjectWithdrawn,
    TransactionReversed,
)
from portal_gateway.decoding import Decoded, Figure, Observation, Posting, Receipt, encode
from portal_gateway.domain.project import parts
from portal_gateway.domain.search import folding
from portal_gateway.domain.view import narrative
from portal_gateway.domain.withheld import in_its_place
from portal_gateway.store import feed, figures, history, messages, projects, receipts
from runtime.db import Tx

T = TypeVar("T")

_PLACES: Final = frozenset({"COUNTRY", "REGION"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A payload with the envelope it came in."""

    payload: Decoded
    envelope: Envelope

    @property
    def version(self) -> str:
        """The version clock of methodology §0.4 as text that compares: recordedtime, then sequence."""
        at = self.envelope.recordedtime or self.envelope.time
        return f"{rfc3339(at) if at else ''}|{self.envelope.sequence or ''}"


async def apply_news(tx: Tx, facts: Sequence[Fact]) -> None:
    """Figures, alerts, messages and receipts: what changes on a page while it is open."""
    if not facts:
        return
    latest: dict[tuple[str, str], Fact] = {}
    alerts: dict[str, AlertRaised] = {}
    told: dict[str, NotificationCreated] = {}
    filed: dict[str, messages.Filed] = {}
    answered: dict[str, Receipt] = {}
    for fact in facts:
        match fact.payload:
            case Figure() as figure:
                known = latest.get((figure.metric, figure.scope))
                if known is None or _revision(known) < figure.revision:
                    latest[figure.metric, figure.scope] = fact
            case AlertRaised() as alert:
                alerts[alert.alert_id] = alert
            case NotificationCreated() as message:
                told[message.notification_id] = message
            case NotificationFiled() | NotificationRead() as event:
                filing = _filed(event)
                known_filing = filed.get(event.notification_id)
                if known_filing is None or _order(known_filing) < _order(filing):
                    filed[event.notification_id] = filing
            case Receipt() as receipt:
                answered[receipt.submission_id] = receipt
    await feed.claim(tx.conn)
    if latest:
        await figures.save(tx.conn, [_figure(fact) for fact in latest.values()])
    if alerts:
        await figures.save_alerts(
            tx.conn,
            [(a.alert_id, a.project_id, a.entity, a.classification, a.raised_at, encode(a)) for a in alerts.values()],
        )
    if told:
        await messages.save(
            tx.conn,
            [
                (m.notification_id, m.subscriber, m.classification, m.owner, m.created_at, encode(m))
                for m in told.values()
            ],
        )
    if filed:
        await messages.file(tx.conn, list(filed.values()))
    if answered:
        await receipts.save(tx.conn, [(r.submission_id, r.entity, r.received_at, encode(r)) for r in answered.values()])
    await feed.announce(tx.conn)


@dataclass(slots=True)
class _Changes:
    """A batch of portfolio facts by table; each list is written in rounds in which a key stands once."""

    states: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[tuple[str, str, str, datetime]] = field(default_factory=list)
    withdrawn: list[tuple[str, str, datetime]] = field(default_factory=list)
    indicators: list[tuple[Any, ...]] = field(default_factory=list)
    indicators_withdrawn: list[tuple[str, str, str]] = field(default_factory=list)
    observations: list[tuple[Any, ...]] = field(default_factory=list)
    budgets: list[tuple[Any, ...]] = field(default_factory=list)
    budgets_replaced: dict[str, str] = field(default_factory=dict)
    postings: list[history.Posting] = field(default_factory=list)
    classes: list[tuple[str, str, str, str]] = field(default_factory=list)
    versions: list[history.Version] = field(default_factory=list)


async def apply_portfolio(tx: Tx, facts: Sequence[Fact]) -> None:
    """Projects and what belongs to them."""
    changes = _Changes()
    for fact in facts:
        _sort(changes, fact, tx.clock())
    conn = tx.conn
    for indicators in rounds(changes.indicators, lambda row: row[:2]):
        await projects.save_indicators(conn, indicators)
    for project_id, indicator_id, version in changes.indicators_withdrawn:
        await projects.withdraw_indicator(conn, project_id, indicator_id, version)
    for observations in rounds(changes.observations, lambda row: row[:6]):
        await projects.save_observations(conn, observations)
    for budgets in rounds(changes.budgets, lambda row: row[:4]):
        await projects.save_budgets(conn, budgets)
    if changes.budgets_replaced:
        await projects.forget_budgets(conn, list(changes.budgets_replaced), list(changes.budgets_replaced.values()))
    for postings in rounds(changes.postings, lambda row: row[:2]):
        await history.save_postings(conn, postings)
    if changes.classes:
        await history.append_classes(conn, changes.classes)
    if changes.versions:
        await history.append(conn, changes.versions)
    if changes.states or changes.statuses or changes.withdrawn:
        await feed.claim(conn)
        for states in rounds(changes.states, lambda row: row["project_id"]):
            await projects.save(conn, states)
        for row in changes.statuses:
            await projects.set_status(conn, *row)
        for gone in changes.withdrawn:
            await projects.withdraw(conn, *gone)
        await feed.announce(conn)


def _sort(changes: _Changes, fact: Fact, now: datetime) -> None:
    version, at = fact.version, fact.envelope.recordedtime or fact.envelope.time or now

    def keep(project_id: str, part: str, data: str) -> None:
        event_type = fact.envelope.type.removeprefix(PREFIX)
        kept = (project_id, version, part, parts.kind_of(part), event_type, fact.envelope.id, at, data)
        changes.versions.append(history.Version(*kept))

    match fact.payload:
        case ProjectState() as state:
            data = json.loads(state.model_dump_json(by_alias=True, exclude={"changed_fields"}))
            keep(state.project_id, parts.PROJECT, json.dumps(data, ensure_ascii=False))
            changes.classes.append((state.project_id, version, state.classification, state.entity))
            changes.states.append(_state(state, data, version, at))
            changes.budgets += [_budget(state.project_id, line, version) for line in state.budgets]
            if state.budgets:
                changes.budgets_replaced[state.project_id] = version
        case ProjectStatusChanged() as moved:
            keep(moved.project_id, parts.STATUS, encode(moved))
            changes.statuses.append((moved.project_id, moved.to, version, at))
        case ProjectWithdrawn() as gone:
            keep(gone.project_id, parts.PROJECT, _taken_back(gone))
            changes.withdrawn.append((gone.project_id, version, at))
        case IndicatorDefined() as i:
            title, told = narrative(i.title, "en")[0], encode(i)
            keep(i.project_id, parts.indicator(i.indicator_id), told)
            row = (i.project_id, i.indicator_id, i.result_type, i.result_id, version, title, told)
            changes.indicators.append(row)
        case IndicatorWithdrawn() as old:
            keep(old.project_id, parts.indicator(old.indicator_id), _taken_back(old))
            changes.indicators_withdrawn.append((old.project_id, old.indicator_id, version))
        case Observation() | ObservationRetracted() as o:
            place = _place(o.place.location, o.place.dimensions)
            key = (o.project_id, o.indicator_id, o.period.start, o.period.end, place, o.ordinal)
            told, retracted = encode(o), isinstance(o, ObservationRetracted)
            part = parts.observation(*key[1:])
            keep(o.project_id, part, _taken_back(o) if isinstance(o, ObservationRetracted) else told)
            changes.observations.append((*key, version, retracted, told))
        case BudgetRevised() as revised:
            line = revised.budget
            keep(revised.project_id, parts.budget(line.period_start, line.period_end, line.type), encode(revised))
            changes.budgets.append(_budget(revised.project_id, line, version))
        case Posting() as p:
            money = (p.type, p.date, p.amount, p.currency)
            changes.postings.append(history.Posting(p.project_id, p.transaction_id, version, False, *money))
        case TransactionReversed() as r:
            nothing = ("", None, None, None)
            changes.postings.append(history.Posting(r.project_id, r.transaction_id, version, True, *nothing))


def _taken_back(payload: Payload) -> str:
    """A payload that takes something back, marked as such."""
    return json.dumps(payload.model_dump(mode="json") | {"retracted": True}, ensure_ascii=False)


def rounds(rows: Iterable[T], key: Callable[[T], Any]) -> list[list[T]]:
    """Split rows into the fewest lists in which every key stands once, their order by key kept."""
    found: list[list[T]] = []
    seen: dict[Any, int] = {}
    for row in rows:
        n = seen.get(key(row), 0)
        seen[key(row)] = n + 1
        if n == len(found):
            found.append([])
        found[n].append(row)
    return found


def _filed(event: NotificationFiled | NotificationRead) -> messages.Filed:
    who, at = event.subscriber, event.read_at
    if isinstance(event, NotificationRead):
        return messages.Filed(event.notification_id, who, 0, at)
    return messages.Filed(event.notification_id, who, event.revision, at, event.snoozed_until, event.archived_at)


def _order(filed: messages.Filed) -> tuple[int, float]:
    """The last revision holds; of those that have none the first reading."""
    return filed.revision, -filed.read_at.timestamp() if filed.read_at and not filed.revision else 0.0


def _revision(fact: Fact) -> int:
    assert isinstance(fact.payload, Figure)
    return fact.payload.revision


def _figure(fact: Fact) -> figures.Stored:
    event = fact.payload
    assert isinstance(event, Figure)
    return figures.Stored(
        metric=event.metric,
        scope=event.scope,
        kind=event.scope.partition(":")[0],
        classification=event.classification,
        owner=event.owner,
        revision=event.revision,
        updated_at=event.updated_at,
        data=encode(event),
        traceparent=fact.envelope.traceparent,
        withheld=event.withheld,
        in_its_place=json.dumps(in_its_place(json.loads(encode(event)))) if event.withheld else "",
    )


def _state(state: ProjectState, data: Mapping[str, Any], version: str, at: datetime) -> dict[str, Any]:
    pillars = sorted({a.code for a in state.allocations if a.dim == "PILLAR"})
    places = sorted({a.code for a in state.allocations if a.dim in _PLACES})
    texts = [*state.title.values(), state.project_id, state.entity, state.entity_name, *state.description.values()]
    return {
        "project_id": state.project_id,
        "entity": state.entity,
        "entity_name": state.entity_name,
        "classification": state.classification,
        "version": version,
        "demonstration": state.demonstration,
        "pillars": pillars,
        "places": places,
        "data": {name: value for name, value in data.items() if name != "budgets"},
        "words": folding.words(texts),
        "updated_at": rfc3339(at),
    }


def _budget(project_id: str, line: Budget, version: str) -> tuple[Any, ...]:
    return (project_id, line.period_start, line.period_end, line.type, version, line.model_dump_json())


def _place(location: str | None, dimensions: Mapping[str, str]) -> str:
    """The place's own key: the empty text is the total."""
    if location is None and not dimensions:
        return ""
    return json.dumps([location, sorted(dimensions.items())], ensure_ascii=False)

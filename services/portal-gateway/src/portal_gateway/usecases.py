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
from contracts.envelope import Envelope, rfc3339
from contracts.notifications import NotificationCreated, NotificationRead
from contracts.portfolio import (
    Budget,
    BudgetRevised,
    IndicatorDefined,
    IndicatorWithdrawn,
    ObservationRetracted,
    ProjectState,
    ProjectStatusChanged,
    ProjectWithdrawn,
)
from portal_gateway.decoding import Decoded, Figure, Observation, Receipt, encode
from portal_gateway.domain import search
from portal_gateway.domain.view import narrative
from portal_gateway.domain.withheld import in_its_place
from portal_gateway.store import feed, figures, messages, projects, receipts
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
    read: list[NotificationRead] = []
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
            case NotificationRead() as event:
                read.append(event)
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
    if read:
        await messages.read(tx.conn, [r.notification_id for r in read], [r.read_at for r in read])
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
    match fact.payload:
        case ProjectState() as state:
            changes.states.append(_state(state, version, at))
            changes.budgets += [_budget(state.project_id, line, version) for line in state.budgets]
            if state.budgets:
                changes.budgets_replaced[state.project_id] = version
        case ProjectStatusChanged() as moved:
            changes.statuses.append((moved.project_id, moved.to, version, at))
        case ProjectWithdrawn() as gone:
            changes.withdrawn.append((gone.project_id, version, at))
        case IndicatorDefined() as i:
            title = narrative(i.title, "en")[0]
            row = (i.project_id, i.indicator_id, i.result_type, i.result_id, version, title, encode(i))
            changes.indicators.append(row)
        case IndicatorWithdrawn() as old:
            changes.indicators_withdrawn.append((old.project_id, old.indicator_id, version))
        case Observation() | ObservationRetracted() as o:
            place = _place(o.place.location, o.place.dimensions)
            key = (o.project_id, o.indicator_id, o.period.start, o.period.end, place, o.ordinal)
            changes.observations.append((*key, version, isinstance(o, ObservationRetracted), encode(o)))
        case BudgetRevised() as revised:
            changes.budgets.append(_budget(revised.project_id, revised.budget, version))


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


def _state(state: ProjectState, version: str, at: datetime) -> dict[str, Any]:
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
        "data": json.loads(state.model_dump_json(by_alias=True, exclude={"budgets", "changed_fields"})),
        "words": search.words(texts),
        "updated_at": rfc3339(at),
    }


def _budget(project_id: str, line: Budget, version: str) -> tuple[Any, ...]:
    return (project_id, line.period_start, line.period_end, line.type, version, line.model_dump_json())


def _place(location: str | None, dimensions: Mapping[str, str]) -> str:
    """The place's own key: the empty text is the total."""
    if location is None and not dimensions:
        return ""
    return json.dumps([location, sorted(dimensions.items())], ensure_ascii=False)

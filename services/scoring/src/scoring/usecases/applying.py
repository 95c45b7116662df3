"""Accepted facts in: one batch brings projects and cells up to date and says what changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from contracts.envelope import PREFIX, Envelope
from runtime.db import Tx
from runtime.delivery import Record
from scoring import store
from scoring.cache import StateCache
from scoring.codec import micros
from scoring.domain.assessing import Moved, added, family_figure, merge, readers_of_sums
from scoring.domain.causes import NEW_DATA, TIME, kind_of
from scoring.domain.cells import SIZE, Cells
from scoring.domain.duplicates.fingerprint import look
from scoring.domain.facts import Fact, Version
from scoring.domain.families import FAMILIES
from scoring.domain.families.duplicates import METRIC as PAIRS
from scoring.domain.families.presence import METRIC as PRESENCE
from scoring.domain.figures import Figure, aggregate, closed_to, metrics_of, readers_of, vacated
from scoring.domain.judgements import SharedClaim
from scoring.domain.ledger import Change, alerts, apply, own_figures
from scoring.domain.ownfigures import scope_of
from scoring.domain.pace import GOOD, NOT_ASSESSED, STATUSES
from scoring.domain.scorecard import PARTS, SCOPE
from scoring.domain.state import ProjectState, Share
from scoring.domain.subjects.needs import standing
from scoring.domain.world import NO_WORLD, World
from scoring.usecases import passing
from scoring.usecases.duplicates import DecisionItem, Look, bring_pairs_up_to_date
from scoring.usecases.publishing import Cause, Publisher
from scoring.usecases.scorecards import say_scorecard
from scoring.usecases.subjects import SubjectItem, bring_up_to_date
from scoring.usecases.suppressing import Changes, decide

_PAGE: Final = 500  # projects read at once where a day's close touches many
_ASSESSED: Final = [status not in NOT_ASSESSED for status in STATUSES]
_GOOD: Final = [status in GOOD for status in STATUSES]
_UNKNOWN: Final = STATUSES.index("NO_DATA")
_NOUGHT: Final = [0] * SIZE
_GATED: Final = "M10"
"""The family that looks at a project's gate again whenever it may have changed."""


@dataclass(slots=True)
class Item:
    """One fact of a batch: the record it came in, and its version."""

    record: Record
    fact: Fact
    version: Version


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers: differences of cells with their causes, and rows to write."""

    publisher: Publisher
    closed: int
    world: World
    token: int = field(default_factory=lambda: secrets.randbits(62))
    cells: Cells = field(default_factory=dict)
    causes: dict[str, tuple[Cause, int]] = field(default_factory=dict)
    saved: dict[str, store.Saved] = field(default_factory=dict)
    shares: dict[str, dict[str, Share]] = field(default_factory=dict)
    moved: Moved = field(default_factory=dict)  # differences of the families' cells
    terms: dict[str, dict[str, str]] = field(default_factory=dict)  # of projects whose terms changed
    standings: dict[str, tuple[int, Cause]] = field(default_factory=dict)  # of projects whose gate was looked at
    subjects: Sequence[SubjectItem] = ()
    looks: dict[str, Look] = field(default_factory=dict)  # projects whose fingerprint changed
    decided: Sequence[DecisionItem] = ()
    over: Cause | None = None  # that a day is over
    told: dict[tuple[str, str], tuple[Cause, int]] = field(default_factory=dict)  # causes of what subjects moved
    withheld: Changes = field(default_factory=dict)  # totals that become so, or are not any more

    def cause_of(self, scope: str) -> tuple[Cause, int]:
        """What moved a scope; one that is only withheld or shown because of others is moved by the latest of all."""
        return self.causes.get(scope) or max(self.causes.values(), key=lambda cause: cause[0].version)


async def accept(
    tx: Tx,
    items: Sequence[Item],
    cache: StateCache,
    world: World = NO_WORLD,
    *,
    now: datetime,
    subjects: Sequence[SubjectItem] = (),
    decided: Sequence[DecisionItem] = (),
) -> None:
    """Enter a batch of facts, score what they touch, and say what changed."""
    by_project: dict[str, list[Item]] = {}
    for item in items:
        by_project.setdefault(item.fact.project_id, []).append(item)
    batch = _Batch(
        Publisher(tx, now, world.method), await store.closed_day(tx.conn), world, subjects=subjects, decided=decided
    )
    refused: set[int] = set()
    senders = await passing.senders(tx, items)
    states = dict(await _states(tx, sorted(by_project.keys() | senders), cache))
    moved = await passing.note(tx, states, by_project, senders)
    for project_id in sorted(by_project):
        state, mine = states[project_id], by_project[project_id]
        latest = max(mine, key=lambda item: item.version)
        cause = Cause(latest.record.envelope, latest.version, latest.fact)
        said = [(item.fact, item.version) for item in mine]
        change = _step(batch, state, said, cause, money=project_id in moved)
        for position, why in change.refused:
            tx.reject(mine[position].record, "VALUE", f"A figure cannot be read: {why}")
            refused.add(id(mine[position]))
    for project_id in sorted(moved - by_project.keys()):
        latest = max(items, key=lambda item: item.version)
        _step(batch, states[project_id], [], Cause(latest.record.envelope, latest.version), money=True)
    await _log(tx, [item for item in items if id(item) not in refused])
    await _write(tx, batch, cache)


async def close_day(
    tx: Tx, day: int, envelope: Envelope, cache: StateCache, world: World = NO_WORLD, *, now: datetime
) -> None:
    """Let a day be over: only projects that were waiting for it are scored again."""
    if not await store.close_day(tx.conn, day):
        return
    batch = _Batch(Publisher(tx, now, world.method), day, world)
    moment = envelope.recordedtime or envelope.time or now
    cause = Cause(envelope, Version(micros(moment), envelope.sequence or "", envelope.id), kind=TIME)
    batch.over = replace(cause)
    waiting = await store.due_projects(tx.conn, day)
    for start in range(0, len(waiting), _PAGE):
        for _, state in await _states(tx, waiting[start : start + _PAGE], cache):
            _step(batch, state, [], cause)
    await _write(tx, batch, cache)


async def score_again(
    tx: Tx,
    projects: Sequence[str],
    cause: Cause,
    cache: StateCache,
    world: World,
    *,
    now: datetime,
    money: bool = False,
    reread: bool = False,
) -> None:
    """Bring projects up to date that something beside them changed: their money's worth, or how they are read."""
    batch = _Batch(Publisher(tx, now, world.method), await store.closed_day(tx.conn), world)
    for _, state in await _states(tx, projects, cache):
        _step(batch, state, [], replace(cause), money=money, reread=reread)
    await _write(tx, batch, cache)


async def _log(tx: Tx, items: Sequence[Item]) -> None:
    """Append facts to the log; claims on shared results stand whole in a table of their own."""
    rows = [
        store.FactRow(i.fact.project_id, i.version, i.record.envelope.type, i.record.envelope.data)
        for i in items
        if not isinstance(i.fact, SharedClaim)
    ]
    await store.append_facts(tx.conn, rows)


async def _states(tx: Tx, projects: Sequence[str], cache: StateCache) -> Iterable[tuple[str, ProjectState]]:
    """The states of these projects, locked in order; a new one where nothing is known."""
    tokens = await store.lock_projects(tx.conn, projects)
    states = {p: state for p, token in tokens.items() if (state := cache.take(p, token)) is not None}
    cold = [p for p in tokens if p not in states]
    if cold:
        states |= await store.project_states(tx.conn, cold)
    return [(p, states.get(p) or ProjectState(p)) for p in projects]


def _step(
    batch: _Batch,
    state: ProjectState,
    facts: list[tuple[Fact, Version]],
    cause: Cause,
    *,
    money: bool = False,
    reread: bool = False,
) -> Change:
    """One project brought up to date: its figures said, its difference added to the cells of the batch."""
    before, under = state.contribution, batch.world.method.parameters
    if cause.kind == NEW_DATA:
        cause.kind = kind_of(cause.fact, cause.envelope.type.removeprefix(PREFIX), cause.version, state, under)
    change = apply(state, facts, batch.closed, batch.cells, batch.world, money=money, reread=reread)
    after = state.contribution
    cause.entity, cause.classification = state.last_entity, state.last_classification
    for own in own_figures(state, change, under):
        record = batch.publisher.say(own.known, own.figure, cause, state.scored_on)
        if record is not None:
            own.published[own.figure.metric] = record
    classification = state.last_classification
    for kind, indicator, old, new in alerts(state, change):
        scope = scope_of(state.project_id, indicator)
        batch.publisher.alert(kind, scope, (old, new), cause, classification, indicator)
    old_shares = before.shares if before is not None else {}
    new_shares = after.shares if after is not None else {}
    # What moved nothing is no cause, and no total says when it came: it may be of a project that is not to be seen.
    for scope in new_shares.keys() | old_shares.keys() if change.moved or before != after else ():
        known = batch.causes.get(scope)
        if known is None or known[0].version < cause.version:
            batch.causes[scope] = cause, max(state.scored_on, batch.closed)
    if old_shares is not new_shares and old_shares != new_shares:
        batch.shares[state.project_id] = new_shares
    merge(batch.moved, change.moved)
    if _GATED in change.assessed.again:
        why = Cause(cause.envelope, cause.version, kind=cause.kind)
        batch.standings[state.project_id] = standing(state, under), why
    if reread or PAIRS in change.assessed.again:  # a dialect moves a project, and its pairs, into other pillars
        found, news = look(state)
        if news:
            batch.looks[state.project_id] = Look(found, cause, state.scored_on)
    if change.assessed.rewritten:
        batch.terms[state.project_id] = dict(state.assessed.open().terms)
    batch.saved[state.project_id] = saved_row(state, batch.token)
    return change


def saved_row(state: ProjectState, token: int) -> store.Saved:
    """A project as it is written under a token: what its row says beside the body."""
    weight = state.contribution.weight if state.contribution is not None else (0,) * len(STATUSES)
    return store.Saved(
        state,
        token,
        state.last_entity,
        state.last_classification,
        sum(n for n, good in zip(weight, _GOOD, strict=True) if good),
        sum(n for n, assessed in zip(weight, _ASSESSED, strict=True) if assessed),
        weight[_UNKNOWN],
    )


async def _write(tx: Tx, batch: _Batch, cache: StateCache) -> None:
    """Write projects, subjects, pairs, cells, the families' cells: every worker locks in this order."""
    if not (batch.saved or batch.subjects or batch.decided or batch.over):
        return
    saved = list(batch.saved.values())
    if saved:
        await store.save_projects(tx.conn, saved)
    if batch.shares:
        await store.save_shares(tx.conn, batch.shares)
    if batch.terms:
        await store.save_terms(tx.conn, batch.terms)
    found = await bring_up_to_date(tx, batch.subjects, batch.standings, batch.closed, batch.world.method, batch.over)
    merge(batch.moved, found.moved)
    pairs = await bring_pairs_up_to_date(
        tx, batch.looks, found.supports, batch.decided, batch.closed, batch.world.method
    )
    merge(batch.moved, pairs.moved)
    batch.told = found.causes | pairs.causes
    batch.withheld = await decide(tx, batch.moved, batch.world.method.regions)
    await _write_cells(tx, batch)
    await _write_families(tx, batch)
    await batch.publisher.keep()
    for row in saved:
        cache.put(batch.token, row.state)


async def _write_cells(tx: Tx, batch: _Batch) -> None:
    changed = {scope for scope, difference in batch.cells.items() if any(difference)}
    changed |= {scope for scope, metric in batch.withheld if metric == PRESENCE}
    if not changed:
        return
    if not PARTS.isdisjoint(changed) and SCOPE not in changed:
        changed.add(SCOPE)  # who changes a pillar holds the scorecard, so that no other changes it at once
    rows = []
    pillars: dict[str, Figure | None] = {}
    for scope, row in sorted((await store.lock_cells(tx.conn, sorted(changed), SIZE)).items()):
        sums = [a + b for a, b in zip(row.sums, batch.cells.get(scope, _NOUGHT), strict=True)]
        cause, valid = batch.cause_of(scope)
        why = batch.withheld.get((scope, PRESENCE), row.withheld)
        classification, owner = readers_of(scope, sums)
        classification = closed_to(classification, why)
        for metric in metrics_of(scope):
            known = row.published.get(metric)
            figure = aggregate(metric, scope, sums, batch.world.method.parameters, why)
            if metric == "M4" and scope in PARTS:
                pillars[scope] = figure
            if figure is None:
                if known is None:
                    continue
                figure = vacated(metric, scope, classification, owner)
            record = batch.publisher.say(known, figure, cause, valid)
            if record is not None:
                row.published[metric] = record
        rows.append((store.CellRow(scope, sums, row.published, why), classification, owner))
    if pillars:
        whole = next(row for row, _, _ in rows if row.scope == SCOPE)
        latest = max((batch.cause_of(scope) for scope in pillars), key=lambda cause: cause[0].version)
        await say_scorecard(tx, batch.publisher, whole.published, pillars, latest)
    await store.save_cells(tx.conn, rows)


async def _write_families(tx: Tx, batch: _Batch) -> None:
    changed = {key for key, difference in batch.moved.items() if difference} | batch.withheld.keys()
    if not changed:
        return
    rows = []
    for row in await store.lock_family_cells(tx.conn, changed):
        scope, metric = row.scope, row.metric
        sums = added(row.sums, batch.moved.get((scope, metric), {}))
        cause, valid = batch.told.get((scope, metric)) or batch.cause_of(scope)
        why = batch.withheld.get((scope, metric), row.withheld)
        classification, owner = readers_of_sums(scope, sums)
        classification = closed_to(classification, why)
        known = row.published.get(metric)
        figure = family_figure(FAMILIES[metric], scope, sums, batch.world.method.parameters, why)
        if figure is None and known is not None:
            figure = vacated(metric, scope, classification, owner)
        record = batch.publisher.say(known, figure, cause, valid) if figure is not None else None
        published = row.published if record is None else {metric: record}
        rows.append((store.FamilyRow(scope, metric, sums, published, why), classification, owner))
    await store.save_family_cells(tx.conn, rows)

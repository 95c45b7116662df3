"""The switch of a rebuild: what differs is replaced while writers wait, readers told where they must be (ADR 0074)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.envelope import PREFIX, Envelope
from runtime.db import Tx, new_id
from scoring import store
from scoring.codec import micros
from scoring.domain.assessing import (
    Moved,
    added,
    family_figure,
    merge,
    own_family_figure,
    readers_of_sums,
    spread,
    sums_hash,
)
from scoring.domain.assessment import Terms
from scoring.domain.causes import CORRECTION, METHOD_CHANGE
from scoring.domain.cells import SIZE, Cells, state_hash
from scoring.domain.cells import spread as spread_core
from scoring.domain.duplicates.fingerprint import Fingerprint
from scoring.domain.facts import Version
from scoring.domain.families import FAMILIES
from scoring.domain.families.presence import METRIC as PRESENCE
from scoring.domain.figures import Figure, aggregate, closed_to, metrics_of, readers_of, vacated
from scoring.domain.method import Method, parts_of
from scoring.domain.ownfigures import indicator_figures, project_figures, scope_of
from scoring.domain.scorecard import PARTS, SCOPE
from scoring.domain.state import ProjectState, Published
from scoring.domain.world import World
from scoring.store import duplicates as pairs_store
from scoring.store import method as methods
from scoring.store import shadow
from scoring.usecases.applying import saved_row
from scoring.usecases.publishing import Cause, Publisher
from scoring.usecases.replaying_pairs import mend_pairs, sums_of
from scoring.usecases.replaying_subjects import mend_subjects, replay_subjects
from scoring.usecases.scorecards import say_scorecard
from scoring.usecases.suppressing import Decided, decide_all

_PAGE: Final = 100
_FOREVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Change:
    """A change of method that a rebuild makes: the event that asks for it, and why figures are revised by it."""

    method: Method
    event_id: str
    type: str = f"{PREFIX}rebuild"
    kind: str = METHOD_CHANGE


@dataclass(slots=True)
class Sums:
    """What the log makes of every cell, and of what projects are worth to needs, after the close of a day."""

    closed: int = 0
    world: World = field(default_factory=World)
    change: Change | None = None
    cells: Cells = field(default_factory=dict)
    families: Moved = field(default_factory=dict)
    standings: dict[str, int] = field(default_factory=dict)
    prints: dict[str, Fingerprint | None] = field(default_factory=dict)  # where they, or a pair, are not as they stand

    def add(self, state: ProjectState, sign: int) -> None:
        """Add a project to the sums, or with −1 take it away."""
        if state.contribution is None:
            return
        spread_core(self.cells, state.contribution, sign)
        for metric, terms in state.assessed.open().terms.items():
            spread(self.families, metric, Terms.read(terms), state.contribution.shares, sign)


async def switch(tx: Tx, work: Sums) -> dict[str, Any]:
    """Replace what differs while writers wait, and tell readers where they were told wrongly."""
    now = tx.clock()
    change = work.change
    id_, type_ = (change.event_id, change.type) if change is not None else (new_id(), f"{PREFIX}rebuild")
    envelope = Envelope(id=id_, source=f"/svc/{tx.service}", type=type_, data=b"{}", time=now)
    kind = change.kind if change is not None else CORRECTION
    cause = Cause(envelope, Version(micros(now), "", envelope.id), kind=kind)
    publisher = Publisher(tx, now, work.world.method)
    projects = await _mend_projects(tx, work, publisher, cause)
    replayed = await replay_subjects(tx, work.standings, work.closed, work.world.method)
    merge(work.families, replayed.moved)
    subjects = await mend_subjects(tx, replayed, work.standings)
    pairs = await mend_pairs(tx, work.prints, replayed.subjects.values(), cause, work.closed, work.world.method)
    merge(work.families, sums_of((await pairs_store.all_cases(tx.conn)).values()))
    stood, stood_families = await store.all_cells(tx.conn), await store.all_family_cells(tx.conn)
    decided = await decide_all(tx, work.families, publisher.method.regions)
    cells = await _mend_cells(tx, work, stood, publisher, cause, decided)
    families = await _mend_families(tx, work, stood_families, publisher, cause, decided)
    await publisher.keep()
    if change is not None:
        release, lists = parts_of(change.method.version)
        in_force = methods.InForce(change.method.version, micros(now), change.event_id)
        await methods.put_in_force(tx.conn, in_force, {("method", release), *lists.items()}, secrets.randbits(62))
    return {
        "method_version": work.world.method.version,
        "standing": f"{state_hash(stood)} {sums_hash(stood_families)}",
        "rebuilt": f"{state_hash(work.cells)} {sums_hash(work.families)}",
        "mended_projects": projects,
        "mended_subjects": ["|".join(key) for key in subjects],
        "mended_pairs": sorted("|".join(pair) for pair in pairs),
        "mended_cells": [*cells, *families],
    }


async def _mend_projects(tx: Tx, work: Sums, publisher: Publisher, cause: Cause) -> list[str]:
    names = await shadow.differing(tx.conn)
    token = secrets.randbits(62)
    for start in range(0, len(names), _PAGE):
        page = names[start : start + _PAGE]
        stood = await shadow.standing(tx.conn, page)
        rows, shares, terms = [], {}, {}
        for name, found in (await shadow.shadows(tx.conn, page)).items():
            state = found.state
            row = stood.get(name)
            cause.entity, cause.classification = state.last_entity, state.last_classification
            before = row.state if row is not None else None
            await _tell_own(tx, state, before, publisher, cause, trusted=work.change is not None)
            rows.append(saved_row(state, token))
            shares[name] = state.contribution.shares if state.contribution is not None else {}
            terms[name] = dict(state.assessed.open().terms)
        await store.save_projects(tx.conn, rows)
        await store.save_shares(tx.conn, shares)
        await store.save_terms(tx.conn, terms)
    return names


async def _tell_own(
    tx: Tx, state: ProjectState, stood: ProjectState | None, publisher: Publisher, cause: Cause, *, trusted: bool
) -> None:
    """Carry over what was last told of a project's figures, and tell what is different."""
    own, under = scope_of(state.project_id), publisher.method.parameters
    places: list[tuple[dict[str, Published], dict[str, Published], str, Iterable[Figure | None]]] = [
        (state.published, stood.published if stood is not None else {}, own, project_figures(state, under) or ()),
        (
            state.assessed.open().published,
            stood.assessed.open().published if stood is not None else {},
            own,
            [own_family_figure(metric, state, under) for metric in FAMILIES],
        ),
    ]
    for name, indicator in state.indicators.items():
        known = stood.indicators.get(name) if stood is not None else None
        places.append(
            (
                indicator.published,
                known.published if known is not None else {},
                scope_of(state.project_id, name),
                indicator_figures(state, name, under) or (),
            )
        )
    for published, before, scope, figures in places:
        told = {figure.metric: figure for figure in figures if figure is not None}
        for metric in sorted(told.keys() | before.keys()):
            known_ = await _known(tx, metric, scope, before.get(metric), trusted=trusted)
            if metric not in told and known_ is None:
                continue
            figure = told.get(metric) or vacated(metric, scope, state.last_classification, state.last_entity)
            record = publisher.say(known_, figure, cause, state.scored_on) or known_
            if record is not None:
                published[metric] = record


async def _known(
    tx: Tx, metric: str, scope: str, stood: Published | None, *, trusted: bool = False
) -> Published | None:
    """What was last told of a figure: by the history, or where that is younger, by what stands.

    A change of method tells most figures anew while writers wait, so it trusts what stands (ADR 0078).
    """
    if trusted and stood is not None:
        return stood
    said = await store.revision_at(tx.conn, metric, scope, _FOREVER)
    if said is None:
        return stood
    readers = "" if said.classification == "public" else f"{said.classification}|{said.owner or ''}"
    return Published(
        said.digest, said.value, None, said.revision, said.valid, said.known, said.updated, said.cause, readers
    )


async def _mend_cells(
    tx: Tx, work: Sums, stood: Cells, publisher: Publisher, cause: Cause, decided: Decided
) -> list[str]:
    nothing = [0] * SIZE
    differ = [
        scope
        for scope in sorted(work.cells.keys() | stood.keys())
        if work.cells.get(scope, nothing) != stood.get(scope, nothing) or (scope, PRESENCE) in decided.changed
    ]
    # Another method may say something else of the same sums.
    names = [*differ] if work.change is None else sorted(work.cells.keys() | stood.keys())
    if not PARTS.isdisjoint(names) and SCOPE not in names:
        names.append(SCOPE)
    moved = set(differ)
    rows = []
    pillars: dict[str, Figure | None] = {}
    cause.entity, cause.classification = "", "public"
    for scope, row in (await store.lock_cells(tx.conn, names, SIZE)).items() if names else ():
        sums = work.cells.get(scope, nothing)
        why = decided.withheld.get((scope, PRESENCE))
        classification, owner = readers_of(scope, sums)
        classification = closed_to(classification, why)
        published = {m: p for m, p in row.published.items() if m not in metrics_of(scope)}
        for metric in metrics_of(scope):
            figure = aggregate(metric, scope, sums, publisher.method.parameters, why)
            if metric == "M4" and scope in PARTS:
                pillars[scope] = figure
            if work.change is not None and _stands(row.published.get(metric), figure):
                published[metric] = row.published[metric]
                continue
            known = await _known(tx, metric, scope, row.published.get(metric), trusted=work.change is not None)
            if figure is None and known is None:
                continue
            told = figure or vacated(metric, scope, classification, owner)
            record = publisher.say(known, told, cause, work.closed) or known
            if record is not None:
                published[metric] = record
        if scope in moved or scope == SCOPE or published != row.published:
            rows.append((store.CellRow(scope, sums, published, why), classification, owner))
    if pillars:
        whole = next(row for row, _, _ in rows if row.scope == SCOPE)
        await say_scorecard(tx, publisher, whole.published, pillars, (cause, work.closed))
    if rows:
        await store.save_cells(tx.conn, rows)
    return differ


def _stands(told: Published | None, figure: Figure | None) -> bool:
    """Whether what was told of a figure is what it is."""
    return told is not None and figure is not None and told.digest == figure.digest()


async def _mend_families(
    tx: Tx, work: Sums, stood: Moved, publisher: Publisher, cause: Cause, decided: Decided
) -> list[str]:
    differ = [
        key
        for key in sorted(work.families.keys() | stood.keys())
        if added({}, work.families.get(key, {})) != stood.get(key, {}) or key in decided.changed
    ]
    names = differ if work.change is None else sorted(work.families.keys() | stood.keys())
    rows = []
    for row in await store.lock_family_cells(tx.conn, names) if names else ():
        scope, metric = row.scope, row.metric
        sums = added({}, work.families.get((scope, metric), {}))
        why = decided.withheld.get((scope, metric))
        classification, owner = readers_of_sums(scope, sums)
        classification = closed_to(classification, why)
        figure = family_figure(FAMILIES[metric], scope, sums, publisher.method.parameters, why)
        if work.change is not None and sums == row.sums and _stands(row.published.get(metric), figure):
            continue
        known = await _known(tx, metric, scope, row.published.get(metric), trusted=work.change is not None)
        if figure is None and known is not None:
            figure = vacated(metric, scope, classification, owner)
        record = (publisher.say(known, figure, cause, work.closed) or known) if figure is not None else known
        published = {} if record is None else {metric: record}
        rows.append((store.FamilyRow(scope, metric, sums, published, why), classification, owner))
    if rows:
        await store.save_family_cells(tx.conn, rows)
    return [f"{metric}|{scope}" for scope, metric in differ]

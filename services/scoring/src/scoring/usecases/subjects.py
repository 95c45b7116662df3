"""Subjects that are no projects brought up to date within the transaction of a batch (ADR 0073).

What a subject rests on is told to it in the same transaction: a need what its projects are worth, a country the
provisions of the resolutions it is assessed on. Nothing is scanned; ties are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.db import Tx
from runtime.delivery import Record
from scoring import store
from scoring.domain.assessing import Moved, merge
from scoring.domain.causes import NEW_DATA, RETRACTION
from scoring.domain.coordination import SubjectFact
from scoring.domain.facts import Version
from scoring.domain.method import Method
from scoring.domain.subjects import Subject, home, rests_on
from scoring.domain.subjects.countries import CountryState, ResolutionState
from scoring.domain.subjects.needs import NeedState
from scoring.domain.subjects.subject import day_of, step
from scoring.usecases.publishing import Cause

Key = tuple[str, str]
_PROJECT = "project"


@dataclass(slots=True)
class SubjectItem:
    """One fact of a batch about a subject: the record it came in, and its version."""

    record: Record
    fact: SubjectFact
    version: Version

    @property
    def cause(self) -> Cause:
        """As the cause of a figure; whose fact it was is not told."""
        kind = RETRACTION if self.fact.withdrawn else NEW_DATA
        return Cause(self.record.envelope, self.version, kind=kind)


@dataclass(slots=True)
class SubjectsMoved:
    """What a batch did to subjects: differences of the families' cells, each with its cause and day; and to links."""

    moved: Moved = field(default_factory=dict)
    causes: dict[tuple[str, str], tuple[Cause, int]] = field(default_factory=dict)
    supports: dict[str, tuple[frozenset[str], Cause]] = field(default_factory=dict)  # by need, who is linked to it


@dataclass(slots=True)
class _Touched:
    """Subjects to bring up to date, each with the latest cause."""

    causes: dict[Key, Cause] = field(default_factory=dict)

    def by(self, key: Key, cause: Cause) -> None:
        """Note a cause; of several the latest stands."""
        known = self.causes.get(key)
        if known is None or known.version < cause.version:
            self.causes[key] = cause


async def bring_up_to_date(
    tx: Tx,
    items: Sequence[SubjectItem],
    standings: Mapping[str, tuple[int, Cause]],
    closed: int,
    method: Method,
    over: Cause | None = None,
) -> SubjectsMoved:
    """Enter facts about subjects, and what projects have become worth; ``over`` says that a day is over."""
    due = await store.due_subjects(tx.conn, closed) if over is not None else []
    if not (items or standings or due):
        return SubjectsMoved()
    touched = _Touched()
    refused: set[int] = set()
    stands = await _standings(tx, items, standings, touched)
    resolutions = await _resolutions(tx, items, touched, refused)
    for item in items:
        touched.by(home(item.fact), item.cause)
    if over is not None:
        for key in due:
            touched.by(key, over)
    keys = {key for key in touched.causes if key[0] != ResolutionState.KIND}
    found = await store.lock_subjects(tx.conn, keys)
    _enter(tx, found, [i for i in items if home(i.fact)[0] != ResolutionState.KIND], refused)
    tell(found.values(), stands, resolutions)
    await store.append_subject_facts(tx.conn, [_row(i) for i in items if id(i) not in refused])
    moved = await _step(tx, found, touched, closed, method)
    for item in items:
        key = home(item.fact)
        if isinstance(need := found.get(key), NeedState):
            moved.supports[need.id] = need.supporters(), touched.causes[key]
    return moved


async def _standings(
    tx: Tx, items: Sequence[SubjectItem], standings: Mapping[str, tuple[int, Cause]], touched: _Touched
) -> dict[str, int]:
    """What the projects concerned are worth now; needs that rest on one that changed are touched."""
    ties = {(on, home(i.fact)) for i in items if (on := rests_on(i.fact)) is not None and on[0] == _PROJECT}
    stands = await store.lock_standings(tx.conn, {on[1] for on, _ in ties} | standings.keys())
    changed = {p: found for p, (found, _) in standings.items() if stands[p] != found}
    if ties:
        await store.tie_subjects(tx.conn, ties)
    if changed:
        await store.save_standings(tx.conn, changed)
        for on, key in await store.subjects_resting_on(tx.conn, [(_PROJECT, p) for p in changed]):
            touched.by(key, standings[on[1]][1])
    return stands | changed


async def _resolutions(
    tx: Tx, items: Sequence[SubjectItem], touched: _Touched, refused: set[int]
) -> dict[str, ResolutionState]:
    """The resolutions concerned, up to date; countries assessed on one that changed are touched."""
    kind = ResolutionState.KIND
    ties = {(on, home(i.fact)) for i in items if (on := rests_on(i.fact)) is not None and on[0] == kind}
    mine = [i for i in items if home(i.fact)[0] == kind]
    keys = {on for on, _ in ties} | {home(i.fact) for i in mine}
    found = await store.lock_subjects(tx.conn, keys)
    if ties:
        await store.tie_subjects(tx.conn, ties)
    _enter(tx, found, mine, refused)
    if mine:
        await store.save_subjects(tx.conn, [s for _, s in sorted(found.items()) if s.newest])
        causes = {home(i.fact): i.cause for i in sorted(mine, key=lambda i: i.version)}
        for on, key in await store.subjects_resting_on(tx.conn, list(causes)):
            touched.by(key, causes[on])
    return {s.id: s for s in found.values() if isinstance(s, ResolutionState)}


def _enter(tx: Tx, found: Mapping[Key, Subject], items: Iterable[SubjectItem], refused: set[int]) -> None:
    for item in items:
        subject = found[home(item.fact)]
        try:
            subject.enter(item.fact, item.version)
        except ValueError as error:
            tx.reject(item.record, "VALUE", f"A figure cannot be read: {error}")
            refused.add(id(item))
            continue
        subject.note(item.version)


def tell(subjects: Iterable[Subject], standings: Mapping[str, int], resolutions: Mapping[str, ResolutionState]) -> None:
    """Tell subjects what they rest on."""
    for subject in subjects:
        if isinstance(subject, NeedState):
            subject.standings |= {p: standings[p] for p in subject.links if p in standings}
        elif isinstance(subject, CountryState):
            subject.provisions |= {
                name: dict(resolutions[name].provisions) for name in subject.levels if name in resolutions
            }


def _row(item: SubjectItem) -> store.SubjectFactRow:
    kind, subject = home(item.fact)
    return store.SubjectFactRow(kind, subject, item.version, item.record.envelope.type, item.record.envelope.data)


async def _step(tx: Tx, found: Mapping[Key, Subject], touched: _Touched, closed: int, method: Method) -> SubjectsMoved:
    result = SubjectsMoved()
    rewritten = []
    for key, subject in sorted(found.items()):
        moved, changed = step(subject, closed, method)
        merge(result.moved, moved)
        if changed:
            rewritten.append(subject)
        cause, day = touched.causes[key], day_of(subject, closed)
        for cell in moved:
            known = result.causes.get(cell)
            if known is None or known[0].version < cause.version:
                result.causes[cell] = cause, max(day, known[1] if known is not None else 0)
    await store.save_subjects(tx.conn, [s for _, s in sorted(found.items()) if s.newest])
    if rewritten:
        await store.save_subject_terms(tx.conn, rewritten)
    return result

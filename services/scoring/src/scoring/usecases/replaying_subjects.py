"""Subjects that are no projects made again from their log of facts: for a rebuild, a mending, a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.db import Tx
from scoring import store
from scoring.codec import subject_fact_of
from scoring.domain import coordination
from scoring.domain.assessing import Moved, merge
from scoring.domain.coordination import SubjectFact
from scoring.domain.method import Method
from scoring.domain.subjects import KINDS, Subject
from scoring.domain.subjects.countries import ResolutionState
from scoring.domain.subjects.subject import register_hash, step
from scoring.usecases.subjects import Key, tell

FOREVER: Final = 2**62
_LAST_DAY: Final = 10**7


@dataclass(slots=True)
class Replayed:
    """Subjects made again, what they add to cells, and how many facts that took."""

    subjects: dict[Key, Subject] = field(default_factory=dict)
    moved: Moved = field(default_factory=dict)
    facts: int = 0


async def replay_subjects(
    tx: Tx, standings: Mapping[str, int], closed: int, method: Method, *, known: int = FOREVER, until: int = _LAST_DAY
) -> Replayed:
    """Every subject from the facts known by an instant (µs since 1970) about days up to ``until``."""
    found = Replayed()
    for row in await store.subject_facts(tx.conn):
        fact = subject_fact_of(row.type, row.body)
        if row.version.recorded > known or _about(fact) > until:
            continue
        key = row.kind, row.subject
        subject = found.subjects.setdefault(key, KINDS[row.kind](row.subject))
        subject.enter(fact, row.version)
        subject.note(row.version)
        found.facts += 1
    tell(
        found.subjects.values(), standings, {s.id: s for s in found.subjects.values() if isinstance(s, ResolutionState)}
    )
    for _, subject in sorted(found.subjects.items()):
        if until < _LAST_DAY:
            subject.newest = min(subject.newest, until)
        merge(found.moved, step(subject, closed, method)[0])
    return found


def _about(fact: SubjectFact) -> int:
    """The day a fact speaks of, 0 where it speaks of none."""
    match fact:
        case coordination.ImplementationAssessed():
            return fact.assessed_on.toordinal()
        case coordination.ReportReceived():
            return fact.received_on.toordinal()
        case _:
            return 0


async def differing(tx: Tx, found: Replayed) -> list[Key]:
    """The subjects whose rows do not say what the log says."""
    stood = await store.all_subjects(tx.conn)
    return [key for key in sorted(found.subjects.keys() | stood.keys()) if not _says(stood.get(key), found, key)]


def _says(row: Subject | None, found: Replayed, key: Key) -> bool:
    subject = found.subjects.get(key)
    if row is None or subject is None:
        return False
    return register_hash(row) == register_hash(subject) and row.ledger == subject.ledger


async def mend_subjects(tx: Tx, found: Replayed, standings: Mapping[str, int]) -> list[Key]:
    """Replace the rows that differ; writers are held."""
    names = await differing(tx, found)
    await store.lock_standings(tx.conn, standings.keys())
    await store.save_standings(tx.conn, standings)
    await store.lock_subjects(tx.conn, names)
    again = [found.subjects[key] for key in names if key in found.subjects]
    await store.save_subjects(tx.conn, again)
    await store.save_subject_terms(tx.conn, again)
    return names

"""Pairs made again from what projects and subjects are by the log: for a rebuild, a mending, a snapshot (ADR 0077)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.db import Tx
from scoring.domain.assessing import Moved
from scoring.domain.duplicates.cases import Case, Decision, Pair, all_cases, sums
from scoring.domain.duplicates.fingerprint import Fingerprint
from scoring.domain.families.duplicates import METRIC
from scoring.domain.method import Method
from scoring.domain.parameters import Parameters
from scoring.domain.subjects import Subject
from scoring.domain.subjects.needs import NeedState
from scoring.store import duplicates as store
from scoring.usecases.duplicates import Fingerprints, PairsMoved, Why, enter, judged, write
from scoring.usecases.publishing import Cause


def supports_of(subjects: Iterable[Subject]) -> dict[str, frozenset[str]]:
    """By need, the projects linked to it."""
    return {one.id: found for one in subjects if isinstance(one, NeedState) and (found := one.supporters())}


def with_needs(
    found: Mapping[str, Fingerprint | None], supports: Mapping[str, Iterable[str]]
) -> dict[str, Fingerprint]:
    """Fingerprints that say which needs their projects are linked to."""
    needs: dict[str, list[str]] = {}
    for need, projects in sorted(supports.items()):
        for project in projects:
            needs.setdefault(project, []).append(need)
    return {name: one._replace(needs=tuple(needs.get(name, ()))) for name, one in found.items() if one is not None}


def replay_pairs(
    found: Mapping[str, Fingerprint | None],
    subjects: Iterable[Subject],
    decisions: Mapping[Pair, Decision],
    under: Parameters,
) -> tuple[dict[str, Fingerprint], dict[Pair, Case]]:
    """Every fingerprint and every case, from nothing else."""
    prints = with_needs(found, supports_of(subjects))
    return prints, all_cases(prints, decisions, under)


def sums_of(cases: Iterable[Case]) -> Moved:
    """What cases add to M12's cells."""
    moved: Moved = {}
    for case in cases:
        for scope in case.scopes:
            into = moved.setdefault((scope, METRIC), {})
            for name, value in sums(case).items():
                into[name] = into.get(name, 0) + value
    return moved


async def pairs_that_differ(tx: Tx, prints: Mapping[str, Fingerprint], cases: Mapping[Pair, Case]) -> list[str]:
    """The fingerprints and cases whose rows do not say what these say."""
    stood, kept = await store.fingerprints(tx.conn), await store.all_cases(tx.conn)
    names = sorted(name for name in prints.keys() | stood.keys() if prints.get(name) != stood.get(name))
    pairs = sorted(pair for pair in cases.keys() | kept.keys() if cases.get(pair) != kept.get(pair))
    return names + ["|".join(pair) for pair in pairs]


async def suspects(tx: Tx, found: Fingerprints, under: Parameters) -> set[str]:
    """Those of the projects whose fingerprint, or any of whose cases, is not as it stands in its row."""
    stood = await store.fingerprints(tx.conn, sorted(found))
    needs = await store.needs_met_by(tx.conn, sorted(found))
    now = {
        name: one._replace(needs=tuple(sorted(needs.get(name, ())))) if one is not None else None
        for name, one in found.items()
    }
    wrong = {name for name, one in now.items() if one != stood.get(name)}
    cases, kept = await judged(tx, stood, now, under)
    pairs = {pair for pair in cases.keys() | kept.keys() if cases.get(pair) != kept.get(pair)}
    return wrong | {name for pair in pairs for name in pair if name in found}


async def mend_pairs(
    tx: Tx, found: Fingerprints, subjects: Iterable[Subject], cause: Cause, closed: int, method: Method
) -> set[Pair]:
    """Replace what is wrong about these projects' fingerprints and pairs; writers are held. Returns the pairs."""
    await store.take_turn(tx.conn)
    supports = supports_of(subjects)
    known = (await store.supports(tx.conn)).keys()
    moved = await store.save_supports(tx.conn, {**dict.fromkeys(known, frozenset()), **supports})
    names = sorted(found.keys() | moved)
    stood = await store.fingerprints(tx.conn, names)
    new: dict[str, Fingerprint | None] = dict.fromkeys(names)
    new |= with_needs({name: found[name] if name in found else stood.get(name) for name in names}, supports)
    await enter(tx, {}, new)
    await enter(tx, stood, new)
    cases, kept = await judged(tx, stood, new, method.parameters)
    why = Why()
    for name in names:
        why.note(name, cause, closed)
    await write(tx, cases, kept, why, PairsMoved(), method)
    return {pair for pair in cases.keys() | kept.keys() if cases.get(pair) != kept.get(pair)}

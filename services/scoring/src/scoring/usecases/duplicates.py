"""Pairs of projects brought up to date within the transaction of a batch (methodology M12, ADR 0077).

Only projects whose fingerprint changed are compared, and only with those that share a block. Whoever compares takes
its turn: a pair whose halves two workers meet at once would be seen by neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from runtime.db import Tx
from runtime.delivery import Record
from scoring.domain.assessing import Moved
from scoring.domain.duplicates.cases import LARGEST, Case, Pair, judge, pair_of, sums
from scoring.domain.duplicates.decided import DuplicateDecided
from scoring.domain.duplicates.fingerprint import Fingerprint, blocks, names, naming
from scoring.domain.facts import Version
from scoring.domain.families.duplicates import METRIC
from scoring.domain.method import Method
from scoring.domain.parameters import Parameters
from scoring.store import duplicates as store
from scoring.usecases.candidates import say_candidates
from scoring.usecases.publishing import Cause

Fingerprints = Mapping[str, Fingerprint | None]


@dataclass(slots=True)
class DecisionItem:
    """One decision of a batch: the record it came in, and its version."""

    record: Record
    fact: DuplicateDecided
    version: Version


@dataclass(slots=True)
class Look:
    """A project whose fingerprint may have changed: as it is now, why, and the day it is judged on."""

    fingerprint: Fingerprint | None
    cause: Cause
    day: int


@dataclass(slots=True)
class PairsMoved:
    """What a batch did to pairs: differences of M12's cells, and for each the cause with its day."""

    moved: Moved = field(default_factory=dict)
    causes: dict[tuple[str, str], tuple[Cause, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Why:
    """Causes by project and by pair; of several the latest stands."""

    of: dict[str | Pair, tuple[Cause, int]] = field(default_factory=dict)

    def note(self, key: str | Pair, cause: Cause, day: int) -> None:
        """Note a cause and its day."""
        known = self.of.get(key)
        if known is None or known[0].version < cause.version:
            self.of[key] = cause, day

    def why(self, pair: Pair) -> tuple[Cause, int]:
        """Why a pair changed: a fact of its own, or one that made a block too large or small enough again."""
        own = [found for key in (pair, *pair) if (found := self.of.get(key)) is not None]
        return max(own or self.of.values(), key=lambda found: found[0].version)


async def bring_pairs_up_to_date(
    tx: Tx,
    looks: Mapping[str, Look],
    supports: Mapping[str, tuple[Collection[str], Cause]],
    decided: Sequence[DecisionItem],
    closed: int,
    method: Method,
) -> PairsMoved:
    """Enter new fingerprints, the projects linked to needs, and decisions; the pairs that follow from all of them."""
    result = PairsMoved()
    if not (looks or supports or decided):
        return result
    await store.take_turn(tx.conn)
    why = Why()
    for name, look in looks.items():
        why.note(name, look.cause, max(look.day, closed))
    pairs = await _decisions(tx, decided, why, closed)
    moved = (
        await store.save_supports(tx.conn, {need: found for need, (found, _) in supports.items()}) if supports else {}
    )
    for name in moved:
        for _, cause in supports.values():
            why.note(name, cause, closed)
    work = sorted(looks.keys() | moved)
    old = await store.fingerprints(tx.conn, work)
    needs = await store.needs_met_by(tx.conn, work)
    new: dict[str, Fingerprint | None] = {}
    for name in work:
        now = looks[name].fingerprint if name in looks else old.get(name)
        now = now._replace(needs=tuple(sorted(needs.get(name, ())))) if now is not None else None
        if now != old.get(name):
            new[name] = now
    if not (new or pairs):
        return result
    await enter(tx, old, new)
    expected, stood = await judged(tx, old, new, method.parameters, pairs)
    return await write(tx, expected, stood, why, result, method)


async def _decisions(tx: Tx, decided: Sequence[DecisionItem], why: Why, closed: int) -> set[Pair]:
    rows = []
    for item in decided:
        try:
            pair = item.fact.pair
        except ValueError as error:
            tx.reject(item.record, "PAYLOAD", f"Not a decision scoring can read: {error}")
            continue
        rows.append(store.DecisionRow(pair, item.version, item.record.envelope.data))
        why.note(pair, Cause(item.record.envelope, item.version), closed)
    if rows:
        await store.append_decisions(tx.conn, rows)
    return {row.pair for row in rows}


async def enter(tx: Tx, old: Fingerprints, new: Fingerprints) -> None:
    """Write fingerprints, and move projects from the blocks of the old to those of the new."""
    if not new:
        return
    await store.save_fingerprints(tx.conn, new)
    stood = {(key, name) for name in new for key in _keys(old.get(name))}
    now = {(key, name) for name, one in new.items() for key in _keys(one)}
    await store.move_blocks(tx.conn, sorted(stood - now), sorted(now - stood))


def _keys(found: Fingerprint | None) -> frozenset[int]:
    """The blocks it stands in, and those of the projects it names."""
    return blocks(found) | {naming(to) for to in names(found)} if found is not None else frozenset()


async def judged(
    tx: Tx, old: Fingerprints, new: Fingerprints, under: Parameters, pairs: Collection[Pair] = ()
) -> tuple[dict[Pair, Case], dict[Pair, Case]]:
    """The cases of these projects and pairs as they must be, and as they stand; ``new`` is written already."""
    met, crossed = await _meetings(tx, old, new)
    touching = await store.cases_touching(tx.conn, new.keys() | {name for pair in pairs for name in pair})
    stood = {pair: case for pair, case in touching.items() if pair in pairs or not new.keys().isdisjoint(pair)}
    concerned = {*new, *(name for pair in met | set(pairs) for name in pair)}
    if crossed:
        stood |= await store.cases_within(tx.conn, crossed)
    decisions = await store.decisions(tx.conn, sorted(concerned | {name for pair in stood for name in pair}))
    again = met | set(pairs) | set(stood) | {pair for pair in decisions if not new.keys().isdisjoint(pair)}
    found = {name: one for name, one in new.items() if one is not None}
    others = {name for pair in again for name in pair} - new.keys()
    found |= await store.fingerprints(tx.conn, sorted(others))
    again = {pair for pair in again if pair[0] in found and pair[1] in found}
    met |= await _still_met(tx, again - met, found)
    cases = (judge(found[x], found[y], under, decisions.get((x, y)), met=(x, y) in met) for x, y in sorted(again))
    expected = {case.pair: case for case in cases if case is not None}
    return expected, stood


async def _meetings(tx: Tx, old: Fingerprints, new: Fingerprints) -> tuple[set[Pair], set[str]]:
    """The pairs that blocks and links make of changed projects; and the members of blocks that became too large, or
    small again: their pairs may stand by another block."""
    before = {name: blocks(one) if (one := old.get(name)) is not None else frozenset() for name in new}
    after = {name: blocks(one) if one is not None else frozenset() for name, one in new.items()}
    change: dict[int, int] = {}
    for name in new:
        for key in before[name] | after[name]:
            change[key] = change.get(key, 0) + (key in after[name]) - (key in before[name])
    most = LARGEST + len(new) + 1
    members = await store.members(tx.conn, change, most)
    met: set[Pair] = set()
    crossed: set[str] = set()
    for key, grown in change.items():
        block = members.get(key, [])
        small, was_small = len(block) <= LARGEST, len(block) - grown <= LARGEST
        if small and not was_small:
            met |= {pair_of(x, y) for x, y in combinations(block, 2)}
            crossed.update(block)
        elif small:
            met |= {pair_of(x, y) for x in block if x in new for y in block if y != x}
        elif was_small and len(block) < most:
            crossed.update(block)
    named = await store.members(tx.conn, {naming(name) for name in new}, 2**31 - 1)
    for name, one in new.items():
        if one is not None:
            met |= {pair_of(name, to) for to in (*names(one), *named.get(naming(name), ()))}
    return met, crossed


async def _still_met(tx: Tx, pairs: Collection[Pair], found: Mapping[str, Fingerprint]) -> set[Pair]:
    """Those of the pairs that share a block small enough, or of which one names the other."""
    shared = {(x, y): blocks(found[x]) & blocks(found[y]) for x, y in pairs}
    members = await store.members(tx.conn, {key for keys in shared.values() for key in keys}, LARGEST + 1)
    return {
        (x, y)
        for (x, y), keys in shared.items()
        if any(len(members.get(key, ())) <= LARGEST for key in keys) or y in names(found[x]) or x in names(found[y])
    }


async def write(
    tx: Tx,
    expected: Mapping[Pair, Case],
    stood: Mapping[Pair, Case],
    why: Why,
    result: PairsMoved,
    method: Method,
) -> PairsMoved:
    """Write the cases that changed, gather the difference they make to the cells, and say the new ones."""
    changed = {pair for pair in expected.keys() | stood.keys() if expected.get(pair) != stood.get(pair)}
    for pair in sorted(changed):
        cause = why.why(pair)
        for sign, case in ((-1, stood.get(pair)), (1, expected.get(pair))):
            for scope in case.scopes if case is not None else ():
                into = result.moved.setdefault((scope, METRIC), {})
                for name, value in sums(case).items() if case is not None else ():
                    into[name] = into.get(name, 0) + sign * value
                known = result.causes.get((scope, METRIC))
                if known is None or known[0].version < cause[0].version:
                    result.causes[scope, METRIC] = cause
    result.moved = {key: d for key, found in result.moved.items() if (d := {n: v for n, v in found.items() if v})}
    kept = [expected[pair] for pair in sorted(changed) if pair in expected]
    await store.save_cases(tx.conn, sorted(changed - expected.keys()), kept)
    await say_candidates(tx, kept, stood, method, lambda pair: why.why(pair)[0])
    return result

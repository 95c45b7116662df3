"""Scoring without a database: the events of a portfolio applied one batch at a time, or all of them at once.

What the use cases look up by an index is looked for everywhere here, so that the one can be held against the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final, NamedTuple

from tests.support.portfolios import Portfolio, Said, arrivals

from contracts.envelope import PREFIX, Envelope
from scoring import codec
from scoring.domain.assessing import Moved, assess, merge, sums_hash
from scoring.domain.cells import Cells, rebuild, state_hash
from scoring.domain.duplicates.cases import Decision, Pair
from scoring.domain.duplicates.fingerprint import fingerprint
from scoring.domain.facts import Fact, Version
from scoring.domain.judgements import SharedClaim
from scoring.domain.ledger import apply
from scoring.domain.project import is_counted, score
from scoring.domain.rates import RatesTable, rates_of
from scoring.domain.register import Touched, record, register_hash
from scoring.domain.sharing import SharedResult, claims_of, scaled
from scoring.domain.state import ProjectState
from scoring.domain.subjects import KINDS, Subject, home
from scoring.domain.subjects.countries import CountryState, ResolutionState
from scoring.domain.subjects.needs import NeedState, standing
from scoring.domain.subjects.subject import register_hash as subject_hash
from scoring.domain.subjects.subject import step
from scoring.domain.world import World
from scoring.usecases.passing import receivers_of
from scoring.usecases.replaying_pairs import replay_pairs, sums_of
from scoring.usecases.subjects import tell

Key = tuple[str, str]

SWITCHED: Final = frozenset({codec.RELEASE, codec.CODELIST})
"""What is kept, and changes nothing until it is switched to (ADR 0078)."""


class Digest(NamedTuple):
    """What two ways of scoring the same events must agree on, to the integer."""

    cells: str
    families: str
    projects: list[str]
    subjects: list[str]


class Line:
    """Everything scoring knows; a step of any kind leaves it as the use cases leave the database."""

    def __init__(self) -> None:
        self.states: dict[str, ProjectState] = {}
        self.subjects: dict[Key, Subject] = {}
        self.cells: Cells = {}
        self.sums: Moved = {}
        self.closed = 0
        self.decisions: dict[Pair, Decision] = {}
        self.kept: dict[str, dict[str, tuple[Version, Any]]] = {}  # by type, the newest of each key

    def digest(self) -> Digest:
        """Of what stands. A project of which no fact is known, only that somebody claims for it, is none."""
        return Digest(
            state_hash(self.cells),
            sums_hash(self._with_pairs()),
            sorted(register_hash(state) for state in self.states.values() if state.newest and _has_facts(state)),
            sorted(subject_hash(subject) for subject in self.subjects.values()),
        )

    def _with_pairs(self) -> Moved:
        """All sums, with those of the pairs that follow from what stands; here they are always made at once."""
        prints = {name: fingerprint(state) for name, state in self.states.items() if is_counted(state)}
        _, cases = replay_pairs(prints, self.subjects.values(), self.decisions, self.world().method.parameters)
        whole: Moved = dict(self.sums)
        merge(whole, sums_of(cases.values()))
        return whole

    def decide(self, said: Said) -> None:
        """Keep what people made of a pair, the newest word of each."""
        word = codec.decision_of(said.body)
        known = self.decisions.get(word.pair)
        if known is None or known.version < said.version:
            self.decisions[word.pair] = word.decision_at(said.version)

    # Events, a batch at a time ------------------------------------------------------------------------------

    def hear(self, batch: Iterable[Said]) -> None:
        """Apply a batch as one transaction does: the world, then facts, then days."""
        facts: list[tuple[Fact, Version]] = []
        subjects: list[Said] = []
        days: list[int] = []
        for said in batch:
            type_ = PREFIX + said.type
            if codec.is_fact(type_):
                facts.append((_fact(said), said.version))
            elif codec.is_subject_fact(type_):
                subjects.append(said)
            elif type_ == codec.CLOCK:
                days.append(_day(said))
            elif type_ == codec.DUPLICATE:
                self.decide(said)
            elif type_ in SWITCHED:
                continue
            else:
                facts += [(claim, said.version) for claim in self._context(said)]
        self._facts(facts)
        self._subjects(subjects)
        for day in days:
            self._close(day)

    def _context(self, said: Said) -> list[SharedClaim]:
        """Keep what is whole, and bring up to date whom it concerns; claims are told to the claimants."""
        key, found = _whole(said)
        kept = self.kept.setdefault(_kind(said), {})
        before = kept.get(key)
        if before is not None and before[0] >= said.version:
            return []
        kept[key] = said.version, found
        if isinstance(found, SharedResult):
            return claims_of(found, before[1] if before is not None else None)
        money = isinstance(found, RatesTable)
        for state in self.states.values():
            if money or state.last_entity == key:
                self._step(state, [], money=money, reread=not money)
        self._tell_needs()
        return []

    def _facts(self, facts: Sequence[tuple[Fact, Version]]) -> None:
        for name in dict.fromkeys(fact.project_id for fact, _ in facts):
            state = self.states.setdefault(name, ProjectState(name))
            self._step(state, [(fact, version) for fact, version in facts if fact.project_id == name])
        counted = {state.project_id for state in self.states.values() if is_counted(state)}
        for state in self.states.values():
            inside = sorted(receivers_of(state) & counted)
            if inside != state.inside:
                state.inside = inside
                self._step(state, [], money=True)
        self._tell_needs()

    def _step(self, state: ProjectState, facts: list[tuple[Fact, Version]], **why: bool) -> None:
        merge(self.sums, apply(state, facts, self.closed, self.cells, self.world(), **why).moved)
        # A row is read back from what was written.
        self.states[state.project_id] = codec.unpack_state(codec.pack_state(state))

    def _subjects(self, said: Sequence[Said]) -> None:
        touched: set[Key] = set()
        for one in said:
            fact = codec.subject_fact_of(PREFIX + one.type, one.body)
            key = home(fact)
            subject = self.subjects.setdefault(key, KINDS[key[0]](key[1]))
            subject.enter(fact, one.version)
            subject.note(one.version)
            touched.add(key)
            if isinstance(subject, ResolutionState):
                of = {k for k, s in self.subjects.items() if isinstance(s, CountryState) and subject.id in s.levels}
                touched |= of
        self._bring(touched)

    def _tell_needs(self) -> None:
        self._bring(key for key, subject in self.subjects.items() if isinstance(subject, NeedState))

    def _bring(self, keys: Iterable[Key]) -> None:
        found = [self.subjects[key] for key in sorted(keys)]
        resolutions = {s.id: s for s in self.subjects.values() if isinstance(s, ResolutionState)}
        method = self.world().method
        under = method.parameters
        tell(found, {name: standing(state, under) for name, state in self.states.items()}, resolutions)
        for subject in found:
            merge(self.sums, step(subject, self.closed, method)[0])
            self.subjects[subject.KIND, subject.id] = codec.unpack_subject(subject.KIND, codec.pack_subject(subject))

    def _close(self, day: int) -> None:
        if day <= self.closed:
            return
        self.closed = day
        for state in self.states.values():
            if state.due is not None and state.due <= day:
                self._step(state, [])
        self._bring(k for k, s in self.subjects.items() if s.transition is not None and s.transition <= day)
        self._tell_needs()

    def world(self) -> World:
        """Rates and dialects as they stand."""
        tables = [table for _, table in sorted(self.kept.get("rates", {}).values(), key=lambda kept: kept[0])]
        return World(
            rates_of(row for table in tables for row in table.rates()),
            {entity: found.readings for entity, (_, found) in self.kept.get("dialect", {}).items()},
        )


def batch(said: Sequence[Said]) -> Digest:
    """From nothing: what is whole in its newest version, all facts entered, everything scored once, all summed once."""
    line = Line()
    for one in said:
        type_ = PREFIX + one.type
        if codec.is_fact(type_):
            _enter(line, _fact(one), one.version)
        elif codec.is_subject_fact(type_):
            fact = codec.subject_fact_of(type_, one.body)
            subject = line.subjects.setdefault(home(fact), KINDS[home(fact)[0]](home(fact)[1]))
            subject.enter(fact, one.version)
            subject.note(one.version)
        elif type_ == codec.CLOCK:
            line.closed = max(line.closed, _day(one))
        elif type_ == codec.DUPLICATE:
            line.decide(one)
        elif type_ in SWITCHED:
            continue
        else:
            key, found = _whole(one)
            kept = line.kept.setdefault(_kind(one), {})
            if key not in kept or kept[key][0] < one.version:
                kept[key] = one.version, found
    for ref, (version, result) in line.kept.get("claims", {}).items():
        for s in scaled(result.claims):
            _enter(line, SharedClaim(s.project_id, ref, s.result_id, s.share, s.strength), version)
    counted = {state.project_id for state in line.states.values() if is_counted(state)}
    for state in line.states.values():
        state.inside = sorted(receivers_of(state) & counted)
        everything = Touched(True, True, set(state.indicators))
        score(state, everything, line.closed, line.world())
        assess(state, everything, {}, line.sums, line.world().method.parameters)
    line._bring(line.subjects)
    line.cells = rebuild(s.contribution for s in line.states.values() if s.contribution is not None)
    return line.digest()


def incremental(batches: Iterable[Sequence[Said]]) -> Digest:
    """As they arrive."""
    line = Line()
    for said in batches:
        line.hear(said)
    return line.digest()


def disagreement(portfolio: Portfolio) -> str | None:
    """Where incremental ≡ batch rebuild ≡ any order ≡ any duplication (methodology §0.4) fails; None where it holds.

    A fault is a disagreement too: an event that scoring cannot apply would hold its partition for ever.
    """
    try:
        expected = batch(portfolio.said)
        for how, found in (
            ("one at a time, as they were said", incremental([one] for one in portfolio.said)),
            ("in another order and in batches, some of them twice", incremental(arrivals(portfolio))),
        ):
            for name, ours, theirs in zip(Digest._fields, found, expected, strict=True):
                if ours != theirs:
                    return f"{how}, the {name} are not those of a rebuild"
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what the case shows)
        return f"{type(error).__name__}: {error}"
    return None


def _enter(line: Line, fact: Fact, version: Version) -> None:
    state = line.states.setdefault(fact.project_id, ProjectState(fact.project_id))
    with suppress(ValueError):  # what cannot be meant is refused, and moves nothing
        record(state, fact, version, Touched())


def _fact(said: Said) -> Fact:
    return codec.fact_of(Envelope(id=said.version.id, source="/test", type=PREFIX + said.type, data=said.body))


def _day(said: Said) -> int:
    return date.fromisoformat(said.data["date"]).toordinal()


def _kind(said: Said) -> str:
    type_ = PREFIX + said.type
    kinds = {codec.RATES: "rates", codec.CLAIMS: "claims", **dict.fromkeys(codec.DIALECTS, "dialect")}
    return kinds[type_]


def _whole(said: Said) -> tuple[str, Any]:
    """What is published whole: the key it replaces, and what it says."""
    match _kind(said):
        case "rates":
            table = codec.rates_table_of(said.body)
            return table.table_id, table
        case "claims":
            result = codec.shared_result_of(said.body)
            return result.shared_result_ref, result
        case _:
            dialect = codec.dialect_of(said.body)
            return dialect.entity, dialect


def _has_facts(state: ProjectState) -> bool:
    """Whether anything but claims is known of a project."""
    bare = ProjectState(state.project_id)
    bare.newest = state.newest
    bare.assessed.open().claims = state.assessed.open().claims
    return register_hash(state) != register_hash(bare)

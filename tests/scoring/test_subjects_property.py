"""The proof obligation of methodology §0.4 for subjects that are no projects: any order, any duplication, a rebuild."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.scoring_facts import day, ordinal

from scoring.codec import pack_subject, unpack_subject
from scoring.domain import coordination
from scoring.domain.assessing import Moved, merge, sums_hash
from scoring.domain.coordination import SubjectFact
from scoring.domain.method import FIRST_METHOD
from scoring.domain.origin import Version
from scoring.domain.subjects import KINDS, Subject, home
from scoring.domain.subjects.countries import CountryState, ResolutionState
from scoring.domain.subjects.needs import NeedState
from scoring.domain.subjects.subject import register_hash, step
from scoring.usecases.subjects import tell

CLOSED = ordinal("2026-06-30")
FIRST = ordinal("2021-01-01")
EPOCH = ordinal("1970-01-01")

Told = tuple[str, int]  # a project and what it is worth from now on
Entry = tuple[SubjectFact | Told, Version]
Key = tuple[str, str]

classes = st.sampled_from(["public", "compact", "owner", "state:ML"])
days = st.sampled_from([day("2021-02-01"), day("2022-06-29"), day("2024-01-31"), day("2026-01-31"), day("2026-12-31")])
projects = st.sampled_from(["P1", "P2"])


@st.composite
def one_fact(draw: Any) -> SubjectFact | Told:
    country, theme = draw(st.sampled_from(["ML", "NE"])), draw(st.sampled_from([None, "T1"]))
    gone, consented, class_ = draw(st.integers(0, 5)) == 0, draw(st.booleans()), draw(classes)
    match draw(st.integers(0, 6)):
        case 0:
            return coordination.Need(
                draw(st.sampled_from(["N1", "N2"])), country, "XM-1", draw(st.sampled_from(["P1", "P4"])),
                draw(st.integers(1, 4)), draw(st.integers(1, 3)), theme, class_, consented, False, gone,
            )  # fmt: skip
        case 1:
            adequacy = draw(st.sampled_from([0, 250_000, 700_000, 1_000_000]))
            return coordination.SupportLinked(draw(st.sampled_from(["N1", "N2"])), "ML", draw(projects), adequacy, gone)
        case 2:
            kind = draw(st.sampled_from(["LEGAL", "OPERATIONAL"]))
            weight = draw(st.integers(1, 3))
            return coordination.ProvisionDefined("R1", draw(st.sampled_from("ab")), kind, weight, theme, gone)
        case 3:
            level = draw(st.sampled_from(["0", "1", "3", "4", "NA", "NAS"]))
            assessor = draw(st.sampled_from(["STATE", "CTED"]))
            return coordination.ImplementationAssessed(
                "R1", draw(st.sampled_from("ab")), country, assessor, draw(days), level, class_, consented, False, gone
            )
        case 4:
            id_ = draw(st.sampled_from(["O1", "O2"]))
            return coordination.ObligationScheduled(id_, "XM-1", "report", draw(days), 90, False, gone)
        case 5:
            return coordination.ReportReceived(draw(st.sampled_from(["O1", "O2"])), "XM-1", draw(days), gone)
        case _:
            return draw(projects), draw(st.integers(0, 2))


@st.composite
def streams(draw: Any) -> list[Entry]:
    """Facts with versions on different days, some of the same instant; and what projects become worth, in order."""
    entries: list[Entry] = []
    for n, fact in enumerate(draw(st.lists(one_fact(), max_size=40))):
        recorded = FIRST - EPOCH + draw(st.integers(0, 1_900))
        entries.append((fact, Version(recorded * 86_400_000_000, f"{draw(st.integers(0, 2)):010d}", f"e{n:03d}")))
    return entries


class World:
    """The subjects as the use case keeps them, without a database."""

    def __init__(self) -> None:
        self.subjects: dict[Key, Subject] = {}
        self.standings: dict[str, int] = {}
        self.sums: Moved = {}
        self.closed = 0

    def said(self, entries: Iterable[Entry]) -> None:
        touched: set[Key] = set()
        for fact, version in entries:
            if isinstance(fact, tuple):
                self.standings[fact[0]] = fact[1]
                touched |= {k for k, s in self.subjects.items() if isinstance(s, NeedState) and fact[0] in s.links}
                continue
            key = home(fact)
            subject = self.subjects.setdefault(key, KINDS[key[0]](key[1]))
            subject.enter(fact, version)
            subject.note(version)
            touched.add(key)
            if isinstance(subject, ResolutionState):
                of = {k for k, s in self.subjects.items() if isinstance(s, CountryState) and subject.id in s.levels}
                touched |= of
        self.bring(touched)

    def bring(self, keys: Iterable[Key]) -> None:
        found = [(key, self.subjects[key]) for key in sorted(keys)]
        resolutions = {s.id: s for s in self.subjects.values() if isinstance(s, ResolutionState)}
        tell((subject for _, subject in found), self.standings, resolutions)
        for key, subject in found:
            merge(self.sums, step(subject, self.closed, FIRST_METHOD)[0])
            # A row is read back from what was written.
            self.subjects[key] = unpack_subject(key[0], pack_subject(subject))

    def close(self, to: int) -> None:
        self.closed = max(self.closed, to)
        self.bring(k for k, s in self.subjects.items() if s.transition is not None and s.transition <= self.closed)

    def digest(self) -> tuple[str, list[str]]:
        return sums_hash(self.sums), sorted(register_hash(subject) for subject in self.subjects.values())


def incremental(entries: Sequence[Entry], chance: random.Random | None = None) -> World:
    world, position = World(), 0
    while position < len(entries):
        size = chance.randint(1, 4) if chance else 1
        world.said(entries[position : position + size])
        position += size
        if chance and chance.random() < 0.3:
            world.close(min(CLOSED, FIRST + chance.randint(0, 2_000)))
    world.close(CLOSED)
    return world


_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=300, deadline=None, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(streams(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_equal_a_batch_rebuild(entries: list[Entry], chance: random.Random) -> None:
    told = dict(fact for fact, _ in entries if isinstance(fact, tuple))
    facts = [entry for entry in entries if not isinstance(entry[0], tuple)]
    batch = World()
    batch.closed, batch.standings = CLOSED, dict(told)
    for fact, version in facts:
        assert not isinstance(fact, tuple)
        subject = batch.subjects.setdefault(home(fact), KINDS[home(fact)[0]](home(fact)[1]))
        subject.enter(fact, version)
        subject.note(version)
    batch.bring(list(batch.subjects))
    assert incremental(entries).digest() == batch.digest()
    # What a project is worth is the project's own state: the last word stands. Facts come in any order, and twice.
    shuffled = facts + [chance.choice(facts) for _ in range(min(len(facts), 5))]
    chance.shuffle(shuffled)
    for project, worth in told.items():
        before = chance.randint(0, len(shuffled))
        shuffled.insert(before, ((project, chance.randint(0, 2)), entries[0][1]))
        shuffled.insert(chance.randint(before + 1, len(shuffled)), ((project, worth), entries[0][1]))
    assert incremental(shuffled, chance).digest() == batch.digest()


@settings(max_examples=100, deadline=None, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(streams())
def test_taking_everything_back_leaves_no_trace(entries: list[Entry]) -> None:
    world = incremental(entries)
    last = Version(10**16, "9", "z")
    world.said([(_withdrawn(fact), last) for fact, _ in entries if not isinstance(fact, tuple)])
    assert sums_hash(world.sums) == sums_hash({})


def _withdrawn(fact: SubjectFact) -> SubjectFact:
    fact.withdrawn = True
    return fact

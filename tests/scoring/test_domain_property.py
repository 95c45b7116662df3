"""The proof obligation of methodology §0.4: incremental ≡ batch rebuild ≡ any order ≡ any duplication."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.scoring_facts import day, ordinal, period, target

from scoring.domain import facts, judgements
from scoring.domain.assessing import Moved, assess, merge, sums_hash
from scoring.domain.cells import SIZE, At, Cells, rebuild, state_hash
from scoring.domain.facts import Fact, Version
from scoring.domain.judgements import Judgement
from scoring.domain.ledger import apply
from scoring.domain.parameters import FIRST
from scoring.domain.project import score
from scoring.domain.register import Touched, record, register_hash
from scoring.domain.state import ProjectState

PROJECTS = ("XM-DEMO-1-A", "XM-DEMO-1-B", "XM-DEMO-2-C")
INDICATORS = ("I1", "I2", "I3")
YEARS = ("2019", "2020", "2021", "2019-01-01/2021-12-31", "2020-01-01/2020-06-30")
CLOSED = ordinal("2021-06-30")

Entry = tuple[str, Fact, Version]

names = st.sampled_from(PROJECTS)
inames = st.sampled_from(INDICATORS)
numbers = st.sampled_from(["0", "5", "10", "12.5", "50", "100", "-3"])
maybe = st.one_of(st.none(), numbers)
places = st.sampled_from([facts.Place(), facts.Place(), facts.Place("ML"), facts.Place("ML", {"sex": "f"})])
money = st.sampled_from(["10", "-4", "1000.005", "0"])
currencies = st.sampled_from(["USD", "USD", "EUR"])


@st.composite
def periods(draw: Any) -> facts.Period:
    return period(draw(st.sampled_from(YEARS)))


@st.composite
def allocations(draw: Any) -> list[facts.Allocation]:
    found = []
    for dim, codes in (
        ("COUNTRY", ("ML", "NE", "KE")),
        ("REGION", ("011", "289")),
        ("PILLAR", ("P1", "P2", "P4")),
        ("THEME", ("T1", "T2")),
    ):
        chosen = draw(st.lists(st.sampled_from(codes), unique=True, max_size=2))
        share = st.sampled_from([250_000, 333_333, 500_000])
        found += [facts.Allocation(dim, code, draw(share)) for code in chosen]  # type: ignore[arg-type]
    return found


@st.composite
def judged(draw: Any, name: str) -> Judgement:
    """A judgement; days before and after the last closed one, so that time alone changes some."""
    id_ = draw(st.sampled_from(["e1", "e2"]))
    when = st.sampled_from([None, day("2019-06-30"), day("2021-06-30"), day("2022-01-01")])
    match draw(st.integers(0, 9)):
        case 0:
            scale = draw(st.sampled_from([4, 5, 6]))
            ratings = judgements.Ratings(*(draw(st.none() | st.integers(0, scale)) for _ in range(6)))
            return judgements.EvaluationPublished(
                name,
                id_,
                draw(st.sampled_from(["MIDTERM", "FINAL", "EXPOST"])),
                draw(st.sampled_from(["SELF", "EXTERNAL", "INDEPENDENT"])),
                scale,
                day("2020-03-01"),
                ratings,
                draw(st.none() | st.integers(1, scale)),
                draw(st.integers(0, 5)) == 0,
            )
        case 1:
            return judgements.EvaluationQualityRated(name, id_, draw(st.integers(3, 5)))
        case 2:
            response = draw(st.sampled_from(["PENDING", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED"]))
            return judgements.RecommendationStatusChanged(name, id_, "r1", response, draw(when), draw(when))
        case 3:
            scheme, most = draw(st.sampled_from([("DAC", 2), ("GEM", 3), ("HRM", 3)]))
            stage = draw(st.sampled_from(["DESIGN", "COMPLETION"]))
            return judgements.MarkerAssigned(name, scheme, stage, draw(st.none() | st.integers(0, most)))
        case 4:
            levels = [draw(st.integers(1, 5)) for _ in range(2)]
            lower = [draw(st.integers(1, level)) for level in levels]
            mitigation = draw(st.sampled_from(["NONE", "PLANNED", "IMPLEMENTED"]))
            owner = draw(st.sampled_from([None, "A. Owner"]))
            return judgements.RiskAssessed(name, id_, "fiduciary", *levels, *lower, mitigation, owner)
        case 5:
            return judgements.RiskClosed(name, id_)
        case 6:
            outcome = draw(st.sampled_from(["CONFIRMED", "NOT_CONFIRMED"]))
            source = draw(st.sampled_from([None, "VERIFIED_ADMIN", "OFFICIAL_STATISTIC"]))
            return judgements.EvidenceVerified(name, "doc", "XM-V", outcome, source, draw(st.integers(0, 2)))
        case 7:
            span = judgements.Period(day("2019-01-01"), day("2019-12-31"))
            pillar = draw(st.sampled_from([None, "P1", "P4"]))
            return judgements.EffortReported(name, span, draw(st.sampled_from(["0", "12.5", "400"])), pillar)
        case 8:
            result = draw(st.sampled_from(["", "R1"]))
            share, gone = draw(st.sampled_from([250_000, 571_429, 1_000_000])), draw(st.booleans())
            return judgements.SharedClaim(name, id_, result, share, 500_000, gone)
        case _:
            status = draw(st.sampled_from(["IN_PROGRESS", "CLEARED", "CLEARED_WITH_MITIGATION", "REFUSED"]))
            return judgements.HrddpDecided(name, id_, status, draw(st.booleans()), draw(when))


@st.composite
def a_project(draw: Any, name: str) -> facts.Project:
    return facts.Project(
        name,
        name[:9],
        draw(st.sampled_from(["1", "2", "2", "4", "5", "6"])),
        facts.Dates(planned_start=day("2019-01-01"), planned_end=day("2021-12-31")),
        draw(allocations()),
        draw(st.booleans()),
        [facts.Budget(day("2019-01-01"), day("2019-12-31"), draw(money), draw(currencies))],
        draw(st.sampled_from(["public", "compact", "owner"])),
        title={"en": name},
        markers=[facts.Marker("GEM", "GEM", draw(st.integers(0, 3)))] if draw(st.booleans()) else [],
        supports_security_forces=draw(st.booleans()),
    )


@st.composite
def one_fact(draw: Any) -> tuple[str, Fact]:
    name = draw(names)
    kind = draw(st.integers(0, 15))
    if kind > 11:
        return name, draw(judged(name))
    if kind <= 1:
        return name, draw(a_project(name))
    if kind == 2:
        return name, facts.StatusChanged(
            name, draw(st.sampled_from(["2", "5", "6"])), draw(st.none() | st.just(day("2020-05-01")))
        )
    if kind == 3:
        return name, facts.ProjectWithdrawn(name)
    if kind <= 5:
        return name, facts.Indicator(
            name,
            draw(inames),
            draw(st.sampled_from(["R1", "R2"])),
            draw(st.sampled_from(["1", "2", "3", "9"])),
            draw(st.sampled_from(["1", "2", "4", "5"])),
            draw(st.sampled_from([True, True, False, None])),
            draw(st.sampled_from([None, "REACH", "MAINTAIN", "BAND"])),
            draw(st.sampled_from([None, "CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"])),
            [facts.Baseline(v) for v in draw(st.lists(numbers, max_size=2))],
            [
                target(draw(st.sampled_from(YEARS)), draw(maybe), draw(st.sampled_from([None, None, "ML"])))
                for _ in range(draw(st.integers(0, 3)))
            ],
            draw(maybe),
            draw(st.none() | st.just(facts.Band("10", "50"))),
            draw(st.integers(1, 3)),
            draw(st.integers(0, 9)) == 0,
            draw(st.integers(0, 9)) == 0,
        )
    if kind == 6 and draw(st.booleans()):
        return name, facts.IndicatorWithdrawn(name, draw(inames))
    if kind <= 8:
        return name, facts.Observation(
            name,
            draw(inames),
            draw(periods()),
            draw(places),
            draw(st.integers(1, 2)),
            draw(maybe),
            draw(maybe),
            draw(maybe),
            draw(st.sampled_from([None, None, "PARTIAL", "FULL"])),
            "A. Reviewer",
            draw(st.integers(0, 9)) == 0,
            draw(st.sampled_from([["doc"], []])),
            source_type=draw(st.sampled_from(["SELF", "THIRD_PARTY"])),
        )
    if kind == 9:
        return name, facts.ObservationRetracted(
            name, draw(inames), draw(periods()), draw(places), draw(st.integers(1, 2))
        )
    if kind == 10:
        budget = facts.Budget(
            day("2019-01-01"), day("2019-12-31"), draw(money), draw(currencies), draw(st.sampled_from(["1", "2"]))
        )
        return name, facts.BudgetRevised(name, budget)
    id_ = draw(st.sampled_from(["t1", "t2"]))
    if draw(st.booleans()):
        return name, facts.TransactionReversed(name, id_)
    type_ = draw(st.sampled_from(["1", "3", "4", "11", "13"]))
    when = draw(st.sampled_from([day("2019-05-05"), day("2020-12-31")]))
    agreement = draw(st.sampled_from([None, "G1", "G2"]))
    return name, facts.Transaction(
        name, id_, type_, draw(money), draw(currencies), when, provider="XM-EX", agreement_ref=agreement
    )


@st.composite
def streams(draw: Any) -> list[Entry]:
    """Facts with versions on different days, some of the same instant, told apart by sequence and id."""
    first = ordinal("2019-03-01") - ordinal("1970-01-01")
    entries = []
    said = [(name, draw(a_project(name))) for name in PROJECTS if draw(st.booleans())]
    for n, (name, fact) in enumerate([*said, *draw(st.lists(one_fact(), max_size=40))]):
        recorded = (first + draw(st.integers(0, 1200))) * 86_400_000_000
        entries.append((name, fact, Version(recorded, f"{draw(st.integers(0, 2)):010d}", f"e{n:03d}")))
    return entries


def incremental(entries: Sequence[Entry], chance: random.Random | None = None) -> tuple[str, list[str], str, Cells]:
    """Apply in batches of arbitrary size, closing days in between."""
    states: dict[str, ProjectState] = {}
    cells: Cells = {}
    sums: Moved = {}
    position = 0
    closed = 0
    while position < len(entries):
        size = chance.randint(1, 4) if chance else 1
        batch = entries[position : position + size]
        position += size
        for name in dict.fromkeys(entry[0] for entry in batch):
            state = states.setdefault(name, ProjectState(name))
            mine = [(fact, version) for other, fact, version in batch if other == name]
            merge(sums, apply(state, mine, closed, cells).moved)
        if chance and chance.random() < 0.3:
            closed = min(CLOSED, max(closed, ordinal("2019-01-01") + chance.randint(0, 1000)))
            for state in states.values():
                if state.due is not None and state.due <= closed:
                    merge(sums, apply(state, [], closed, cells).moved)
    for state in states.values():
        if state.due is not None and state.due <= CLOSED:
            merge(sums, apply(state, [], CLOSED, cells).moved)
    return state_hash(cells), sorted(register_hash(state) for state in states.values()), sums_hash(sums), cells


def batch(entries: Sequence[Entry]) -> tuple[str, list[str], str]:
    """From nothing: all facts entered, everything scored once, all cells summed once."""
    states: dict[str, ProjectState] = {}
    for name, fact, version in entries:
        record(states.setdefault(name, ProjectState(name)), fact, version, Touched())
    sums: Moved = {}
    for state in states.values():
        everything = Touched(True, True, set(state.indicators))
        score(state, everything, CLOSED)
        assess(state, everything, {}, sums, FIRST)
    cells = rebuild(state.contribution for state in states.values() if state.contribution is not None)
    return state_hash(cells), sorted(register_hash(state) for state in states.values()), sums_hash(sums)


# Shrinking a counterexample takes minutes; the property is what matters, and the example is printed either way.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=300, deadline=None, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(streams(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_equal_a_batch_rebuild(entries: list[Entry], chance: random.Random) -> None:
    expected = batch(entries)
    in_order = incremental(entries)
    assert in_order[:3] == expected
    shuffled = entries + [chance.choice(entries) for _ in range(min(len(entries), 5))]
    chance.shuffle(shuffled)
    again = incremental(shuffled, chance)
    assert again[:3] == expected
    assert all(len(vector) == SIZE for vector in again[3].values())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams())
def test_taking_everything_back_leaves_no_trace(entries: list[Entry]) -> None:
    cells: Cells = {}
    sums: Moved = {}
    states: dict[str, ProjectState] = {}
    for name, fact, version in entries:
        merge(sums, apply(states.setdefault(name, ProjectState(name)), [(fact, version)], CLOSED, cells).moved)
    last = Version(10**16, "9", "z")
    for name, state in states.items():
        merge(sums, apply(state, [(facts.ProjectWithdrawn(name), last)], CLOSED, cells).moved)
    assert state_hash(cells) == state_hash({})
    assert sums_hash(sums) == sums_hash({})


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams())
def test_regions_close_over_countries_and_the_world_over_regions(entries: list[Entry]) -> None:
    *_, cells = incremental(entries)
    africa = cells.get("region:002", [0] * SIZE)
    inside = [
        vector
        for scope, vector in cells.items()
        if scope in {"country:ML", "country:NE", "country:KE", "region-direct:011", "region-direct:289"}
    ]
    outside = cells.get("unallocated", [0] * SIZE)
    whole = cells.get("global", [0] * SIZE)
    for position in (At.A_ALL, At.A_KNOWN, At.A_E, At.A_COVERED, *range(At.BUDGET, At.SPEND + 5)):
        assert africa[position] == sum(vector[position] for vector in inside)
        assert whole[position] == africa[position] + outside[position]

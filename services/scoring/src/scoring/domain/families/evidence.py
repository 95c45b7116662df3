"""M3, how much a reader may trust the values (methodology M3, ¶55): grades by number and weight, and their strength."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scoring.domain.assessment import Terms
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure, coverage
from scoring.domain.grading import LETTERS, strength
from scoring.domain.judgements import EvidenceVerified
from scoring.domain.numbers import half_even
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.saying import say
from scoring.domain.state import ProjectState

_MISSING: Final = "missing"
_WITHHELD: Final = "withheld"
_NAMES: Final = (*LETTERS.values(), _MISSING)


def terms(state: ProjectState, _day: int, _under: Parameters) -> Terms | None:
    """Indicators by grade: once by number, and by weight times the scope's share."""
    if not state.designed:
        return None
    numbers = {f"n|{name}": n for name, n in zip(_NAMES, state.grades_number, strict=True)}
    weights = {f"w|{name}": n for name, n in zip(_NAMES, state.grades_weight, strict=True)}
    return Terms(nonzero(numbers), nonzero(weights), {}, {})


def headline(sums: Mapping[str, int], under: Parameters) -> tuple[int, int]:
    """Weight times confidence in per cent, of all weight expected, in the same unit."""
    return strength(((g, sums.get(f"w|{name}", 0)) for g, name in LETTERS.items()), sums.get(f"w|{_MISSING}", 0), under)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """Evidence strength, 0 to 1: it needs no interval, because what is missing lowers it by what it is."""
    numerator, denominator = headline(sums, under)
    if denominator <= 0:
        return None
    whole = denominator // 100
    found = Figure("M3", scope, half_even(numerator * MICRO, denominator), "PUBLISHED")
    found.observed, found.expected = coverage(whole - sums.get(f"w|{_MISSING}", 0), whole + sums.get(_WITHHELD, 0))
    found.parts = {
        "grades": {name: sums[f"n|{name}"] for name in _NAMES if sums.get(f"n|{name}")},
        "by_weight": {name: half_even(sums[f"w|{name}"] * MICRO, whole) for name in _NAMES if sums.get(f"w|{name}")},
    }
    return found


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's own strength."""
    found = terms(state, day, under)
    return figure(scope_of(state.project_id), {**found.once, **found.ppm}, under) if found is not None else None


def lines(state: ProjectState) -> Iterable[Line]:
    """Each indicator's grade with the event of its latest value, then what verifiers found."""
    for name, indicator in state.indicators.items():
        leaf = indicator.leaf
        if leaf is not None and leaf.grade is not None and leaf.source is not None:
            yield Line(say("Indicator %(id)s", id=name), say("grade %(grade)s", grade=LETTERS[leaf.grade]), leaf.source)
    for key, verified in sorted(state.assessed.open().verified.items()):
        if verified.alive:
            evidence, _, verifier = key.partition("|")
            steps = sum(verified.steps)
            says = say("not confirmed, %(steps)s steps down", steps=steps)
            if verified.confirmed:
                says = say("confirmed, %(steps)s steps down", steps=steps)
            label = say("Evidence %(id)s, by %(verifier)s", id=evidence, verifier=verifier)
            yield Line(label, says, verified.version.id)


FAMILY: Final = Family(
    metric="M3",
    facts=frozenset({EvidenceVerified}),
    terms=terms,
    unknown=Terms({}, {_WITHHELD: 1}, {}, {}),  # as one indicator
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    on_indicators=True,
)

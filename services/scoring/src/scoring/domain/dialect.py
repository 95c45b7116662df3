"""Publisher dialects (methodology §2.5): readings that one publisher's habits suggest, and its owner adopted.

A dialect never changes a fact. It says how the facts are read, in the one place where they are read, and each
reading that made a difference is flagged and costs a step of confidence (M3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scoring.domain.allocation import declared_of, purposes_of
from scoring.domain.attainment import attain
from scoring.domain.numbers import decimal
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.readings import PLAIN, Readings, valid_from
from scoring.domain.rereading import BASES, SHARES, basis_speaks, shares_speak
from scoring.domain.state import About, IndicatorState

LEAST: Final = 10  # indicators, or projects, that must speak for a reading before it is proposed [POLICY]
AGREEMENT: Final = (4, 5)  # of them, so many must agree [POLICY]
_READINGS: Final = (
    "direction", "accumulation", "location_is_total", "zero_means_missing", "period_basis", "percent_as",
)  # fmt: skip


@dataclass(slots=True)
class Adopted:
    """``dialect.adopted.v1``, the fields that matter here."""

    entity: str
    version: int
    readings: Readings = field(default_factory=Readings)


class Proposal(NamedTuple):
    """A reading that the figures suggest: of ``indicators`` that could speak for it, ``agree`` do.

    Of a purpose's pillar, ``15210=P2``, projects speak.
    """

    reading: str
    value: str
    indicators: int
    agree: int

    @property
    def stands(self) -> bool:
        """Whether there is enough to propose it."""
        return self.agree >= LEAST and self.agree * AGREEMENT[1] >= self.indicators * AGREEMENT[0]


def evidence(indicators: Iterable[IndicatorState], day: int, under: Parameters) -> list[Proposal]:
    """What a publisher's indicators say for each reading, whether or not it is enough."""
    counts = {name: [0, 0] for name in _READINGS}
    bases = dict.fromkeys(BASES, 0)
    for indicator in indicators:
        for name, agrees in _speaks(indicator, day, under).items():
            counts[name][0] += 1
            counts[name][1] += int(agrees)
        for basis, agrees in (_pairs(indicator, day) or {}).items():
            bases[basis] += int(agrees)
            counts["period_basis"][0] += int(basis == BASES[0])
    basis = max(BASES, key=lambda name: bases[name])
    counts["period_basis"][1] = bases[basis]
    values = {
        "direction": "from-values", "accumulation": "CUMULATIVE", "percent_as": SHARES, "period_basis": basis,
    }  # fmt: skip
    return [Proposal(name, values.get(name, "true"), of, agree) for name, (of, agree) in counts.items() if of]


def pillar_evidence(projects: Iterable[About]) -> list[Proposal]:
    """What a publisher's projects that serve one pillar wholly, by their own word, say of their purposes' pillars."""
    said: dict[str, Counter[str]] = {}
    for about in projects:
        declared = declared_of(about)
        if about.alive and list(declared.values()) == [MICRO]:
            for code in purposes_of(about):
                said.setdefault(code, Counter()).update(declared.keys())
    found = []
    for code, counts in said.items():
        pillar = min(counts, key=lambda name: (-counts[name], name))
        found.append(Proposal("default_pillar", f"{code}={pillar}", counts.total(), counts[pillar]))
    return sorted(found, key=lambda p: (-p.indicators, p.value))


def proposed(found: Iterable[Proposal]) -> Readings:
    """The readings that there is enough evidence for."""
    found = [p for p in found if p.stands]
    names = {p.reading for p in found}
    return Readings(
        direction="from-values" if "direction" in names else None,
        accumulation="CUMULATIVE" if "accumulation" in names else None,
        location_is_total=True if "location_is_total" in names else None,
        zero_means_missing=True if "zero_means_missing" in names else None,
        period_basis=next((p.value for p in found if p.reading == "period_basis"), None),
        percent_as=SHARES if "percent_as" in names else None,
        default_pillar={
            c: to for p in found if p.reading == "default_pillar" for c, _, to in [p.value.rpartition("=")]
        },
    )


def _pairs(indicator: IndicatorState, day: int) -> dict[str, bool] | None:
    """By which basis one indicator's targets and actuals go together; None where they do as they stand."""
    definition = indicator.definition
    if definition is None or not definition.alive:
        return None
    known = [a for a in indicator.actuals.values() if a.alive and valid_from(a) <= day and a.value is not None]
    return basis_speaks([t for t in definition.targets if t.value is not None], known)


def _speaks(indicator: IndicatorState, day: int, under: Parameters) -> dict[str, bool]:
    """For which readings one indicator says anything, and whether it agrees."""
    definition = indicator.definition
    if definition is None or not definition.alive:
        return {}
    alive = [a for a in indicator.actuals.values() if a.alive]
    found = attain(definition, alive, day, under, readings=PLAIN)
    said: dict[str, bool] = {}
    if definition.ascending is not None and found.target is not None and found.baseline is not None:
        gap = found.target[0] * found.baseline[1] - found.baseline[0] * found.target[1]
        if gap and found.mode == "REACH":
            said["direction"] = "DIRECTION_CONFLICT" in found.flags
    if "ACCUMULATION_ASSUMED" in found.flags and found.hints:
        said["accumulation"] = "CUMULATIVE_FITS" in found.hints
    placed = [a for a in alive if a.place and a.value is not None]
    whole = any(not a.place and a.value is not None for a in alive) or "LOCATION_IS_TOTAL" in found.flags
    if placed and not whole:
        periods = {(a.start, a.end) for a in placed}
        said["location_is_total"] = len(placed) == len(periods) and all(a.place.startswith("L:") for a in placed)
    values = [a.value for a in alive if a.value is not None]
    if values and found.target is not None and found.target[0]:
        said["zero_means_missing"] = all(decimal(value)[0] == 0 for value in values)
    shares = shares_speak(definition, definition.targets, alive)
    if shares is not None:
        said["percent_as"] = shares
    return said

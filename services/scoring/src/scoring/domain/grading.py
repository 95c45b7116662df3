"""The confidence grade of one value (methodology M3): a start by its source, steps down, and one step up at most.

GRADE-informed: 4 A high, 3 B moderate, 2 C low, 1 D very low. A self-report never becomes high, and what nobody
said about a value is read as a self-report without a document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from scoring.domain.assessment import Verified
from scoring.domain.parameters import Parameters

LETTERS: Final = {4: "A", 3: "B", 2: "C", 1: "D"}
LOWEST: Final = min(LETTERS)
_START: Final = {
    "INDEPENDENT_EVALUATION": 4,
    "OFFICIAL_STATISTIC": 4,
    "THIRD_PARTY": 3,
    "VERIFIED_ADMIN": 3,
    "SELF_DOCUMENTED": 2,
    "SELF": 1,
}
_INDEPENDENT: Final = 3  # the least start from which a grade may be high
_IMPUTED: Final = ("BASELINE_IMPUTED_ZERO", "ACCUMULATION_ASSUMED")
_DIALECT: Final = "BY_DIALECT:"


def start_of(source: str, documents: int) -> int:
    """Where a source starts; a self-report that names a document is a documented one."""
    return max(_START.get(source, 1), 2 if documents else 1)


def grade(start: int, down: int, up: int) -> int:
    """g = clamp(start − Σdown + up, 1, ceiling); ``up`` counts as one step however much there is for it."""
    ceiling = 4 if start >= _INDEPENDENT else 3
    return max(1, min(ceiling, start - down + min(1, up)))


def grade_of(
    source: str, evidence: Iterable[str], flags: Iterable[str], verified: dict[str, Verified], *, stale: bool
) -> int:
    """The grade of an indicator's latest value.

    ``evidence``: the names its observation gives. Of several verifications of them the one of the highest version
    tells source and steps; any that does not confirm costs what bias costs at most.
    """
    names = list(evidence)
    found = [v for key, v in verified.items() if v.alive and key.partition("|")[0] in names]
    start = start_of(source, len(names))
    down = sum(flag in _IMPUTED or flag.startswith(_DIALECT) for flag in flags) + int(stale)
    up = 0
    if found:
        last = max(found, key=lambda v: v.version)
        start = _START.get(last.source or source, start) if last.source else start
        down += sum(last.steps)
        up = int(last.confirmed and (last.triangulated or last.by_state))
        if not all(v.confirmed for v in found):
            down += 2
    return grade(start, down, up)


def strength(weights: Iterable[tuple[int, int]], missing: int, under: Parameters) -> tuple[int, int]:
    """Evidence strength Σw·κ ÷ Σw in percent of weight; what is missing counts as nought."""
    rows = list(weights)
    return sum(w * under.confidence[g] for g, w in rows), 100 * (sum(w for _, w in rows) + missing)

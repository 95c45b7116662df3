"""Pairs of projects that somebody should look at: what they are taken for, and what people made of them (M12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from scoring.domain.consent import MEMBERS
from scoring.domain.duplicates import likeness
from scoring.domain.duplicates.evidence import Evidence, level_of, odds, reaches
from scoring.domain.duplicates.fingerprint import CO_FUNDED, THIRD_PARTY, Fingerprint, blocks, names
from scoring.domain.numbers import Ratio
from scoring.domain.origin import Version
from scoring.domain.parameters import MICRO, Parameters

Pair = tuple[str, str]
"""Two identifiers, the lower first."""

LARGEST: Final = 40
"""Projects in a block beyond which sharing it says too little: no pair follows from it alone [POLICY, ADR 0077]."""

COORDINATE: Final[Ratio] = (7, 10)
SYNERGY: Final[Ratio] = (5, 10)
"""Least O for a coordination alert, and for a candidate of synergy."""

OPEN_DUPLICATES: Final = ("third_party", "likely", "review")
OPEN_OVERLAPS: Final = ("coordinate", "synergy")
DECIDED: Final = ("duplicate", "distinct", "joined")
"""What a case counts as, in the cells."""

_BEST_TITLE: Final = ("title", "same")
"""What a title can say for a pair at most: where even that is too little, titles need not be read."""

_EXEMPT: Final = frozenset({"1", "2", "3"})  # parent, child, sibling
_KEPT: Final = frozenset({"DUPLICATE", "SYNERGY"})
_COUNTED: Final = {"DUPLICATE": "duplicate", "DISTINCT": "distinct", "SYNERGY": "joined"}


class Decision(NamedTuple):
    """The newest word on a pair; ``fingerprints`` are those that were seen."""

    version: Version
    alive: bool
    decision: str
    survivor: str
    fingerprints: tuple[str, ...]
    by: str = ""


class Case(NamedTuple):
    """A pair that is kept; ``kind`` is '' where only a decision keeps it, ``decision`` while it is open."""

    low: str
    high: str
    kind: str
    evidence: Evidence
    overlap: int | None  # O in µ
    fingerprints: tuple[str, str]
    scopes: tuple[str, ...]
    decision: str = ""
    survivor: str = ""
    decided: str = ""  # the event that says so
    by: str = ""

    @property
    def pair(self) -> Pair:
        """Its key."""
        return self.low, self.high

    @property
    def counted(self) -> str:
        """What it counts as."""
        return _COUNTED[self.decision] if self.decision else self.kind.lower()

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody to decide."""
        return not self.decision


def pair_of(x: str, y: str) -> Pair:
    """The key of a pair."""
    return (x, y) if x < y else (y, x)


def judge(
    x: Fingerprint, y: Fingerprint, under: Parameters, decision: Decision | None = None, *, met: bool = True
) -> Case | None:
    """The case two projects make; None where they make none. ``met``: they share a block, or one names the other."""
    low, high = sorted((x, y), key=lambda f: f.project_id)
    if decision is not None and not decision.alive:
        decision = None
    if not met and (decision is None or decision.decision not in _KEPT):
        return None
    kind, overlap = _kind(low, high, under)
    if not kind and decision is None:
        return None
    prints = low.digest(), high.digest()
    stands = decision is not None and holds(decision, prints)
    if not kind and not stands:
        return None
    evidence = compare(low, high)
    # That a restricted project is like another is told to its readers, and counted nowhere (ADR 0091).
    scopes = set(low.scopes) | set(high.scopes) if low.public and high.public else set()
    case = Case(low.project_id, high.project_id, kind, evidence, overlap, prints, tuple(sorted(scopes)))
    if not stands or decision is None:
        return case
    return case._replace(
        decision=decision.decision, survivor=decision.survivor, decided=decision.version.id, by=decision.by
    )


def holds(decision: Decision, prints: Pair) -> bool:
    """A pair that was dismissed stays so until either fingerprint changes; other decisions hold until the next."""
    return decision.decision in _KEPT or decision.fingerprints == prints


def compare(x: Fingerprint, y: Fingerprint) -> Evidence:
    """Every field both say something about, with the level it reaches."""
    title = likeness.texts(dict(x.titles), dict(y.titles))
    rest = _compare_rest(x, y)
    return (("title", level_of("title", title)), *rest) if title is not None else rest


def _compare_rest(x: Fingerprint, y: Fingerprint) -> Evidence:
    """Every field but the title, which costs more than all the others together."""
    found: dict[str, Ratio | None] = {
        "country": likeness.jaccard(x.countries, y.countries),
        "theme": _theme(x, y),
        "time": likeness.overlap((x.start, x.end), (y.start, y.end)),
        "organisation": likeness.any_shared(x.implementers, y.implementers),
        "budget": likeness.closeness(x.budget, y.budget),
        "donor": likeness.any_shared(x.donors, y.donors),
    }
    return tuple((field, level_of(field, ratio)) for field, ratio in found.items() if ratio is not None)


def _theme(x: Fingerprint, y: Fingerprint) -> Ratio | None:
    """Themes, or where either names none the purposes."""
    found = likeness.jaccard(x.themes, y.themes)
    return found if found is not None else likeness.jaccard(x.purposes, y.purposes)


def _kind(x: Fingerprint, y: Fingerprint, under: Parameters) -> tuple[str, int | None]:
    """What a pair is taken for: what the files declare first, then the evidence, then the overlap of different work."""
    declared = {kind for kind, to in x.links if to == y.project_id} | {
        kind for kind, to in y.links if to == x.project_id
    }
    if THIRD_PARTY in declared:
        return "THIRD_PARTY", None
    if declared & _EXEMPT:
        return "", None
    if CO_FUNDED in declared or reaches(odds((_BEST_TITLE, *_compare_rest(x, y))), under.duplicate_review):
        evidence = compare(x, y)
        found = odds(evidence)
        if reaches(found, under.duplicate_queue):
            return "LIKELY", None
        same_activity = CO_FUNDED in declared and dict(evidence).get("title") in {"same", "close"}
        if reaches(found, under.duplicate_review) or same_activity:
            return "REVIEW", None
    parts = overlap_parts(x, y)
    if parts is None:
        return "", None
    shared = set(x.purposes) & set(y.purposes)
    if at_least(parts, COORDINATE) and shared and x.entity != y.entity:
        return "COORDINATE", geometric(parts)
    if at_least(parts, SYNERGY) and x.purposes and y.purposes and not shared and set(x.needs) & set(y.needs):
        return "SYNERGY", geometric(parts)
    return "", None


# Overlap of different projects -----------------------------------------------------------------------------


def overlap_parts(x: Fingerprint, y: Fingerprint) -> list[Ratio] | None:
    """Likeness of theme, place and time, and of target groups where both name them; None where one is unknown."""
    parts = [
        _theme(x, y),
        likeness.jaccard(x.countries, y.countries),
        likeness.overlap((x.start, x.end), (y.start, y.end)),
    ]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    target = likeness.texts(dict(x.targets), dict(y.targets))
    return known if target is None else [*known, target]


def _product(parts: Iterable[Ratio]) -> Ratio:
    n, d = 1, 1
    for part in parts:
        n, d = n * part[0], d * part[1]
    return n, d


def at_least(parts: Collection[Ratio], least: Ratio) -> bool:
    """Whether the geometric mean reaches this, exactly."""
    n, d = _product(parts)
    power = len(parts)
    return bool(n * least[1] ** power >= least[0] ** power * d)


def geometric(parts: Collection[Ratio]) -> int:
    """The geometric mean in µ, to the nearest: a root of whole numbers."""
    n, d = _product(parts)
    power = len(parts)
    target, low, high = n * (2 * MICRO) ** power, 0, MICRO
    while low < high:
        middle = (low + high + 1) // 2
        if (2 * middle - 1) ** power * d <= target:
            low = middle
        else:
            high = middle - 1
    return low


# Cells -----------------------------------------------------------------------------------------------------


def sums(case: Case) -> dict[str, int]:
    """What a case adds to each of its scopes."""
    return {case.counted: 1, MEMBERS: 1}


# Whole -----------------------------------------------------------------------------------------------------


def all_cases(
    found: Mapping[str, Fingerprint], decisions: Mapping[Pair, Decision], under: Parameters
) -> dict[Pair, Case]:
    """Every case, from nothing but the fingerprints and the decisions: what any order of events must lead to."""
    members: dict[int, list[str]] = {}
    pairs: set[Pair] = set()
    for name, one in found.items():
        for key in blocks(one):
            members.setdefault(key, []).append(name)
        pairs |= {pair_of(name, to) for to in names(one) if to in found}
    for block in members.values():
        if len(block) <= LARGEST:
            pairs |= {pair_of(x, y) for x, y in combinations(block, 2)}
    decided = {pair for pair in decisions if pair[0] in found and pair[1] in found}
    cases = (judge(found[x], found[y], under, decisions.get((x, y)), met=(x, y) in pairs) for x, y in pairs | decided)
    return {case.pair: case for case in cases if case is not None}

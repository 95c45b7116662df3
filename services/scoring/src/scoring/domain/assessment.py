"""What scoring remembers of the judgements on one project, and what its families of figures last made of them.

Kept sealed beside the rest of the state: most events judge nothing, and leave it the bytes it was read as.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from scoring.domain import judgements
from scoring.domain.judgements import Judgement
from scoring.domain.numbers import decimal, half_even
from scoring.domain.origin import Version
from scoring.domain.published import Published

_PLAUSIBLE_ACTIVITIES = 10**9
_PLAUSIBLE_EFFORT = 10**11  # hundredths of a person-day; more than a million working lives is a typing error


class Evaluation(NamedTuple):
    """An evaluation; ``alive`` is False once withdrawn. ``ratings`` in the order of judgements.Ratings."""

    version: Version
    alive: bool
    stage: str
    independence: str
    scale: int
    ratings: tuple[int | None, ...]
    overall: int | None
    completed: int


class Quality(NamedTuple):
    """What the panel thought of an evaluation."""

    version: Version
    rating: int


class Recommendation(NamedTuple):
    """A recommendation and the response to it; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    response: str
    due: int | None
    implemented: int | None


class Marker(NamedTuple):
    """A marker of one scheme and stage; ``significance`` None where it was taken back."""

    version: Version
    significance: int | None


class Clearance(NamedTuple):
    """A decision under the human rights due diligence policy; ``expires`` is the last day it holds."""

    version: Version
    required: bool
    status: str
    expires: int | None


class Risk(NamedTuple):
    """A risk; ``alive`` is False once closed. ``owned``: somebody is named who answers for it."""

    version: Version
    alive: bool
    category: str = ""
    likelihood: int = 1
    impact: int = 1
    residual_likelihood: int = 1
    residual_impact: int = 1
    mitigation: str = "NONE"
    owned: bool = False
    reviewed: int | None = None


class Verified(NamedTuple):
    """What a verifier found of a piece of evidence; ``steps`` in the order of judgements.EvidenceVerified."""

    version: Version
    alive: bool
    confirmed: bool
    source: str | None
    steps: tuple[int, int, int, int]
    triangulated: bool
    by_state: bool


class Claim(NamedTuple):
    """A project's claim on a shared result: γ after scaling and δ, in ppm; ``result`` '' where all are meant."""

    version: Version
    alive: bool
    result: str
    share: int
    strength: int


class Effort(NamedTuple):
    """Effort of one period and pillar; person-days in hundredths."""

    version: Version
    alive: bool
    pillar: str
    hundredths: int
    activities: int


class Terms(NamedTuple):
    """What a project adds to a family's cell of each of its scopes: whole numbers by name, noughts left out.

    ``once`` as they are, the others times the scope's share: in ppm, in cents of the budget, in ppm squared.
    A name stands in one of the four only.
    """

    once: dict[str, int]
    ppm: dict[str, int]
    cents: dict[str, int]
    ppm2: dict[str, int]

    def text(self) -> str:
        """In canonical order, as it is kept: whole numbers outgrow 64 bits, and equal terms are equal texts."""
        return json.dumps(self, sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Terms:
        """The inverse of ``text``."""
        return cls(*json.loads(text))


@dataclass(slots=True)
class Assessment:
    """The register of judgements; then the families' ledger, and what was last said of the project's own figures."""

    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    qualities: dict[str, Quality] = field(default_factory=dict)
    recommendations: dict[str, Recommendation] = field(default_factory=dict)
    markers: dict[str, Marker] = field(default_factory=dict)  # by scheme|stage
    clearances: dict[str, Clearance] = field(default_factory=dict)
    risks: dict[str, Risk] = field(default_factory=dict)
    verified: dict[str, Verified] = field(default_factory=dict)  # by evidence|verifier
    efforts: dict[str, Effort] = field(default_factory=dict)  # by start|end|pillar
    claims: dict[str, Claim] = field(default_factory=dict)  # by shared result|result
    terms: dict[str, str] = field(default_factory=dict)  # by metric, as Terms.text
    published: dict[str, Published] = field(default_factory=dict)  # by metric

    def register(self) -> list[Any]:
        """The facts alone, in canonical order."""
        judged = (self.evaluations, self.qualities, self.recommendations, self.markers, self.clearances)
        # A claim that was taken back is known only to who once had it: the claims as they stand say the rest.
        claims = {key: claim for key, claim in self.claims.items() if claim.alive}
        found = (*judged, self.risks, self.verified, self.efforts, claims)
        return [sorted(entries.items()) for entries in found]


class Sealed:
    """An assessment that is unpacked when it is asked for; no bytes are an empty one."""

    __slots__ = ("_open", "_packed", "_unpack")

    def __init__(self, packed: bytes = b"", unpack: Callable[[bytes], Assessment] | None = None) -> None:
        self._packed = packed
        self._unpack = unpack
        self._open: Assessment | None = None

    def open(self) -> Assessment:
        """The assessment; an empty one where nothing is known yet."""
        if self._open is None:
            self._open = self._unpack(self._packed) if self._packed and self._unpack is not None else Assessment()
        return self._open

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.open() == other.open()

    __hash__ = None  # type: ignore[assignment]

    def repack(self, pack: Callable[[Assessment], bytes], unpack: Callable[[bytes], Assessment]) -> bytes:
        """Pack it if it is open; ``unpack`` is how it is asked for from now on."""
        if self._open is not None:
            self._packed, self._open = pack(self._open), None
        self._unpack = unpack
        return self._packed


def enter(into: Assessment, fact: Judgement, version: Version) -> bool:
    """Enter one judgement; whether it won over what was known. Raises ValueError where it cannot be meant."""
    match fact:
        case judgements.EvaluationPublished():
            return _put(into.evaluations, fact.evaluation_id, _evaluation(fact, version))
        case judgements.EvaluationQualityRated():
            if not 1 <= fact.quality <= 6:
                raise ValueError(f"quality {fact.quality} is not one of 1 to 6")
            return _put(into.qualities, fact.evaluation_id, Quality(version, fact.quality))
        case judgements.RecommendationStatusChanged():
            key = f"{fact.evaluation_id}|{fact.recommendation_id}"
            due, done = _ordinal(fact.due_on), _ordinal(fact.implemented_on)
            return _put(
                into.recommendations, key, Recommendation(version, not fact.withdrawn, fact.response, due, done)
            )
        case judgements.MarkerAssigned():
            limit = 2 if fact.scheme == "DAC" else 3
            if fact.significance is not None and not 0 <= fact.significance <= limit:
                raise ValueError(f"{fact.scheme} has no significance {fact.significance}; its highest is {limit} (M8)")
            return _put(into.markers, f"{fact.scheme}|{fact.stage}", Marker(version, fact.significance))
        case judgements.HrddpDecided():
            expires = _ordinal(fact.expires_on)
            return _put(into.clearances, fact.hrddp_id, Clearance(version, fact.required, fact.status, expires))
        case judgements.RiskAssessed():
            return _put(into.risks, fact.risk_id, _risk(fact, version))
        case judgements.RiskClosed():
            return _put(into.risks, fact.risk_id, Risk(version, False))
        case judgements.EvidenceVerified():
            return _put(into.verified, f"{fact.evidence_id}|{fact.verifier}", _verified(fact, version))
        case judgements.SharedClaim():
            claim = Claim(version, not fact.withdrawn, fact.result_id, fact.share, fact.strength)
            return _put(into.claims, f"{fact.shared_result_ref}|{fact.result_id}", claim)
        case judgements.EffortReported():
            key = f"{fact.period.start.toordinal()}|{fact.period.end.toordinal()}|{fact.pillar or ''}"
            return _put(into.efforts, key, _effort(fact, version))


def _evaluation(fact: judgements.EvaluationPublished, version: Version) -> Evaluation:
    r = fact.ratings
    ratings = (r.relevance, r.coherence, r.effectiveness, r.efficiency, r.impact, r.sustainability)
    for rating in (*ratings, fact.overall):
        if rating is not None and not 0 <= rating <= fact.scale:
            raise ValueError(f"a rating of {rating} is not on a scale of {fact.scale} points")
    if fact.overall == 0:
        raise ValueError("an overall rating of 0 is none; leave it out where it could not be assessed")
    return Evaluation(
        version,
        not fact.withdrawn,
        fact.stage,
        fact.independence,
        fact.scale,
        ratings,
        fact.overall,
        fact.completed_on.toordinal(),
    )


def _risk(fact: judgements.RiskAssessed, version: Version) -> Risk:
    levels = (fact.likelihood, fact.impact, fact.residual_likelihood, fact.residual_impact)
    if not all(1 <= level <= 5 for level in levels):
        raise ValueError(f"likelihood and impact are 1 to 5, not {levels}")
    if levels[2] * levels[3] > levels[0] * levels[1]:
        raise ValueError(f"residual {levels[2]} × {levels[3]} is higher than inherent {levels[0]} × {levels[1]} (M10)")
    return Risk(version, True, fact.category, *levels, fact.mitigation, bool(fact.owner), _ordinal(fact.reviewed_on))


def _verified(fact: judgements.EvidenceVerified, version: Version) -> Verified:
    steps = (fact.bias, fact.indirectness, fact.imprecision, fact.inconsistency)
    if not all(0 <= step <= 2 for step in steps):
        raise ValueError(f"steps of confidence are 0 to 2, not {steps}")
    return Verified(
        version,
        not fact.withdrawn,
        fact.outcome == "CONFIRMED",
        fact.source_type,
        steps,
        fact.triangulated,
        fact.state_confirmed,
    )


def _effort(fact: judgements.EffortReported, version: Version) -> Effort:
    days = decimal(fact.person_days)
    hundredths = half_even(days[0] * 100, days[1])
    if not 0 <= hundredths < _PLAUSIBLE_EFFORT:
        raise ValueError(f"{fact.person_days} person-days cannot be meant")
    activities = fact.activities_delivered or 0
    if not 0 <= activities <= _PLAUSIBLE_ACTIVITIES:
        raise ValueError(f"{activities} activities cannot be meant")
    return Effort(version, not fact.withdrawn, fact.pillar or "", hundredths, activities)


def _put(entries: dict[str, Any], key: str, entry: Any) -> bool:
    """Last writer wins by version, whatever the kind of entry."""
    known = entries.get(key)
    if known is not None and known.version >= entry.version:
        return False
    entries[key] = entry
    return True


def _ordinal(day: date | None) -> int | None:
    return day.toordinal() if day is not None else None

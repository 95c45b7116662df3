"""The facts that judge a project, as scoring reads them: the fields it needs of contracts.assessment.

A family of figures that needs another adds it here, and its entry in the register in ``assessment``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from scoring.domain.origin import Origin


@dataclass(slots=True)
class Ratings:
    """The six criteria of OECD-DAC; None where one was not applied, 0 where it could not be assessed."""

    relevance: int | None = None
    coherence: int | None = None
    effectiveness: int | None = None
    efficiency: int | None = None
    impact: int | None = None
    sustainability: int | None = None


@dataclass(slots=True)
class EvaluationPublished:
    """``evaluation.published.v1``."""

    project_id: str
    evaluation_id: str
    stage: Literal["MIDTERM", "FINAL", "EXPOST"]
    independence: Literal["SELF", "EXTERNAL", "INDEPENDENT"]
    scale: Literal[4, 5, 6]
    completed_on: date
    ratings: Ratings = field(default_factory=Ratings)
    overall: int | None = None
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class EvaluationQualityRated:
    """``evaluation.quality-rated.v1``."""

    project_id: str
    evaluation_id: str
    quality: int
    origin: Origin | None = None


@dataclass(slots=True)
class RecommendationStatusChanged:
    """``recommendation.status-changed.v1``."""

    project_id: str
    evaluation_id: str
    recommendation_id: str
    response: Literal["PENDING", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED"] = "PENDING"
    due_on: date | None = None
    implemented_on: date | None = None
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class MarkerAssigned:
    """``marker.assigned.v1``; ``significance`` None takes the marker back."""

    project_id: str
    scheme: Literal["DAC", "GEM", "HRM"]
    stage: Literal["DESIGN", "COMPLETION"]
    significance: int | None
    origin: Origin | None = None


@dataclass(slots=True)
class HrddpDecided:
    """``hrddp.decided.v1``."""

    project_id: str
    hrddp_id: str
    status: Literal["NOT_STARTED", "IN_PROGRESS", "CLEARED", "CLEARED_WITH_MITIGATION", "REFUSED"]
    required: bool = True
    expires_on: date | None = None
    origin: Origin | None = None


@dataclass(slots=True)
class RiskAssessed:
    """``risk.assessed.v1``."""

    project_id: str
    risk_id: str
    category: str
    likelihood: int
    impact: int
    residual_likelihood: int
    residual_impact: int
    mitigation: Literal["NONE", "PLANNED", "IMPLEMENTED"] = "NONE"
    owner: str | None = None
    reviewed_on: date | None = None
    origin: Origin | None = None


@dataclass(slots=True)
class RiskClosed:
    """``risk.closed.v1``."""

    project_id: str
    risk_id: str
    origin: Origin | None = None


@dataclass(slots=True)
class EvidenceVerified:
    """``evidence.verified.v1``."""

    project_id: str
    evidence_id: str
    verifier: str
    outcome: Literal["CONFIRMED", "NOT_CONFIRMED", "INCONCLUSIVE"]
    source_type: str | None = None
    bias: int = 0
    indirectness: int = 0
    imprecision: int = 0
    inconsistency: int = 0
    triangulated: bool = False
    state_confirmed: bool = False
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class Period:
    """A reporting period; the end is inclusive."""

    start: date
    end: date


@dataclass(slots=True)
class EffortReported:
    """``effort.reported.v1``."""

    project_id: str
    period: Period
    person_days: str
    pillar: str | None = None
    activities_delivered: int | None = None
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class SharedClaim:
    """A project's part in ``shared-result.claims-changed.v1``, scaled among the claimants; no event of its own."""

    project_id: str
    shared_result_ref: str
    result_id: str
    share: int
    strength: int
    withdrawn: bool = False
    origin: Origin | None = None


Judgement = (
    EvaluationPublished
    | EvaluationQualityRated
    | RecommendationStatusChanged
    | MarkerAssigned
    | HrddpDecided
    | RiskAssessed
    | RiskClosed
    | EvidenceVerified
    | EffortReported
    | SharedClaim
)

TYPES: dict[str, type[Judgement]] = {
    "evaluation.published.v1": EvaluationPublished,
    "evaluation.quality-rated.v1": EvaluationQualityRated,
    "recommendation.status-changed.v1": RecommendationStatusChanged,
    "marker.assigned.v1": MarkerAssigned,
    "hrddp.decided.v1": HrddpDecided,
    "risk.assessed.v1": RiskAssessed,
    "risk.closed.v1": RiskClosed,
    "evidence.verified.v1": EvidenceVerified,
    "effort.reported.v1": EffortReported,
}
"""Event type, without its prefix, to the judgement it carries."""

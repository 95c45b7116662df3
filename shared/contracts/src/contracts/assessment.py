"""Judgements about projects: evaluations, markers, risks, effort, evidence (methodology §2.1, §3, M3, M5 to M10).

They travel on ``plumbline.portfolio.v1`` beside the facts of ``contracts.portfolio``, keyed by project. Each carries
the full state of its part; the latest version counts. What was said by mistake is said again as ``withdrawn``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.base import Day, Decimal, Model, Origin, Payload, Ref, Text
from contracts.portfolio import Period, SourceType

Pillar = Literal["P1", "P2", "P3", "P4"]
Rating = Annotated[int, Field(ge=0, le=6)]
"""A rating on a scale of 4, 5 or 6 points; 0 where the evaluator was unable to assess (M5)."""

Step = Annotated[int, Field(ge=0, le=2)]
"""Steps of confidence an evidence loses for one reason (M3)."""

Level = Annotated[int, Field(ge=1, le=5)]
"""Likelihood or impact of a risk, 1 lowest (M10)."""


class Ratings(Model):
    """The six criteria of OECD-DAC (2019); a criterion that was not applied is absent, never nought."""

    relevance: Rating | None = None
    coherence: Rating | None = None
    effectiveness: Rating | None = None
    efficiency: Rating | None = None
    impact: Rating | None = None
    sustainability: Rating | None = None


class EvaluationPublished(Payload):
    """An evaluation of a project with its ratings, whole (M5). No rating exceeds the scale."""

    TYPE: ClassVar[str] = "evaluation.published.v1"
    project_id: Ref
    evaluation_id: Ref
    stage: Literal["MIDTERM", "FINAL", "EXPOST"]
    independence: Literal["SELF", "EXTERNAL", "INDEPENDENT"]
    scale: Literal[4, 5, 6] = Field(description="points of the scale, the highest being the best")
    ratings: Ratings = Ratings()
    overall: int | None = Field(default=None, ge=1, le=6, description="the evaluator's own; derived where absent")
    completed_on: Day
    title: Text = Field(default_factory=dict)
    evaluator: str | None = None
    document: str | None = None
    withdrawn: bool = False
    origin: Origin | None = None


class EvaluationQualityRated(Payload):
    """What the quality panel thinks of an evaluation; 4 of 6 lets it into the headline (M5)."""

    TYPE: ClassVar[str] = "evaluation.quality-rated.v1"
    project_id: Ref
    evaluation_id: Ref
    quality: int = Field(ge=1, le=6)
    rated_by: str | None = None
    rated_on: Day | None = None
    origin: Origin | None = None


class RecommendationStatusChanged(Payload):
    """A recommendation of an evaluation, the management's response to it, and whether it was implemented (M5)."""

    TYPE: ClassVar[str] = "recommendation.status-changed.v1"
    project_id: Ref
    evaluation_id: Ref
    recommendation_id: Ref
    response: Literal["PENDING", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED"] = "PENDING"
    due_on: Day | None = None
    implemented_on: Day | None = None
    text: Text = Field(default_factory=dict)
    withdrawn: bool = False
    origin: Origin | None = None


class MarkerAssigned(Payload):
    """A marker for gender (GEM, or DAC's policy marker 1) or human rights (HRM), at one stage (M8).

    The digit means what its own scheme says. ``significance`` null takes a marker back: the project was not
    screened, which is not the same as 0, examined and not targeted.
    """

    TYPE: ClassVar[str] = "marker.assigned.v1"
    project_id: Ref
    scheme: Literal["DAC", "GEM", "HRM"]
    stage: Literal["DESIGN", "COMPLETION"]
    significance: int | None = Field(ge=0, le=4)
    assessor: str | None = None
    rationale: Text = Field(default_factory=dict)
    origin: Origin | None = None


class EffortReported(Payload):
    """Effort that is not money, for one period and pillar (M7); ``pillar`` null where it serves none in particular."""

    TYPE: ClassVar[str] = "effort.reported.v1"
    project_id: Ref
    period: Period
    pillar: Pillar | None = None
    person_days: Decimal = Field(description="not negative")
    activities_delivered: int | None = Field(default=None, ge=0)
    withdrawn: bool = False
    origin: Origin | None = None


class RiskAssessed(Payload):
    """An open risk, inherent and residual; only an implemented mitigation lowers the residual one (M10)."""

    TYPE: ClassVar[str] = "risk.assessed.v1"
    project_id: Ref
    risk_id: Ref
    category: Ref = Field(description="human_rights, fiduciary, security, political, SEA, data, or another word")
    likelihood: Level
    impact: Level
    residual_likelihood: Level
    residual_impact: Level
    mitigation: Literal["NONE", "PLANNED", "IMPLEMENTED"] = "NONE"
    owner: str | None = None
    reviewed_on: Day | None = None
    title: Text = Field(default_factory=dict)
    origin: Origin | None = None


class RiskClosed(Payload):
    """A risk that is no longer open; assessed again later, it is open again."""

    TYPE: ClassVar[str] = "risk.closed.v1"
    project_id: Ref
    risk_id: Ref
    closed_on: Day | None = None
    reason: str | None = None
    origin: Origin | None = None


class HrddpDecided(Payload):
    """Where a project stands under the human rights due diligence policy (A/67/775, M10)."""

    TYPE: ClassVar[str] = "hrddp.decided.v1"
    project_id: Ref
    hrddp_id: Ref
    required: bool = True
    status: Literal["NOT_STARTED", "IN_PROGRESS", "CLEARED", "CLEARED_WITH_MITIGATION", "REFUSED"]
    conditions: Text = Field(default_factory=dict)
    decided_by: str | None = None
    reviewed_on: Day | None = None
    expires_on: Day | None = Field(default=None, description="the last day on which a clearance holds")
    origin: Origin | None = None


class EvidenceVerified(Payload):
    """What a verifier found of one piece of evidence: the inputs of the confidence grade (M3).

    ``evidence_id`` is the word observations name it by. The verifier is not the reporter (four eyes).
    """

    TYPE: ClassVar[str] = "evidence.verified.v1"
    project_id: Ref
    evidence_id: Ref
    verifier: Ref
    outcome: Literal["CONFIRMED", "NOT_CONFIRMED", "INCONCLUSIVE"]
    source_type: SourceType | None = Field(default=None, description="what it turned out to be, where not as reported")
    bias: Step = 0
    indirectness: Step = 0
    imprecision: Step = 0
    inconsistency: Step = 0
    sample_size: int | None = Field(default=None, ge=0)
    ci_half_width: Decimal | None = None
    triangulated: bool = Field(default=False, description="at least two independent sources agree within tolerance")
    state_confirmed: bool = Field(default=False, description="the Member State concerned confirms")
    verified_on: Day | None = None
    withdrawn: bool = False
    origin: Origin | None = None


FACTS: tuple[type[Payload], ...] = (
    EvaluationPublished,
    EvaluationQualityRated,
    RecommendationStatusChanged,
    MarkerAssigned,
    EffortReported,
    RiskAssessed,
    RiskClosed,
    HrddpDecided,
    EvidenceVerified,
)

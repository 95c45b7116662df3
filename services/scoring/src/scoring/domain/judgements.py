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


Judgement = EvaluationPublished | EvaluationQualityRated | RecommendationStatusChanged | MarkerAssigned | HrddpDecided

TYPES: dict[str, type[Judgement]] = {
    "evaluation.published.v1": EvaluationPublished,
    "evaluation.quality-rated.v1": EvaluationQualityRated,
    "recommendation.status-changed.v1": RecommendationStatusChanged,
    "marker.assigned.v1": MarkerAssigned,
    "hrddp.decided.v1": HrddpDecided,
}
"""Event type, without its prefix, to the judgement it carries."""

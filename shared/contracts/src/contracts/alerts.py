"""Alerts on ``plumbline.alerts.v1``, keyed by scope."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.base import Model, Payload, Ref

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""``off-track``, ``status-changed``, ``security``; an open word: a new kind needs no new event type."""


class AlertRaised(Payload):
    """Something a person may want to act on."""

    TYPE: ClassVar[str] = "alert.raised.v1"
    alert_id: Ref
    kind: Kind
    scope: Ref
    project_id: str | None = None
    indicator_id: str | None = None
    entity: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    text: str
    classification: str = "public"
    raised_at: datetime


class Weight(Model):
    """One piece of evidence: what was compared, at which level, and log2(m/u) to four places."""

    field: str
    level: str
    weight: str = Field(pattern=r"^-?\d+\.\d{4}$")


class DuplicateCandidateFound(Payload):
    """Two projects that may be one, or that may work together (M12). Key: ``pair_id``; anew per fingerprints.

    THIRD_PARTY is declared by a file; LIKELY and REVIEW follow from M; COORDINATE and SYNERGY are different projects.
    """

    TYPE: ClassVar[str] = "duplicate.candidate-found.v1"
    pair_id: str = Field(max_length=520, description="both identifiers, sorted, with '|' between")
    projects: list[Ref] = Field(min_length=2, max_length=2)
    entities: list[str] = Field(min_length=2, max_length=2)
    fingerprints: list[str] = Field(min_length=2, max_length=2)
    kind: Literal["THIRD_PARTY", "LIKELY", "REVIEW", "COORDINATE", "SYNERGY"]
    weight: str = Field(description="M, in bits, to four places")
    probability: int = Field(ge=0, le=1_000_000, description="P in µ")
    overlap: int | None = Field(default=None, ge=0, le=1_000_000, description="O in µ, where it is known")
    weights: list[Weight] = Field(default_factory=list, max_length=20)
    classification: str
    method_version: str
    found_at: datetime


FACTS: tuple[type[Payload], ...] = (AlertRaised, DuplicateCandidateFound)

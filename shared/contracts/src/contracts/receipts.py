"""Intake's answers to entities, on ``plumbline.receipts.v1``, keyed by entity."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.base import Model, Payload, Ref

Severity = Literal["error", "warning", "notice"]
Outcome = Literal["accepted", "amended", "unchanged", "quarantined"]


class Finding(Model):
    """One thing to mend: which rule, how grave, where, and the shortest remedy."""

    rule: Ref = Field(description="rule id, e.g. iati:6.6.2 or plumbline:PERCENT_SUM")
    severity: Severity
    message: str
    remedy: str
    path: str | None = None
    line: int | None = None
    project_id: str | None = None
    text: str | None = Field(default=None, max_length=500, description="what was read there")


class Readability(Model):
    """How much of the results can be scored, and for the rest the reasons, by count (methodology §2.5)."""

    indicators: int = 0
    scorable: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    remedies: dict[str, str] = Field(default_factory=dict, description="reason to the shortest remedy")


class SubmissionProcessed(Payload):
    """The receipt: what became of one submission, event or file."""

    TYPE: ClassVar[str] = "submission.processed.v1"
    submission_id: Ref
    entity: Ref
    channel: Literal["kafka", "http", "file"]
    outcome: Literal["accepted", "unchanged", "quarantined", "partly-quarantined"]
    received_at: datetime
    processed_at: datetime
    event_id: str | None = None
    project_id: str | None = None
    file: str | None = None
    sha256: str | None = None
    activities: int = 0
    accepted: int = 0
    amended: int = 0
    unchanged: int = 0
    quarantined: int = 0
    events: int = Field(default=0, description="facts published because of it")
    rules: dict[str, int] = Field(default_factory=dict, description="findings by rule id")
    findings: list[Finding] = Field(default_factory=list, description="the first hundred; all at the receipt's address")
    readability: Readability = Readability()


class SubmissionQuarantined(Payload):
    """One item of a submission that could not be accepted."""

    TYPE: ClassVar[str] = "submission.quarantined.v1"
    submission_id: Ref
    entity: Ref
    event_id: str | None = None
    project_id: str | None = None
    findings: list[Finding]


FACTS: tuple[type[Payload], ...] = (SubmissionProcessed, SubmissionQuarantined)

"""What one file has come to so far, whatever it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Envelope
from intake.store.entities import Entity
from intake.store.submissions import Submission


@dataclass(slots=True)
class Progress:
    """What one file has come to so far."""

    submission: Submission
    entity: Entity
    findings: int
    readability: Counter[str]
    reasons: Counter[str]
    remedies: dict[str, str]
    seen: set[str] = field(default_factory=set)

    def as_readability(self) -> dict[str, Any]:
        """The contract's Readability as plain values, most frequent reason first."""
        return {
            "indicators": self.readability["indicators"],
            "scorable": self.readability["scorable"],
            "reasons": dict(self.reasons.most_common()),
            "remedies": self.remedies,
        }

    def cause(self) -> Envelope:
        """The submission as the event its facts follow from."""
        return Envelope(
            id=self.submission.id,
            source=f"/svc/intake/{self.submission.entity}",
            type="org.plumbline.submission.received.v1",
            traceparent=self.submission.traceparent,
        )

"""One fact on its way through intake, whichever way it came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Envelope
from intake.domain.acceptance import Fault
from intake.store.submissions import Submission


@dataclass(slots=True)
class Item:
    """One event on its way through: what it says under which business key, what is wrong with it, its submission.

    ``shared`` is the ordering key of a fact that no single project owns; a project's fact has none.
    """

    envelope: Envelope
    submission: Submission
    type: str = ""
    key: str = ""
    data: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)
    shared: str | None = None
    origin: dict[str, Any] | None = None

    @property
    def refused(self) -> bool:
        """Whether something is wrong that cannot be accepted."""
        return bool(self.faults) and any(f["severity"] == "error" for f in self.faults)

    def said_in(self) -> dict[str, Any]:
        """Where the fact was read."""
        return self.origin or {"submission_id": self.submission.id}

    def count(self, outcome: str) -> None:
        """Enter a decision in the submission."""
        submission = self.submission
        setattr(submission, outcome, getattr(submission, outcome) + 1)
        submission.events = 0 if outcome == "unchanged" else 1

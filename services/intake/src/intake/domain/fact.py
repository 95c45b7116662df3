"""A fact about a project as it was read, the same whichever way it came in (methodology §3)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from intake.domain.ledger import business_key

PROJECT: Final = "project.submitted.v1"
INDICATOR: Final = "indicator.defined.v1"
OBSERVATION: Final = "observation.recorded.v1"
TRANSACTION: Final = "transaction.posted.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: the event type of its first saying, payload, and where it was read.

    ``data`` is valid for the contract of ``type`` and leaves out what is empty.
    """

    type: str
    data: dict[str, Any]
    line: int | None = None
    path: str | None = None

    @property
    def key(self) -> str:
        """Its business key, under which an update, a re-import and an event that speak of the same thing meet."""
        return business_key(self.type, self.data)


def short(*parts: object, length: int = 12) -> str:
    """A short hexadecimal name of some content; 12 digits keep apart the few thousand things of one project."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]

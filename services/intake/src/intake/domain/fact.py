"""A fact about a project under its business key, the same whichever way it came in (methodology §3).

Keys are unique within one project: an update, a re-import and an event that speak of the same thing meet there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from intake.domain.ledger import digest_of

PROJECT: Final = "project.submitted.v1"
INDICATOR: Final = "indicator.defined.v1"
OBSERVATION: Final = "observation.recorded.v1"
TRANSACTION: Final = "transaction.posted.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: business key, the event type of its first saying, payload, and where it was read.

    ``data`` is valid for the contract of ``type`` and leaves out what is empty; ``digest`` is the SHA-256 of its
    canonical JSON without origin and edition, so that a moved line or a new file date changes nothing.
    """

    key: str
    type: str
    data: dict[str, Any]
    line: int | None = None
    path: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of what the fact says, hexadecimal."""
        return digest(self.data)


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a payload, without the fields that are not content."""
    return digest_of(data).hex()


def short(*parts: object, length: int = 12) -> str:
    """A short hexadecimal name of some content; 12 digits keep apart the few thousand things of one project."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]


def place_key(place: Mapping[str, Any] | None) -> str:
    """The part of an observation's key that names its location and dimensions; ``-`` for the total."""
    location = (place or {}).get("location")
    dimensions = (place or {}).get("dimensions") or {}
    return short(location, dimensions, length=10) if location or dimensions else "-"


def project_key(project_id: str) -> str:
    """``project:<IATI identifier>``."""
    return f"project:{project_id}"


def indicator_key(indicator_id: str) -> str:
    """``indicator:<id>``."""
    return f"indicator:{indicator_id}"


def observation_key(data: Mapping[str, Any]) -> str:
    """``observation:<indicator>|<start>|<end>|<place>|<ordinal>`` of an observation's payload."""
    period = data["period"]
    where = place_key(data.get("place"))
    return f"observation:{data['indicator_id']}|{period['start']}|{period['end']}|{where}|{data.get('ordinal', 1)}"


def transaction_key(transaction_id: str) -> str:
    """``transaction:<ledger id>``."""
    return f"transaction:{transaction_id}"

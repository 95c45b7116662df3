"""What every fact carries: its version, and where it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Version(NamedTuple):
    """What decides between two versions of a fact: highest wins, whatever the order of arrival (§0.4)."""

    recorded: int  # µs since 1970, UTC, as intake stamped it
    sequence: str
    id: str


@dataclass(slots=True)
class Origin:
    """Where a fact was read."""

    submission_id: str
    file: str | None = None
    line: int | None = None

"""What a version is a version of: the parts of a project, each by a key of its own."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Final

PROJECT: Final = "project"
STATUS: Final = "status"


def indicator(indicator_id: str) -> str:
    """An indicator of the project."""
    return f"indicator|{indicator_id}"


def observation(indicator_id: str, start: date, end: date, place: str, ordinal: int) -> str:
    """An actual of one period and place; a place is told by its digest, so that the key stays short."""
    where = hashlib.sha256(place.encode()).hexdigest()[:16] if place else ""
    return f"observation|{indicator_id}|{start}|{end}|{ordinal}|{where}"


def budget(start: date, end: date, kind: str) -> str:
    """A budget line by its period and IATI BudgetType."""
    return f"budget|{start}|{end}|{kind}"


def kind_of(part: str) -> str:
    """project, status, indicator, observation or budget."""
    return part.partition("|")[0]

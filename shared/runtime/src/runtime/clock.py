"""Time, passed in: domain code never asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant in UTC."""


def system_clock() -> datetime:
    """The machine's clock, UTC, microseconds."""
    return datetime.now(UTC)

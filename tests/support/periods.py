"""Periods and targets as events state them."""

from __future__ import annotations

from typing import Any


def year(first: int, last: int | None = None) -> dict[str, str]:
    """A calendar year, or several as one period; the end is inclusive."""
    return {"start": f"{first}-01-01", "end": f"{last or first}-12-31"}


def aim(period: dict[str, str], value: str | None) -> dict[str, Any]:
    """The target of a period; None for one that is not a number."""
    return {"period_start": period["start"], "period_end": period["end"], "value": value}

"""What a reader beyond a figure's class is told in its place: that it is withheld and why, and no number of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

FLAG: Final = {"small-cell": "SMALL_CELL", "complementary": "COMPLEMENTARY"}
"""The flag that goes with each reason a figure may be withheld for."""


def in_its_place(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The figure without its numbers. Its state is the one in which a value is withheld; the reason says why."""
    return {
        **figure,
        "value": None,
        "state": "INSUFFICIENT_DATA",
        "coverage": {"observed": 0, "expected": 0},
        "lower": None,
        "upper": None,
        "flags": [FLAG[figure["withheld"]]],
        "parts": {},
        "projects": 0,
        "inferred_ppm": 0,
        "previous": None,
        "classification": "public",
        "owner": None,
        "revision": 1,
        "cause": None,
    }


_VALUE: Final = ("value", "numerator", "denominator", "rubric", "comment", "evidence", "assessor")
"""What of an actual its owner's exclusion covers."""


def without_value(data: Mapping[str, Any]) -> dict[str, Any]:
    """An actual whose owner withholds it: that it exists, and nothing of what it says."""
    emptied: dict[str, Any] = {name: [] if name == "evidence" else None for name in _VALUE if name in data}
    return dict(data) | emptied | {"withheld": True}


def as_shown(indicators: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Indicators as anybody is shown them: of a withheld actual neither the value nor those it replaced."""
    return [dict(i) | {"observations": [_observation(i, row) for row in i["observations"]]} for i in indicators]


def _observation(indicator: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    if indicator.get("withheld") or row["data"].get("withheld"):
        return {"data": without_value(row["data"]), "replaced": []}
    return dict(row)

"""What a reader beyond a figure's class is told in its place: that it is withheld and why, and no number of it."""

from __future__ import annotations

from collections.abc import Mapping
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

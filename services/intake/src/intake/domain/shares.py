"""Shares in parts per million that add up exactly (methodology §0.3, §0.6)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

WHOLE: Final = 1_000_000
"""Parts per million of the whole."""

TOLERANCE: Final = Fraction(1, 2)
"""How far percentages may be from 100 and still be normalised, in percentage points (methodology §0.6)."""


def largest_remainder(weights: Mapping[str, Fraction], total: int = WHOLE) -> dict[str, int]:
    """Divide ``total`` among the codes in proportion to their weights, exactly; ties go to the lower code.

    Raises ValueError where no weight is positive or one is negative.
    """
    whole = sum(weights.values(), Fraction(0))
    if whole <= 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("weights must be 0 or more, and one of them positive")
    exact = {code: total * weight / whole for code, weight in weights.items()}
    parts = {code: int(share) for code, share in exact.items()}
    missing = total - sum(parts.values())
    for code in sorted(exact, key=lambda code: (parts[code] - exact[code], code))[:missing]:
        parts[code] += 1
    return parts


def cross(first: Mapping[str, int], second: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Cell shares of two dimensions, taken as independent, that add up to exactly 1 000 000 ppm (golden test G3)."""
    cells = {f"{a}\0{b}": Fraction(x * y) for a, x in first.items() for b, y in second.items()}
    parts = largest_remainder(cells)
    return {(key.split("\0")[0], key.split("\0")[1]): ppm for key, ppm in parts.items()}


def within_tolerance(total: Fraction) -> bool:
    """Whether percentages with this sum may be normalised: |Σ − 100| ≤ 0.5."""
    return abs(total - 100) <= TOLERANCE

"""Sums as a person would check them with a pencil: exact, in their own units, written alike in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from portal_gateway.domain.speech.numbers import MICRO, counted, day

Node = Mapping[str, Any]
"""A node of scoring's tree: ``kind``, ``label``, its sums, its ``children``."""

_QUARTERS: Final = {1: "¼", 2: "½", 3: "¾", 4: "1"}
"""Level weights and their sums (methodology §0.8), which scoring counts in quarters."""


_MONEY = frozenset({"M9", "M11"})
"""Metrics whose sums are cents times a share in ppm."""

_DOLLAR = 100 * MICRO

_SCALES: Final = {
    "M2": (MICRO, MICRO),
    "M3": (100 * MICRO, 100 * MICRO),
    "M4": (MICRO**2, MICRO),
    "M6": (MICRO**3, MICRO**2),
    "M13": (MICRO, 1),
    "M14": (MICRO, 1),
    "M15": (MICRO, 1),
}
"""What sums above and below the line are counted in: shares in ppm, scores in µ, confidence in per cent."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of arithmetic; ``result`` is set in bold after ``text``."""

    text: str
    result: str = ""


def amount(metric: str, number: int | str, *, above: bool) -> str:
    """A sum of a total in its own unit: shares × scores, weights × shares, US dollars, or a count; exact.

    Scoring sends as text what outgrows JSON's numbers.
    """
    number = int(number)
    if metric in _MONEY:
        return f"USD {money(number)}"
    if metric == "M7":
        dollars, cents = divmod(abs(number), 100)
        return f"{'−' if number < 0 else ''}USD {dollars:,}.{cents:02d}"
    scale = _SCALES.get(metric, (1, 1))[not above]
    return places(Fraction(number, scale)) if scale > 1 else counted(number)


def money(number: int) -> str:
    """Cents times ppm as dollars: two places at least, and as many as it has."""
    whole, rest = divmod(abs(number), _DOLLAR)
    digits = f"{rest:08d}"
    return f"{'−' if number < 0 else ''}{counted(whole)}.{digits[:2]}{digits[2:].rstrip('0')}"


def places(number: Fraction) -> str:
    """An exact decimal with six places at least and as many as it has; scales are powers of ten."""
    scaled = number * 10**18
    whole, rest = divmod(abs(int(scaled)), 10**18)
    digits = f"{rest:018d}"
    tail = digits[6:].rstrip("0")
    return f"{'−' if number < 0 else ''}{counted(whole)}.{digits[:6]}{tail}"


def children(node: Node) -> list[Node]:
    return list(node.get("children") or ())


def placed(node: Node) -> str:
    """Where a value belongs to, if it is not the total: ``L:`` a location, ``D:`` a dimension."""
    place = node.get("place")
    return f" ({str(place).partition(':')[2] or place})" if place else ""


def dated(label: str) -> str:
    """``Actual 2025-07-01 to 2025-12-31`` with dates as people write them."""
    found = []
    for word in label.split(" "):
        text, comma = word.removesuffix(","), "," if word.endswith(",") else ""
        try:
            found.append(day(date.fromisoformat(text)) + comma)
        except ValueError:
            found.append(word)
    return " ".join(found)


def quarter(weight: int) -> str:
    return _QUARTERS.get(weight, f"{weight}/4")

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


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of arithmetic; ``result`` is set in bold after ``text``."""

    text: str
    result: str = ""


def amount(metric: str, number: int | str, *, above: bool) -> str:
    """A sum of a total in its own unit: shares × scores, weights × shares, or US dollars; exact.

    The other metrics count in whole numbers, which scoring sends as text where they outgrow JSON's.
    """
    number = int(number)
    if metric in _MONEY:
        return f"USD {money(number)}"
    if metric not in {"M2", "M4", "M7"}:
        return counted(number)
    if metric == "M7":
        dollars, cents = divmod(abs(number), 100)
        return f"{'−' if number < 0 else ''}USD {dollars:,}.{cents:02d}"
    scale = MICRO * MICRO if metric == "M4" and above else MICRO
    return places(Fraction(number, scale))


def money(number: int) -> str:
    """Cents times ppm as dollars: two places at least, and as many as it has."""
    whole, rest = divmod(abs(number), _DOLLAR)
    digits = f"{rest:08d}"
    return f"{'−' if number < 0 else ''}{counted(whole)}.{digits[:2]}{digits[2:].rstrip('0')}"


def places(number: Fraction) -> str:
    """An exact decimal with six places at least and as many as it has; scales are powers of ten."""
    scaled = number * 10**12
    whole, rest = divmod(abs(int(scaled)), 10**12)
    digits = f"{rest:012d}"
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

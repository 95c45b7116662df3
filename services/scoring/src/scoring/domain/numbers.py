"""Exact numbers without floats: decimals as ratios of integers, rounded half to even where a rule says so.

``fractions.Fraction`` does the same, some forty times slower: it is the oracle of the tests (methodology §0.3).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from scoring.domain.parameters import MICRO

Ratio = tuple[int, int]
"""Numerator and denominator; the denominator is positive, the pair need not be in lowest terms."""

ZERO: Final[Ratio] = (0, 1)
ONE: Final[Ratio] = (1, 1)

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
SHOWN: Final = 10**15  # µ; a value of more than 10⁹ is shown as 10⁹, so that it fits 64 bits


@lru_cache(maxsize=65_536)
def decimal(text: str) -> Ratio:
    """Read an xs:decimal exactly. Raises ValueError for anything else (rule R7)."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a decimal number such as 12.5")
    whole, _, part = text.partition(".")
    return int(whole + part), 10 ** len(part)


def half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to a ratio, ties to the even one. ``denominator`` must be positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def micro(value: Ratio) -> int:
    """A ratio in µ, rounded half to even."""
    return half_even(value[0] * MICRO, value[1])


def shown(value: Ratio) -> int:
    """A ratio in µ for display, held within ±10⁹ so that a typing error cannot overflow a column."""
    return max(-SHOWN, min(SHOWN, micro(value)))


def add(x: Ratio, y: Ratio) -> Ratio:
    """x + y, exact."""
    if x[1] == y[1]:
        return x[0] + y[0], x[1]
    return x[0] * y[1] + y[0] * x[1], x[1] * y[1]


def sub(x: Ratio, y: Ratio) -> Ratio:
    """x − y, exact."""
    if x[1] == y[1]:
        return x[0] - y[0], x[1]
    return x[0] * y[1] - y[0] * x[1], x[1] * y[1]


def div(x: Ratio, y: Ratio) -> Ratio:
    """x ÷ y, exact; y must not be zero."""
    numerator, denominator = x[0] * y[1], x[1] * y[0]
    return (numerator, denominator) if denominator > 0 else (-numerator, -denominator)


def mul(x: Ratio, y: Ratio) -> Ratio:
    """x · y, exact."""
    return x[0] * y[0], x[1] * y[1]


def less(x: Ratio, y: Ratio) -> bool:
    """Whether x < y, exactly."""
    return x[0] * y[1] < y[0] * x[1]


def same(x: Ratio, y: Ratio) -> bool:
    """Whether x = y, whatever their terms."""
    return x[0] * y[1] == y[0] * x[1]


def total(values: list[Ratio]) -> Ratio:
    """The exact sum."""
    result = ZERO
    for value in values:
        result = add(result, value)
    return result


def text(value: Ratio | None) -> str | None:
    """A ratio as people write it: exact where six decimals suffice, else rounded to six."""
    if value is None:
        return None
    millionths = micro(value)
    sign = "-" if millionths < 0 else ""
    whole, part = divmod(abs(millionths), MICRO)
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".") if part else f"{sign}{whole}"


def exact(millionths: int) -> str:
    """µ and ppm as formulas write them, all six decimals; not negative."""
    return f"{millionths // MICRO}.{millionths % MICRO:06d}"


def stated(amount: str, currency: str) -> str:
    """Money as people read it: thousands apart, to the cent; the file beside it has what was reported."""
    cents = half_even(*mul(decimal(amount), (100, 1)))
    whole, part = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}{whole:,}{f'.{part:02d}' if part else ''} {currency}"

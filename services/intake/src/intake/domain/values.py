"""Reading decimals, days and percentages from text, strictly (methodology §2.5 R7): what is unclear is None."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,24}(?:\.[0-9]{0,24})?|\.[0-9]{1,24})")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2200, 12, 31)


def decimal(text: str | None) -> str | None:
    """The text of an exact decimal (xs:decimal, no exponent, 24 digits either side), trimmed; None where it is none.

    ASCII digits only: ``30,6``, ``1e-10``, ``50 %`` and ``٣`` are words, not figures.
    """
    trimmed = (text or "").strip()
    return trimmed if _DECIMAL.fullmatch(trimmed) else None


@lru_cache(maxsize=8192)
def day(text: str | None) -> date | None:
    """A calendar day from xs:date (a zone is dropped), years 1900 to 2200; None where it is none."""
    match = _DAY.fullmatch((text or "").strip())
    if match is None:
        return None
    try:
        read = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return read if EARLIEST <= read <= LATEST else None


@lru_cache(maxsize=8192)
def percentage(text: str | None) -> Fraction | None:
    """A percentage as an exact fraction of 100, 0 to 100; None where it is none."""
    read = decimal(text)
    if read is None:
        return None
    value = Fraction(read)
    return value if 0 <= value <= 100 else None

"""ULIDs: 48 bits of milliseconds and 80 random bits, in Crockford's base 32; they sort by the time they were made."""

from __future__ import annotations

import os
import time
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [a + b for a in _DIGITS for b in _DIGITS]
_SHIFTS: Final = tuple(range(120, -1, -10))  # 26 digits are 13 pairs of 10 bits; the first has two zero bits


class Ulids:
    """Makes ULIDs that only rise within a process, also within one millisecond or when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """The next one, 26 characters."""
        now = time.time_ns() // 1_000_000
        if now > self._last >> 80:
            self._last = now << 80 | int.from_bytes(os.urandom(10), "big")
        else:
            self._last += 1
        value = self._last
        return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


new_id: Final = Ulids().new
"""A new ULID."""

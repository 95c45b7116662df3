"""ULIDs: 48 bits of milliseconds and 80 random bits, in Crockford's base 32; they sort by the time they were made."""

from __future__ import annotations

import os
import time
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [a + b for a in _DIGITS for b in _DIGITS]
_LOW: Final = 60  # bits counted up within a millisecond: the last 12 digits


def _digits(value: int, bits: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(bits - 10, -1, -10)])


class Ulids:
    """Makes ULIDs that only rise within a process, also within one millisecond or when the clock is set back."""

    def __init__(self) -> None:
        self._millisecond = -1
        self._high = ""
        self._low = 0

    def new(self) -> str:
        """The next one, 26 characters."""
        now = time.time_ns() // 1_000_000
        if now > self._millisecond:
            self._millisecond = now
            drawn = int.from_bytes(os.urandom(10), "big")
            self._high = _digits(now << 20 | drawn >> _LOW, 70)
            self._low = drawn & (1 << _LOW - 1) - 1  # the first bit is room to count
        low = self._low = self._low + 1
        return self._high + (
            _PAIRS[low >> 50] + _PAIRS[low >> 40 & 1023] + _PAIRS[low >> 30 & 1023]
            + _PAIRS[low >> 20 & 1023] + _PAIRS[low >> 10 & 1023] + _PAIRS[low & 1023]
        )  # fmt: skip


new_id: Final = Ulids().new
"""A new ULID."""

"""How like two values are: exact fractions within 0 and 1, None where either says nothing."""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from scoring.domain.numbers import Ratio

_APART: Final = re.compile(r"[\W_]+")
_SHINGLE: Final = 3  # characters
BANDS: Final = 8
ROWS: Final = 3
"""Titles that share .75 of their shingles meet in one of the bands at least 98.7 times of a hundred (MinHash)."""


def plain(text: str, longest: int) -> str:
    """A text as it is compared: letters and digits of any script, in one case, single spaces between."""
    return _APART.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()[:longest].strip()


def jaccard(x: Collection[str], y: Collection[str]) -> Ratio | None:
    """Shared of all."""
    if not x or not y:
        return None
    first, second = set(x), set(y)
    return len(first & second), len(first | second)


def overlap(x: tuple[int | None, int | None], y: tuple[int | None, int | None]) -> Ratio | None:
    """Days both last, of the days either lasts; ends are inclusive."""
    if x[0] is None or x[1] is None or y[0] is None or y[1] is None or x[1] < x[0] or y[1] < y[0]:
        return None
    shared = max(0, min(x[1], y[1]) + 1 - max(x[0], y[0]))
    return shared, (x[1] + 1 - x[0]) + (y[1] + 1 - y[0]) - shared


def closeness(x: int, y: int) -> Ratio | None:
    """The smaller of the larger; None where either is not above 0."""
    return (min(x, y), max(x, y)) if x > 0 and y > 0 else None


def any_shared(x: Collection[str], y: Collection[str]) -> Ratio | None:
    """1 where anything is shared, else 0."""
    if not x or not y:
        return None
    return int(not set(x).isdisjoint(y)), 1


def texts(x: Mapping[str, str], y: Mapping[str, str]) -> Ratio | None:
    """The greatest likeness in any language both have; different languages say nothing of each other."""
    best: Ratio | None = None
    for language in sorted(x.keys() & y.keys()):
        found = text(x[language], y[language])
        if best is None or best[0] * found[1] < found[0] * best[1]:
            best = found
    return best


def text(x: str, y: str) -> Ratio:
    """Twice the longest common subsequence, of both lengths; the words in order, so that "Mali: X" is "X, Mali"."""
    first, second = _sorted(x), _sorted(y)
    if first == second:
        return 1, 1
    return 2 * common(first, second), len(first) + len(second)


@lru_cache(maxsize=16_384)
def _sorted(text_: str) -> str:
    return " ".join(sorted(text_.split()))


def common(x: str, y: str) -> int:
    """The length of the longest common subsequence, a row of the table at once as bits of one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, letter in enumerate(x):
        places[letter] = places.get(letter, 0) | 1 << place
    whole = (1 << len(x)) - 1
    row = whole
    for letter in y:
        matches = row & places.get(letter, 0)
        row = (row + matches | row - matches) & whole
    return len(x) - row.bit_count()


@lru_cache(maxsize=4_096)
def bands(text_: str) -> tuple[str, ...]:
    """The bands of a title's MinHash signature: titles much alike share one of them, others hardly ever."""
    shingles = {text_[n : n + _SHINGLE] for n in range(max(1, len(text_) - _SHINGLE + 1))}
    points = zip(*map(_points, shingles), strict=True)
    signature = [min(column) for column in points]
    return tuple(":".join(map(str, signature[start : start + ROWS])) for start in range(0, BANDS * ROWS, ROWS))


def _points(shingle: str) -> tuple[int, ...]:
    """A number for each place of the signature, by a hash function that is fixed for ever: another would meet other
    pairs, and so be another version of the method.
    """
    return _NUMBERS.unpack(hashlib.blake2b(shingle.encode(), digest_size=_NUMBERS.size, person=b"M12").digest())


_NUMBERS: Final = struct.Struct(f">{BANDS * ROWS}H")

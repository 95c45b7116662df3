"""From the words of a question to projects: every word is wanted, and a slip of the keyboard is forgiven.

A word that no project of the reader's has is taken for the nearest one that some have. Only the reader's own
projects are asked, so that a correction tells nobody of a word in a project that is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyroaring import BitMap
from rapidfuzz import process
from rapidfuzz.distance import OSA

from portal_gateway.domain.search import folding
from portal_gateway.domain.search.index import Index

Run = tuple[str, bool]

_LONG: Final = 5
_SHORTEST: Final = 3
_CANDIDATES: Final = 200


@dataclass(frozen=True, slots=True)
class Match:
    """``tiers`` hold the projects found, the closest first, each once. ``searched`` is what was searched for where
    that is not what was written; ``single`` are the words with how many projects each alone finds."""

    tiers: tuple[BitMap, ...]
    searched: str | None = None
    single: tuple[tuple[str, int], ...] = ()

    @property
    def found(self) -> BitMap:
        """All of them."""
        return BitMap.union(*self.tiers) if self.tiers else BitMap()


def match(index: Index, text: str, visible: BitMap, *, as_written: bool = False) -> Match:
    """The visible projects with every word: the one whose identifier it is, then those with all the words in the
    title, then with some, then the others."""
    written = folding.asked(text)
    if not written:
        return Match(())
    runs, hits = list(written), [index.having(run) & visible for run in written]
    if not as_written:
        for n, (run, hit) in enumerate(zip(written, hits, strict=True)):
            if not hit and (mended := _mend(index, run, visible)) is not None:
                runs[n], hits[n] = mended, index.having(mended) & visible
    found = BitMap.intersection(*hits)
    searched = " ".join(word for word, _ in runs) if runs != written and found else None
    if searched is None:
        runs, hits = list(written), [index.having(run) & visible for run in written]
        found = BitMap.intersection(*hits)
    titled = [index.having(run, titles=True) & found for run in runs]
    named = index.at(text)
    exact = BitMap([named]) & visible if named is not None else BitMap()
    every, some = BitMap.intersection(*titled), BitMap.union(*titled)
    tiers = (exact, every - exact, some - every - exact, found - some - exact)
    single = tuple((run[0], len(hit)) for run, hit in zip(runs, hits, strict=True)) if len(runs) > 1 else ()
    return Match(tiers, searched, single)


def _mend(index: Index, run: Run, visible: BitMap) -> Run | None:
    text, unbroken = run
    if unbroken:
        return _mend_characters(index, text, visible)
    if len(text) < _SHORTEST or text.isdigit():
        return None
    most = 1 if len(text) < _LONG else 2
    near: list[tuple[int, bool, int, str]] = []
    for length in range(len(text) - most, len(text) + most + 1):
        for word, distance, _ in process.extract(
            text, index.of_length(length), scorer=OSA.distance, score_cutoff=most, limit=_CANDIDATES
        ):
            if n := index.words[word].intersection_cardinality(visible):
                near.append((int(distance), word[0] != text[0], -n, word))
    return (min(near)[3], False) if near else None


def _mend_characters(index: Index, text: str, visible: BitMap) -> Run | None:
    """One character is another, in the place where most projects have the run; else the pairs that any project has."""
    best = (0, "")
    for n in range(len(text)):
        for character in _candidates(index, text, n):
            run = text[:n] + character + text[n + 1 :]
            if len(run) > 1 and (found := len(index.having((run, True)) & visible)) > best[0]:
                best = (found, run)
    if best[0]:
        return best[1], True
    parts = [pair for pair in folding.pairs(text) if index.having((pair, True)).intersect(visible)]
    return (max(parts, key=lambda pair: len(index.having((pair, True)) & visible)), True) if parts else None


def _candidates(index: Index, text: str, n: int) -> Iterator[str]:
    if n > 0:
        after = text[n + 1 : n + 2]
        for pair in index.beginning(text[n - 1]):
            if len(pair) == 2 and (not after or pair[1] + after in index.words):
                yield pair[1]
    elif len(text) > 1:
        for pair in index.ending(text[1]):
            yield pair[0]

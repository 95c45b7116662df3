"""All projects by what they are found by: a compressed bitmap of places for each word and each value of each facet.

A search is the intersection of a few bitmaps with what its reader may read, a facet's count the size of one more
intersection; nothing is counted that the reader may not read. A project has a place, its bit in every bitmap. When
its state changes it moves to a new place; the old one counts nowhere, and is swept out of the bitmaps with others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from portal_gateway.domain.search import folding
from portal_gateway.domain.search.facets import OF_FIGURES
from portal_gateway.domain.search.wish import FACETS, NONE, Sort

Shelf = tuple[str, str]
"""Class and entity of a project: what decides who may read it."""

Counts = dict[str, list[tuple[str, int]]]
"""Projects by value, by facet."""

_ROOM: Final = 1024
_SWEEP: Final = 2000
_UNFINISHED: Final = 3  # characters from which on a word also finds those it begins
_UNKNOWN: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one project. ``changed`` in µs of Unix time; ``title`` plain, for the order by title."""

    project_id: str
    seq: int
    shelf: Shelf
    title: str
    words: frozenset[str] | set[str]
    title_words: frozenset[str] | set[str]
    changed: int
    values: Mapping[str, Sequence[str]]


class Index:
    """The bitmaps, and the numbers by which results are put in order."""

    def __init__(self) -> None:
        self.shelves: dict[Shelf, BitMap] = {}
        self.words: dict[str, BitMap] = {}
        self.facets: dict[str, dict[str, BitMap]] = {name: {} for name in FACETS}
        self.ids: list[str] = []
        self._titles: dict[str, BitMap] = {}
        self._place: dict[str, int] = {}
        self._shelf: list[Shelf] = []
        self._title: list[str] = []
        self._gone = BitMap()
        self._vocabulary: list[str] = []
        self._by_length: dict[int, list[str]] = {}
        self._by_second: dict[str, set[str]] = {}
        self._fresh: list[str] = []
        # Each so that the least comes first: the latest change, the largest budget.
        self._numbers = {name: np.zeros(_ROOM, np.int64) for name in ("seq", "changed", "budget", "effectiveness")}
        self._rank = np.zeros(_ROOM, np.float64)
        self._ranked: list[tuple[str, float]] | None = None

    def __len__(self) -> int:
        return len(self._place)

    def seq(self, project_id: str) -> int | None:
        """The place in the feed of the state that is kept; None where there is none."""
        place = self._place.get(project_id)
        return None if place is None else int(self._numbers["seq"][place])

    def shelf(self, project_id: str) -> Shelf:
        """Class and entity of a project that is kept."""
        return self._shelf[self._place[project_id]]

    # --- what is kept

    def put(self, entry: Entry) -> None:
        """Keep a project's state in place of what was kept of it; its figures are told anew."""
        self.drop(entry.project_id)
        place = len(self.ids)
        self.ids.append(entry.project_id)
        self._shelf.append(entry.shelf)
        self._title.append(entry.title)
        self._place[entry.project_id] = place
        self._make_room(place)
        self.shelves.setdefault(entry.shelf, BitMap()).add(place)
        for name, values in entry.values.items():
            known = self.facets[name]
            for value in values:
                known.setdefault(value, BitMap()).add(place)
        for word in entry.words:
            found = self.words.get(word)
            if found is None:
                found = self.words[word] = BitMap()
                self._fresh.append(word)
            found.add(place)
        for word in entry.title_words:
            self._titles.setdefault(word, BitMap()).add(place)
        self._numbers["seq"][place] = entry.seq
        self._numbers["changed"][place] = -entry.changed
        self._numbers["budget"][place] = self._numbers["effectiveness"][place] = _UNKNOWN
        if self._ranked is not None:
            self._rank_one(place)

    def tell(self, project_id: str, values: Mapping[str, Sequence[str]], budget: int | None, score: int | None) -> None:
        """What a project's figures say now: facets, cents of budget, µ of effectiveness."""
        place = self._place[project_id]
        for name in OF_FIGURES:
            known, now = self.facets[name], values.get(name, ())
            for value, found in known.items():
                if value not in now:
                    found.discard(place)
            for value in now:
                known.setdefault(value, BitMap()).add(place)
        self._numbers["budget"][place] = _UNKNOWN if budget is None else -budget
        self._numbers["effectiveness"][place] = _UNKNOWN if score is None else -score

    def drop(self, project_id: str) -> None:
        """Forget a project."""
        place = self._place.pop(project_id, None)
        if place is not None:
            self.shelves[self._shelf[place]].discard(place)
            self._gone.add(place)

    def put_in_order(self) -> None:
        """Put words and titles in order once, so that nobody's question waits for it."""
        self._settle()
        self._rank_all()

    def due(self) -> bool:
        """Whether so many places are given up that an index made anew would be smaller and faster."""
        return len(self._gone) > _SWEEP + len(self._place)

    def _make_room(self, place: int) -> None:
        size = len(self._rank)
        if place < size:
            return
        more = max(2 * size, place + 1) - size
        self._numbers = {name: np.concatenate((a, np.zeros(more, a.dtype))) for name, a in self._numbers.items()}
        self._rank = np.concatenate((self._rank, np.zeros(more, self._rank.dtype)))

    # --- who, and which words

    def on(self, shelves: Iterable[Shelf]) -> BitMap:
        """The projects of these shelves."""
        found = [self.shelves[shelf] for shelf in shelves if shelf in self.shelves]
        return BitMap.union(*found) if found else BitMap()

    def at(self, project_id: str) -> int | None:
        """A project's place."""
        return self._place.get(project_id)

    def having(self, run: tuple[str, bool], titles: bool = False) -> BitMap:
        """The projects with a word, or one that begins with it; with each pair of a run without blanks."""
        text, unbroken = run
        known = self._titles if titles else self.words
        if not unbroken:
            return self._beginning(text, known)
        if len(text) == 1:
            return self._beginning(text, known, always=True)
        return BitMap.intersection(*(known.get(pair, BitMap()) for pair in folding.pairs(text)))

    def _beginning(self, text: str, known: Mapping[str, BitMap], always: bool = False) -> BitMap:
        if len(text) < _UNFINISHED and not always:
            return known.get(text, BitMap())
        found = [known[word] for word in self.beginning(text) if word in known]
        return BitMap.union(*found) if found else BitMap()

    def beginning(self, text: str) -> Iterator[str]:
        """The words that begin with a text, in order."""
        self._settle()
        for n in range(bisect_left(self._vocabulary, text), len(self._vocabulary)):
            word = self._vocabulary[n]
            if not word.startswith(text):
                return
            yield word

    def of_length(self, length: int) -> Sequence[str]:
        """The words of so many letters."""
        self._settle()
        return self._by_length.get(length, ())

    def ending(self, character: str) -> Iterable[str]:
        """The pairs whose second character is this."""
        self._settle()
        return self._by_second.get(character, ())

    def _settle(self) -> None:
        """Take words that are new into the sorted vocabulary."""
        if not self._fresh:
            return
        for word in self._fresh:
            if word.isalpha():  # numbers are nobody's slip
                self._by_length.setdefault(len(word), []).append(word)
            if len(word) == 2:
                self._by_second.setdefault(word[1], set()).add(word)
        self._vocabulary += self._fresh
        self._vocabulary.sort()  # of two sorted runs: one merge
        self._fresh.clear()

    # --- results

    def chosen(self, facet: str, values: Iterable[str]) -> BitMap:
        """The projects with any of these values."""
        known = self.facets[facet]
        found = [known[value] for value in values if value in known]
        return BitMap.union(*found) if found else BitMap()

    def counts(self, facet: str, of: BitMap, keep: Sequence[str] = ()) -> list[tuple[str, int]]:
        """How many of these projects have each value; values that none has are left out, but for those to ``keep``."""
        found = [(value, known.intersection_cardinality(of)) for value, known in self.facets[facet].items()]
        known = self.facets[facet]
        return [(v, n) for v, n in found if n or v in keep] + [(v, 0) for v in keep if v not in known]

    def several(self, facet: str, of: BitMap) -> int:
        """How many values of a facet these projects have."""
        return sum(known.intersect(of) for value, known in self.facets[facet].items() if value != NONE)

    def dollars(self, of: BitMap) -> int:
        """The known budgets of these projects together, in cents of USD."""
        cents = self._numbers["budget"][_places(of)]
        return -int(cents[cents != _UNKNOWN].sum())

    def page(self, of: BitMap, sort: Sort, offset: int, limit: int) -> list[str]:
        """Identifiers of these projects in an order, so many from one place on; what is unknown comes last."""
        if offset >= len(of):
            return []
        changed, seq = self._numbers["changed"], -self._numbers["seq"]
        first: list[Any] = []
        if sort == "title":
            self._rank_all()
            first = [self._rank]
        elif sort in {"budget", "effectiveness"}:
            first = [self._numbers[sort]]
        keys = [*first, changed, seq]
        some = _least(_places(of), keys, min(offset + limit, len(of)))
        ordered = some[np.lexsort([key[some] for key in reversed(keys)])]
        return [self.ids[place] for place in ordered[offset : offset + limit].tolist()]

    def _rank_all(self) -> None:
        if self._ranked is not None:
            return
        places = sorted(self._place.values(), key=self._title.__getitem__)
        self._rank[places] = np.arange(len(places), dtype=np.float64)
        self._ranked = [(self._title[place], float(n)) for n, place in enumerate(places)]

    def _rank_one(self, place: int) -> None:
        """Between its neighbours; of titles that share one rank the order is that of the change."""
        assert self._ranked is not None
        title = self._title[place]
        n = bisect_left(self._ranked, (title, float("-inf")))
        below = self._ranked[n - 1][1] if n else (self._ranked[0][1] - 2 if self._ranked else 0.0)
        above = self._ranked[n][1] if n < len(self._ranked) else below + 2
        self._rank[place] = rank = (below + above) / 2
        self._ranked.insert(n, (title, rank))


def _places(of: BitMap) -> Any:
    return np.frombuffer(of.to_array(), dtype=np.uint32) if of else np.zeros(0, np.uint32)


def _least(places: Any, keys: Sequence[Any], n: int) -> Any:
    """The n places that come first by these keys, in no order; only ties look at the next key."""
    if len(places) <= n or not keys:
        return places[:n]
    key = keys[0][places]
    last = np.partition(key, n - 1)[n - 1]
    before = places[key < last]
    return np.concatenate((before, _least(places[key == last], keys[1:], n - len(before))))

"""Search in this process: an index of all projects, brought up to date at every question, counted for whoever asks.

Before a question is answered the index is brought to the newest committed state, so that whoever has written is found,
and lists and counts are of one moment. Who may read what is asked of the database, as the reader, by class and entity;
the rows that are shown come from the database too, under its policies (ADR 0083).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pyroaring import BitMap

from portal_gateway import places
from portal_gateway.domain.search import facets, folding, matching
from portal_gateway.domain.search.index import Counts, Entry, Index, Shelf
from portal_gateway.domain.search.matching import Match
from portal_gateway.domain.search.wish import FACETS, NONE, Wish
from portal_gateway.domain.speech.language import LANGUAGES, _
from portal_gateway.domain.view import narrative
from portal_gateway.store import search as store
from runtime.access import SYSTEM, Principal
from runtime.db import TRANSIENT, Database
from runtime.http import Problem

log = logging.getLogger(__name__)

_LOOK: Final = 1.0  # seconds between looks while nobody asks
_BATCH: Final = 200  # projects read at once, so that nobody waits long behind it
_PATIENCE: Final = 20.0  # seconds a question waits for the first reading
_READERS: Final = 500  # kinds of readers whose shelves are remembered
_NEAR: Final = 4


@dataclass(frozen=True, slots=True)
class Near:
    """A wish close to one that found nothing, with how many projects it finds. ``part`` says what it leaves out:
    a facet's name, ``words``, ``ids``, ``other-words`` (all but ``word``) or ``all``."""

    part: str
    wish: Wish
    total: int
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``ids`` are one page of the projects, ``total`` counts all of them; ``dollars`` are their known budgets in cents
    of USD, ``entities`` and ``countries`` how many of each they have. ``searched`` is what was searched for where a
    slip was forgiven, ``missing`` the identifiers that nothing was found for, ``near`` what to ask instead where
    nothing was found."""

    total: int
    ids: list[str]
    facets: Counts
    dollars: int
    entities: int
    countries: int
    searched: str | None
    missing: tuple[str, ...]
    near: tuple[Near, ...]


class Search:
    """The index of this process and the questions to it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index: Index | None = None
        self._seen = 0
        self._year = 0
        self._lock = asyncio.Lock()
        self._loaded = asyncio.Event()
        self._may: dict[tuple[str, str, str], dict[Shelf, bool]] = {}

    async def run(self) -> None:
        """Read all projects, then follow what changes for ever; a fault of the moment is waited out."""
        while True:
            try:
                if self._index is None or self._index.due() or self._year != self._database.clock().year:
                    await self._read_all()
                await self._follow()
            except TRANSIENT as error:
                log.warning("projects cannot be read into the index now: %r", error)
            await asyncio.sleep(_LOOK)

    async def find(
        self, principal: Principal, wish: Wish, *, offset: int = 0, limit: int = 0, counted: bool = True
    ) -> Found:
        """One page of what a wish finds for this reader; with ``counted`` the facets, else none."""
        index, visible = await self._for(principal)
        asked = _Asked(index, visible, wish)
        return Found(
            total=len(asked.result),
            ids=asked.page(offset, limit) if limit else [],
            facets=asked.counts() if counted else {},
            dollars=index.dollars(asked.result) if counted else 0,
            entities=index.several("entity", asked.result) if counted else 0,
            countries=index.several("country", asked.result) if counted else 0,
            searched=asked.match.searched if asked.match else None,
            missing=asked.missing,
            near=asked.near() if not asked.result and wish.narrowed else (),
        )

    async def by_country(self, principal: Principal, wish: Wish) -> list[tuple[str, int]]:
        """How many of a wish's projects are in each country (ISO 3166-1 alpha-2), the most first."""
        index, visible = await self._for(principal)
        found = index.counts("country", _Asked(index, visible, wish).result)
        return sorted(((code, n) for code, n in found if code != NONE), key=lambda row: (-row[1], row[0]))

    # --- who may read what

    async def _for(self, principal: Principal) -> tuple[Index, BitMap]:
        """The index, up to date, and the projects that this reader may read."""
        await self._fresh()
        key = (principal.role, principal.organisation, principal.country)
        may = self._may.setdefault(key, {})
        assert self._index is not None
        if unknown := [shelf for shelf in self._index.shelves if shelf not in may]:
            async with self._database.transaction(principal) as tx:
                may.update(zip(unknown, await store.readable(tx.conn, unknown), strict=True))
        if len(self._may) > _READERS:
            self._may.pop(next(iter(self._may)))
        index = self._index
        return index, index.on(shelf for shelf in index.shelves if may.get(shelf, False))

    # --- what is kept

    async def _fresh(self) -> None:
        try:
            await asyncio.wait_for(self._loaded.wait(), _PATIENCE)
        except TimeoutError:
            raise Problem(
                503,
                "search-unavailable",
                _("Projects are still being read"),
                _("Nothing is lost. Try again in a moment."),
                headers={"Retry-After": "5"},
            ) from None
        await self._follow()

    async def _follow(self) -> None:
        """Bring the index to what is committed now."""
        async with self._database.transaction(SYSTEM) as tx:
            newest = await store.newest(tx.conn)
        if newest <= self._seen:
            return
        async with self._lock:
            assert self._index is not None
            if newest > self._seen:
                await self._catch_up(self._index, self._seen)
                self._seen = newest

    async def _catch_up(self, index: Index, seen: int) -> None:
        async with self._database.transaction(SYSTEM) as tx:
            ids = await store.touched(tx.conn, seen, facets.OWN)
        await self._load(index, ids)

    async def _read_all(self) -> None:
        """Make the index anew beside the one that is used."""
        index, self._year = Index(), self._database.clock().year
        async with self._database.transaction(SYSTEM) as tx:
            seen = await store.newest(tx.conn)
            ids = await store.everything(tx.conn)
        await self._load(index, ids)
        async with self._lock:
            async with self._database.transaction(SYSTEM) as tx:
                newest = await store.newest(tx.conn)
            await self._catch_up(index, seen)
            index.put_in_order()
            self._index, self._seen = index, newest
            self._loaded.set()

    async def _load(self, index: Index, ids: Sequence[str]) -> None:
        """Read projects into an index as they stand, whatever it was that changed."""
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            async with self._database.transaction(SYSTEM) as tx:
                standing = await store.standing(tx.conn, part)
                moved = [project_id for project_id, seq in standing.items() if index.seq(project_id) != seq]
                states = await store.states(tx.conn, moved)
                figures = await store.own_figures(tx.conn, list(standing), facets.OWN)
            for project_id in set(part) - standing.keys() | set(moved) - {row["project_id"] for row in states}:
                index.drop(project_id)
            for row in states:
                index.put(_entry(row, self._year))
            own: dict[str, dict[str, dict[str, Any]]] = {}
            for figure in figures:
                own.setdefault(figure["project_id"], {})[figure["metric"]] = figure
            for project_id in standing:
                if index.at(project_id) is None:
                    continue
                shelf = index.shelf(project_id)
                told = {
                    metric: figure
                    for metric, figure in own.get(project_id, {}).items()
                    if facets.tellable(figure["classification"], figure["owner"], shelf)
                }
                index.tell(project_id, facets.of_figures(told), facets.budget(told), facets.effectiveness(told))
            await asyncio.sleep(0)


class _Asked:
    """One wish of one reader, worked out over the index as it stands at this moment."""

    def __init__(self, index: Index, visible: BitMap, wish: Wish) -> None:
        self._index, self._wish, self._visible = index, wish, visible
        self.match: Match | None = None
        self.missing: tuple[str, ...] = ()
        self._base = visible
        if wish.q:
            self.match = matching.match(index, wish.q, visible, as_written=wish.as_written)
            self._base = self._base & self.match.found
        if wish.ids:
            named, self.missing = self._named(wish.ids)
            self._base = self._base & named
        self._filters = {name: index.chosen(name, values) for name, values in wish.chosen}
        self.result = self._narrowed()

    def page(self, offset: int, limit: int) -> list[str]:
        """Identifiers in the wish's order."""
        if self._wish.order != "closest" or self.match is None:
            sort = self._wish.order if self._wish.order != "closest" else "changed"
            return self._index.page(self.result, sort, offset, limit)
        found: list[str] = []
        for tier in self.match.tiers:
            part = tier & self.result
            found += self._index.page(part, "changed", offset, limit - len(found)) if len(found) < limit else []
            offset = max(0, offset - len(part))
        return found

    def counts(self) -> Counts:
        """Each facet's counts, as they are without its own filter."""
        return {
            name: self._index.counts(
                name, self._narrowed(but=name) if name in self._filters else self.result, self._wish.of(name)
            )
            for name in FACETS
        }

    def near(self) -> tuple[Near, ...]:
        """Wishes that find something and ask for less: without one filter, without the words, one word alone."""
        wish = self._wish
        found = [Near(name, wish.changed(**{name: ()}), len(self._narrowed(but=name))) for name in self._filters]
        for part in ("q", "ids"):
            if getattr(wish, part) and (wish.chosen or (wish.q and wish.ids)):
                less = wish.changed(**{part: "" if part == "q" else ()})
                found.append(
                    Near("words" if part == "q" else part, less, len(_Asked(self._index, self._visible, less).result))
                )
        for word, n in self.match.single if self.match else ():
            found.append(Near("other-words", Wish(q=word), n, word))
        found = sorted((near for near in found if near.total), key=lambda near: -near.total)[:_NEAR]
        return tuple(found) or ((Near("all", Wish(), len(self._visible)),) if self._visible else ())

    def _narrowed(self, but: str = "") -> BitMap:
        found = self._base
        for name, chosen in self._filters.items():
            if name != but:
                found = found & chosen
        return found

    def _named(self, pieces: Sequence[str]) -> tuple[BitMap, tuple[str, ...]]:
        """The projects of these identifiers that the reader may read, and the pieces that name none."""
        found, missing = BitMap(), []
        for piece in pieces:
            whole = self._index.at(piece)
            for name in [piece] if whole is not None and whole in self._visible else piece.split():
                place = self._index.at(name)
                if place is not None and place in self._visible:
                    found.add(place)
                else:
                    missing.append(name)
        return found, tuple(dict.fromkeys(missing))


def _entry(row: dict[str, Any], this_year: int) -> Entry:
    title = row["title"] or {}
    words = folding.tokens(row["words"])
    for allocation in row["allocations"] or ():
        if allocation["dim"] in {"COUNTRY", "REGION"}:
            words |= _place_words(allocation["code"])
    return Entry(
        project_id=row["project_id"],
        seq=row["seq"],
        shelf=(row["classification"], row["entity"]),
        title=folding.plain(narrative(title, "en", row["project_id"])[0]),
        words=words,
        title_words=folding.tokens("\n".join(title.values())),
        changed=row["changed"],
        values=facets.of_project(row, this_year),
    )


@cache
def _place_words(code: str) -> frozenset[str]:
    """The words by which a country or region is called in any of the six languages."""
    return frozenset(token for language in LANGUAGES for token in folding.tokens(places.names(language).get(code, "")))

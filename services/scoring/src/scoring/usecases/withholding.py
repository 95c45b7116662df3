"""What a reader beyond a total's class is told in its place: that it is withheld and why (ADR 0079)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from runtime.access import SYSTEM, Principal, may_read
from runtime.db import Database
from scoring import store
from scoring.domain.families import FAMILIES
from scoring.domain.figures import readers
from scoring.domain.state import ProjectState
from scoring.domain.suppression import COMPLEMENTARY, SMALL_CELL, Standing, small
from scoring.scopes import own_scope
from scoring.usecases import reading

REPLAYED: Final = "replayed"
WORDS: Final = {
    SMALL_CELL: "Withheld: fewer than three projects or two entities",
    COMPLEMENTARY: "Withheld so that another figure cannot be worked out",
    REPLAYED: "Withheld: a total as of another day is not held against its siblings, which might give a small one away",
}
"""Why, in words, by the reasons of ``metric.updated.v1``."""

WHOLE: Final = "global"
"""The one total that is made again for everybody: it has no siblings."""


class Withheld(Exception):
    """A total is kept from this reader; ``why`` is one of ``WORDS``, None where not even that may be told."""

    def __init__(self, why: str | None) -> None:
        self.why = why
        super().__init__(why)


def public_only(caller: Principal, scope: str) -> bool:
    """Whether the caller may read this scope's totals only where they are public."""
    if own_scope(scope) is not None:
        return False
    _, owner = readers(scope, 0, 0, 0)
    return not may_read(caller, "compact", owner)


async def reason(database: Database, metric: str, scope: str) -> str | None:
    """Why a total is withheld now, as anybody may be told; None where it is not, or nobody is told."""
    found = await _as_it_is(database, metric, scope)
    return found["withheld"] if found is not None else None


async def in_its_place(database: Database, metric: str, scope: str) -> dict[str, Any] | None:
    """What is told of a total that is withheld: nothing that would change with it."""
    found = await _as_it_is(database, metric, scope)
    if found is None or not found["withheld"]:
        return None
    same = {name: found[name] for name in ("metric", "scope", "unit", "withheld", "method_version")}
    numbers = {"value": None, "lower": None, "upper": None, "coverage": {"observed": 0, "expected": 0}, "projects": 0}
    return same | numbers | {"state": "INSUFFICIENT_DATA", "flags": [], "parts": {}, "why": WORDS[found["withheld"]]}


async def _as_it_is(database: Database, metric: str, scope: str) -> dict[str, Any] | None:
    if own_scope(scope) is not None:
        return None
    async with database.transaction(SYSTEM) as tx:
        return await reading.figure(tx, metric, scope)


async def look(database: Database, caller: Principal, metric: str, scope: str, known: int) -> None:
    """Raises Withheld where what was told last by an instant is not for this caller, whatever was told before it."""
    async with database.transaction(SYSTEM) as tx:
        last = await store.revision_at(tx.conn, metric, scope, known)
    if last is not None and not may_read(caller, last.classification, last.owner):
        raise Withheld(last.withheld)


async def kept_from(
    database: Database, caller: Principal, metric: str, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str | None]:
    """``look`` for many scopes and instants: those that are not for this caller, each with its reason."""
    if not wanted:
        return {}
    async with database.transaction(SYSTEM) as tx:
        last = await store.revisions_at(tx.conn, metric, wanted)
    return {
        key: revision.withheld
        for key, revision in last.items()
        if not may_read(caller, revision.classification, revision.owner)
    }


def keep_back(metric: str, scope: str, states: Sequence[ProjectState]) -> None:
    """Raises Withheld for a total made again of these projects, where it is small."""
    members = [
        state
        for state in states
        if state.contribution is not None
        and scope in state.contribution.shares
        and (metric not in FAMILIES or metric in state.assessed.open().terms)
    ]
    standing = Standing(len(members), 0, len({state.last_entity for state in members}))
    if members and small(scope, standing):
        raise Withheld(SMALL_CELL)

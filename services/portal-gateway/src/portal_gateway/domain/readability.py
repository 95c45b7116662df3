"""How much of an entity's reporting can be used, what keeps the rest, which remedy brings most (methodology §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.speech.numbers import MICRO

SETTLES: Final[Mapping[tuple[str, str], str]] = {("direction", "from-values"): "DIRECTION_CONFLICT"}
"""Readings, by name and value, that make a reason of intake's no obstacle: it reads files as they stand."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One reason taken away, after those before it: what it makes usable, and the share usable then, in µ."""

    reason: str
    concerned: int
    makes: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Readability:
    """An entity's indicators: how many can be scored, and the remedies in the order that brings most first.

    ``settled`` are reasons that an adopted reading has answered.
    """

    indicators: int
    usable: int
    remedies: tuple[Remedy, ...]
    settled: tuple[str, ...] = ()

    @property
    def share(self) -> int:
        """The usable share in µ, cut."""
        return _share(self.usable, self.indicators)

    @property
    def pieces(self) -> dict[str, int]:
        """The whole, in pieces that do not overlap: what is usable, then what each remedy makes so."""
        return {"usable": self.usable} | {remedy.reason: remedy.makes for remedy in self.remedies if remedy.makes}


def readability(quality: Mapping[str, Any], standing: Mapping[str, Any]) -> Readability:
    """Order the remedies of intake's counts: each time the one that makes most indicators usable beside those before.

    An indicator is usable once every reason that holds for it is gone, so one remedy alone may bring nothing; then the
    one that concerns most comes next. ``standing`` are the readings the entity has adopted.
    """
    whole = int(quality["indicators"])
    done = {reason for (name, value), reason in SETTLES.items() if standing.get(name) == value}
    settled = tuple(sorted(done & set(quality["reasons"])))
    open_ = {frozenset(reasons.split()) - done: 0 for reasons in quality["together"]}
    for reasons, count in quality["together"].items():
        open_[frozenset(reasons.split()) - done] += count
    usable = int(quality["scorable"]) + open_.pop(frozenset(), 0)
    found: list[Remedy] = []
    reached = usable
    while open_:
        named = {reason for reasons in open_ for reason in reasons}
        concerned = {r: sum(count for reasons, count in open_.items() if r in reasons) for r in named}
        reason = min(named, key=lambda r: (-open_.get(frozenset([r]), 0), -concerned[r], r))
        rest: dict[frozenset[str], int] = {}
        for reasons, count in open_.items():
            rest[reasons - {reason}] = rest.get(reasons - {reason}, 0) + count
        makes = rest.pop(frozenset(), 0)
        before, after = _share(reached, whole), _share(reached + makes, whole)
        found.append(Remedy(reason, quality["reasons"].get(reason, concerned[reason]), makes, before, after))
        reached, open_ = reached + makes, rest
    return Readability(whole, usable, tuple(found), settled)


def _share(part: int, whole: int) -> int:
    return part * MICRO // whole if whole else 0

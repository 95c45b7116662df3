"""Which totals are kept from the public, so that no small one can be read, or worked out from the others (§0.6).

A cell with fewer than three projects or two entities is small. Hiding it alone is not enough where its siblings and
their total are shown, so others are hidden beside it, until nothing hidden follows from what is shown (ADR 0079).
Whatever is decided follows from who is in which cell now, and from nothing else: no order, no history, no chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from scoring.domain.allocation import DIRECT, PILLARLESS, UNALLOCATED
from scoring.domain.cells import INTERNAL
from scoring.domain.figures import SMALL
from scoring.domain.places import Regions

FEW_ENTITIES: Final = 2
"""Entities below which a cell is small; ``SMALL`` is the like for projects [POLICY, §0.6, §6.8]."""

SMALL_CELL: Final = "small-cell"
COMPLEMENTARY: Final = "complementary"
"""Why a total is withheld, as ``metric.updated.v1`` tells it."""

OWN: Final = ("entity:", "entity-pillar:")
"""What an entity publishes of its own work: nobody else could be singled out in it."""

_WORLD: Final = "global"
_PRIME: Final = 2**61 - 1


class Standing(NamedTuple):
    """Who is in a cell: projects, those of them not public, entities, and shares in ppm."""

    projects: int = 0
    restricted: int = 0
    entities: int = 0
    ppm: int = 0


class Sum(NamedTuple):
    """A total and its parts; what has no theme is in none of them, and taken to be known."""

    whole: str
    parts: tuple[str, ...]


def small(scope: str, standing: Standing) -> bool:
    """Whether too few stand in a cell for its total to be public, or to follow from what is."""
    if standing.restricted and standing.projects < SMALL:  # ADR 0034, of whatever scope
        return True
    if scope.startswith((*OWN, *INTERNAL)):
        return False
    return standing.projects < SMALL or standing.entities < FEW_ENTITIES


def sums_of(scopes: Iterable[str], regions: Regions) -> list[Sum]:
    """How the cells add up: places to regions and the world, pillars by country and by entity, themes, entities."""
    parts: dict[str, dict[str, list[str]]] = {}
    for scope in scopes:
        for whole, dimension in _wholes(scope, regions):
            parts.setdefault(whole, {}).setdefault(dimension, []).append(scope)
    return [
        Sum(whole, tuple(sorted(found)))
        for whole, dimensions in sorted(parts.items())
        for _, found in sorted(dimensions.items())
    ]


def _wholes(scope: str, regions: Regions) -> Sequence[tuple[str, str]]:
    """The totals a cell is a part of, each with the dimension it is a part along."""
    kind, _, rest = scope.partition(":")
    first, _, last = rest.rpartition("|")
    match kind:
        case "country":
            return ((_region(regions.of_country(rest)), "place"),)
        case "region":
            return ((_region((regions.of_region(rest) or ())[1:]), "place"),)
        case "pillar" | "theme" | "entity":
            return ((_WORLD, kind),)
        case "pillar-country":
            return (f"pillar:{first}", "place"), (f"country:{last}", "pillar")
        case "entity-pillar":
            return (f"entity:{first}", "pillar"), (f"pillar:{last}", "entity")
        case "region-direct":
            return ((_region(regions.of_region(rest) or ()), "place"),)
        case "inside":
            return (_pillar(first), "place"), (_place(last), "pillar")
        case "pillarless":
            return ((f"entity:{rest}", "pillar"), (PILLARLESS, "entity")) if rest else ((_WORLD, "pillar"),)
    return ((_WORLD, "place"),) if scope == UNALLOCATED else ()


def _pillar(code: str) -> str:
    return f"pillar:{code}" if code else PILLARLESS


def _place(code: str) -> str:
    if code.startswith("@"):
        return f"{DIRECT}{code[1:]}"
    return f"country:{code}" if code else UNALLOCATED


def _region(around: Sequence[str]) -> str:
    return f"region:{around[0]}" if around else _WORLD


def withheld(standings: Mapping[str, Standing], regions: Regions) -> dict[str, str]:
    """The cells whose totals are kept from the public, and why; ``standings`` are of one metric."""
    there = {scope: standing for scope, standing in standings.items() if standing.projects}
    # An entity's own scope says no more of why than that of another that protects one.
    hidden = {
        scope: COMPLEMENTARY if scope.startswith(OWN) else SMALL_CELL
        for scope, standing in there.items()
        if small(scope, standing)
    }
    if not hidden:
        return hidden
    sums = [one for one in sums_of(there, regions) if one.whole in there]
    unseen = {scope for scope in there if scope.startswith(INTERNAL)}
    while beside := _one_by_one(sums, there, hidden, unseen) or _of_several(sums, there, hidden, unseen):
        hidden |= dict.fromkeys(beside, COMPLEMENTARY)
    return hidden


def _one_by_one(
    sums: Sequence[Sum], there: Mapping[str, Standing], hidden: Mapping[str, str], unseen: Collection[str]
) -> list[str]:
    """What to hide beside the cells that alone are hidden in a sum."""
    found: dict[str, None] = {}
    for one in sums:
        gone = [scope for scope in (one.whole, *one.parts) if scope in hidden or scope in unseen or scope in found]
        other = _least(one, there, (*hidden, *found)) if len(gone) == 1 and gone[0] in hidden else None
        if other is not None:
            found[other] = None
    return list(found)


def _of_several(
    sums: Sequence[Sum], there: Mapping[str, Standing], hidden: Mapping[str, str], unseen: Collection[str]
) -> list[str]:
    """What to hide for the first cell that follows from several sums together: as near to it as there is any."""
    gone = {*hidden, *unseen}
    for scope in sorted(determined(sums, gone) & hidden.keys()):
        reached, rest = {scope}, list(sums)
        while near := [one for one in rest if not reached.isdisjoint((one.whole, *one.parts))]:
            for one in near:
                other = _least(one, there, hidden)
                if other is not None:
                    return [other]
            rest = [one for one in rest if one not in near]
            reached |= {cell for one in near for cell in (one.whole, *one.parts) if cell in gone}
    return []


def _least(one: Sum, there: Mapping[str, Standing], hidden: Collection[str]) -> str | None:
    """The smallest part that is still shown, ties by code; where there is none, the whole."""
    shown = [scope for scope in one.parts if scope not in hidden and not scope.startswith(INTERNAL)]
    if shown:
        return min(shown, key=lambda scope: (there[scope].ppm, scope))
    return None if one.whole in hidden or one.whole.startswith(INTERNAL) else one.whole


def determined(sums: Iterable[Sum], hidden: Iterable[str]) -> set[str]:
    """Those of the hidden that have one value only, given all the sums and everything that is shown.

    A cell is free where some way of filling the hidden cells, with every sum of them nought, does not leave it
    nought. The free unknowns of the linear system are given values that are as good as drawn by lot, modulo a prime,
    and the others follow: what comes to nought then does so always.
    """
    gone = set(hidden)
    solved: list[tuple[str, dict[str, int]]] = []  # an unknown, and by how much of each other one it is made up
    by_name: dict[str, dict[str, int]] = {}
    for one in sums:
        row = {scope: 1 for scope in one.parts if scope in gone}
        if one.whole in gone:
            row[one.whole] = _PRIME - 1
        while (known := next((scope for scope in row if scope in by_name), None)) is not None:
            factor = row.pop(known)
            for scope, n in by_name[known].items():
                value = (row.get(scope, 0) + factor * n) % _PRIME
                if value:
                    row[scope] = value
                else:
                    row.pop(scope, None)
        if row:
            pivot = min(row)
            divisor = pow(_PRIME - row.pop(pivot), -1, _PRIME)
            by_name[pivot] = {scope: n * divisor % _PRIME for scope, n in row.items()}
            solved.append((pivot, by_name[pivot]))
    values = {scope: _lot(scope) for scope in gone if scope not in by_name}
    for scope, made_of in reversed(solved):
        values[scope] = sum(n * values[other] for other, n in made_of.items()) % _PRIME
    return {scope for scope, value in values.items() if not value}


def _lot(scope: str) -> int:
    """A number as good as drawn by lot, and the same every time."""
    return int.from_bytes(hashlib.blake2b(scope.encode(), digest_size=8).digest(), "big") % _PRIME or 1

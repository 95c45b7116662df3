"""Where a project works and what for: countries, regions, pillars and DAC purposes with their percentages."""

from __future__ import annotations

from typing import NamedTuple

from plumbline.generate.draw import Draw
from plumbline.generate.vocabulary import Country, Entity, Pillar, Theme, Vocabulary

_TWO = (("60", "40"), ("70", "30"), ("50", "50"), ("80", "20"), ("62.5", "37.5"))
_THREE = (("33.3", "33.3", "33.3"), ("40", "35", "25"), ("50", "30", "20"), ("33.3", "33.3", "33.3"))
"""Thirds as publishers round them add up to 99.9, and are read all the same (methodology §0.6)."""
_MANY = {1: (("100",),), 2: _TWO, 3: _THREE, 4: (("25", "25", "25", "25"),), 5: (("20", "20", "20", "20", "20"),)}


class Place(NamedTuple):
    """Recipients of a project; ``scope`` is IATI ActivityScope, ``name`` what a title calls the place."""

    countries: list[tuple[Country, str]]
    region: tuple[str, str, str, str] | None
    scope: int
    name: str


def percentages(draw: Draw, count: int) -> tuple[str, ...]:
    """Percentages for one to five parts, as publishers write them."""
    return draw.pick(_MANY[count])


def place(draw: Draw, words: Vocabulary) -> Place:
    """One country mostly; else a few of one region, a region, a region beside a country, or the world."""
    country, kind = draw.weighted(words.countries), draw.random()
    if kind < 0.68:
        return Place([(country, "100")], None, 4, country.name)
    if kind < 0.86:
        return several(draw, words, country, draw.pick((2, 2, 2, 3, 3, 4, 5)))
    if kind < 0.93:
        return Place([], ("2", country.region, country.region_name, "100"), 2, country.region_name)
    if kind < 0.96:
        own, rest = draw.pick(_TWO)
        region = ("2", country.region, country.region_name, rest)
        return Place([(country, own)], region, 2, f"{country.name} and {country.region_name}")
    # IATI wants a recipient on every activity; this DAC region is how publishers say "no place in particular".
    return Place([], ("1", "998", "Developing countries, unspecified", "100"), 1, "several regions")


def several(draw: Draw, words: Vocabulary, first: Country, count: int) -> Place:
    """A country and its neighbours, as many as there are."""
    others = [c for c in words.neighbours[first.region] if c is not first]
    chosen = [first]
    while others and len(chosen) < count:
        chosen.append(others.pop(draw.whole(0, len(others) - 1)))
    if len(chosen) == 1:
        return Place([(first, "100")], None, 4, first.name)
    shares = percentages(draw, len(chosen))
    named = (
        f"{first.name} and {chosen[1].name}" if len(chosen) == 2 else f"{len(chosen)} countries of {first.region_name}"
    )
    return Place(list(zip(chosen, shares, strict=True)), None, 3, named)


def pillars(draw: Draw, entity: Entity) -> list[tuple[Pillar, str]]:
    """The pillars a project serves, by its entity's leaning: one mostly, two or three at times."""
    count = draw.pick((1, 1, 1, 1, 1, 1, 2, 2, 2, 3))
    chosen: list[Pillar] = []
    for _ in range(count):
        pillar = draw.weighted(entity.leaning)
        if pillar not in chosen:
            chosen.append(pillar)
    return list(zip(chosen, percentages(draw, len(chosen)), strict=True))


def purposes(draw: Draw, words: Vocabulary, theme: Theme, served: list[tuple[Pillar, str]]) -> list[tuple[str, str]]:
    """DAC purposes that lead the crosswalk to the same pillars, in the same shares.

    A project of one pillar may split its share between two purposes of its theme.
    """
    if len(served) == 1:
        if len(theme.purposes) == 1 or draw.chance(0.5):
            return [(theme.purposes[0], "100")]
        chosen = list(theme.purposes[:2])
        return list(zip(chosen, percentages(draw, 2), strict=True))
    codes = [theme.purposes[0], *(draw.pick(words.themes[pillar]).purposes[0] for pillar, _ in served[1:])]
    return [(code, share) for code, (_, share) in zip(codes, served, strict=True)]

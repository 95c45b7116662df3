"""Who a project counts for, and with how much: shares in ppm and in cents (methodology §0.6).

Nothing is spread: what has no country stays unallocated, a region's own share stays the region's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scoring.domain.crosswalk import CROSSWALK
from scoring.domain.method import Method
from scoring.domain.parameters import MICRO, PILLARS
from scoring.domain.places import Regions
from scoring.domain.readings import DEFAULT_PILLAR, PILLAR_INFERRED, PLAIN, Readings
from scoring.domain.state import About, Money, Share

UNALLOCATED = "unallocated"
"""The cell of what names no place (GLOBAL_UNALLOCATED); region-direct:… is its like for one region."""

DIRECT = "region-direct:"

INSIDE = "inside:"
"""A pillar, or none, in a place, or none, where it is no pillar in a country."""

PILLARLESS = "pillarless"
"""What has no pillar; with a colon and its reference, that of one entity."""


class AllocationError(ValueError):
    """The shares cannot be meant; ``code`` is PERCENT_SUM or PERCENTAGE_REQUIRED."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def largest_remainder(total: int, weights: Sequence[int], codes: Sequence[str]) -> list[int]:
    """Divide an integer in proportion, to the last unit; equal remainders go by code, ascending.

    A negative total is divided as its opposite is. Without any weight nothing can be given.
    """
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    sign, size = (-1, -total) if total < 0 else (1, total)
    shares, rests = [], []
    for position, weight in enumerate(weights):
        share, rest = divmod(size * weight, whole)
        shares.append(share)
        rests.append((-rest, codes[position], position))
    for _, _, position in sorted(rests)[: size - sum(shares)]:
        shares[position] += 1
    return shares if sign > 0 else [-share for share in shares]


def normalise(percentages: Sequence[tuple[str, int | None]]) -> tuple[dict[str, int], bool]:
    """Percentages in ppm brought to exactly one million, and whether that moved anything.

    Half a point is normalised; more raises AllocationError, as does a missing one among several.
    """
    if len(percentages) == 1 and percentages[0][1] is None:
        return {percentages[0][0]: MICRO}, False
    if any(ppm is None for _, ppm in percentages):
        raise AllocationError("PERCENTAGE_REQUIRED", "Where several are named, each needs its percentage")
    codes = [code for code, _ in percentages]
    weights = [ppm or 0 for _, ppm in percentages]
    total = sum(weights)
    if abs(total - MICRO) > 5_000:
        raise AllocationError("PERCENT_SUM", f"Percentages sum to {total / 10_000:g}, not to 100")
    return dict(zip(codes, largest_remainder(MICRO, weights, codes), strict=True)), total != MICRO


def joint(places: dict[str, int], pillars: dict[str, int]) -> dict[tuple[str, str], int]:
    """Shares in ppm over place × pillar, taking the two as independent (§0.6)."""
    keys = [(place, pillar) for place in places for pillar in pillars]
    weights = [places[place] * pillars[pillar] for place, pillar in keys]
    return dict(zip(keys, largest_remainder(MICRO, weights, _codes(keys)), strict=True))


def divide(total: int, shares: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Divide an amount by joint shares, to the last cent."""
    keys = list(shares)
    return dict(zip(keys, largest_remainder(total, list(shares.values()), _codes(keys)), strict=True))


def _codes(keys: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{place}|{pillar}" for place, pillar in keys]


def _filled(shares: dict[str, int], rest: str = "") -> dict[str, int]:
    """Shares that sum to one million: too much is brought down, too little is left without a code."""
    total = sum(shares.values())
    if total > MICRO:
        codes = sorted(shares)
        return dict(zip(codes, largest_remainder(MICRO, [shares[c] for c in codes], codes), strict=True))
    return {**shares, rest: MICRO - total} if total < MICRO else shares


def places_of(about: About) -> dict[str, int]:
    """Share by place: a country's code, ``@`` and a region's code, or '' for none.

    Countries and regions share one hundred per cent between them; a region that comes on top of it describes
    the countries and gets nothing (IATI: region only in addition to country).
    """
    countries = _dimension(about, "COUNTRY")
    regions = {f"@{code}": ppm for code, ppm in _dimension(about, "REGION").items() if code != "998"}
    if sum(countries.values()) >= MICRO:
        regions = {}
    return _filled({**countries, **regions})


class Pillars(NamedTuple):
    """Share by pillar, '' for none; which of them rest on inference, wholly or in part; what its publisher's word did.

    ``flags`` are those of a project whose publisher's dialect said a pillar: with ``PILLAR_INFERRED`` where another
    purpose's is inferred still.
    """

    shares: dict[str, int]
    inferred: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()


def declared_of(about: About) -> dict[str, int]:
    """Share by pillar as the project itself declares it; nothing where it does not."""
    return {} if about.inferred else _pillars(about)


def purposes_of(about: About) -> dict[str, int]:
    """Share by DAC purpose, or by category where the project says no more."""
    return _dimension(about, "DAC")


def pillars_of(about: About, crosswalk: Mapping[str, str] | None = None, readings: Readings = PLAIN) -> Pillars:
    """What serves which pillar: a declared one always wins, then its publisher's word, then the crosswalk (§2.2, §2.5).

    Without a crosswalk of its own the method takes what intake inferred by the software's; beside purposes that the
    publisher's dialect names, the others of such a project are inferred by that again.
    """
    if declared := declared_of(about):
        return Pillars(_filled(declared))
    purposes = purposes_of(about)
    own = {code: pillar for code, pillar in readings.default_pillar.items() if code in purposes and pillar in PILLARS}
    if crosswalk is None:
        if not own:
            shares = _filled(_pillars(about))
            return Pillars(shares, frozenset(shares) if about.inferred else frozenset())
        crosswalk = CROSSWALK if about.inferred else {}
    inferred = {code: pillar for code in purposes if code not in own and (pillar := crosswalk.get(code)) is not None}
    found: dict[str, int] = {}
    for code, pillar in (own | inferred).items():
        found[pillar] = found.get(pillar, 0) + purposes[code]
    guessed = frozenset(("", *inferred.values())) if inferred else frozenset()
    said = ((PILLAR_INFERRED,) if inferred else ()) + (DEFAULT_PILLAR,)
    return Pillars(_filled(found), guessed, said if own else ())


def _pillars(about: About) -> dict[str, int]:
    return {code: ppm for code, ppm in _dimension(about, "PILLAR").items() if code in PILLARS}


def themes_of(about: About) -> dict[str, int]:
    """Share by theme, '' for none."""
    return _filled(_dimension(about, "THEME"))


def _dimension(about: About, wanted: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for dim, code, _, ppm in about.allocations:
        if dim == wanted and ppm > 0:
            found[code] = found.get(code, 0) + ppm
    return found


def shares_of(about: About, money: Money, method: Method, readings: Readings = PLAIN) -> dict[str, Share]:
    """Everything one project brings, by scope. Money adds up exactly: regions are sums of their countries."""
    places, themes, regions = places_of(about), themes_of(about), method.regions
    pillars, guessed, _ = pillars_of(about, method.crosswalk, readings)
    inferred = bool(guessed)
    said = sum(1 << i for i, pillar in enumerate(PILLARS) if inferred and pillar in pillars and pillar not in guessed)
    by_place, by_theme = joint(places, pillars), joint(themes, pillars)
    budget, spend = divide(money.budget, by_place), divide(money.spend, by_place)
    found: dict[str, Share] = {}
    for place, ppm in places.items():
        mine, spent = _row(budget, place), _row(spend, place)
        for scope in ("global", *_scopes_of_place(place, regions)):
            _add(found, scope, Share(ppm, sum(mine), inferred, mine, spent, said))
    budget_by_theme, spend_by_theme = divide(money.budget, by_theme), divide(money.spend, by_theme)
    for theme, ppm in themes.items():
        if theme:
            mine, spent = _row(budget_by_theme, theme), _row(spend_by_theme, theme)
            found[f"theme:{theme}"] = Share(ppm, sum(mine), inferred, mine, spent, said)
    found[f"entity:{about.entity}"] = Share(MICRO, money.budget)
    for pillar, ppm in pillars.items():
        if pillar:
            share = Share(ppm, sum(budget[place, pillar] for place in places), pillar in guessed)
            found[f"pillar:{pillar}"] = found[f"entity-pillar:{about.entity}|{pillar}"] = share
    for (place, pillar), ppm in by_place.items():
        if ppm:
            found[_scope_of_both(place, pillar)] = Share(ppm, budget[place, pillar], pillar in guessed)
    if "" in pillars:
        rest = Share(pillars[""], sum(budget[place, ""] for place in places), "" in guessed)
        found[PILLARLESS] = found[f"{PILLARLESS}:{about.entity}"] = rest
    return found


def _scope_of_both(place: str, pillar: str) -> str:
    """A pillar in a country; what has no country or no pillar is only counted, so that all sums are known to close."""
    if pillar and place and not place.startswith("@"):
        return f"pillar-country:{pillar}|{place}"
    return f"{INSIDE}{pillar}|{place}"


def _row(book: dict[tuple[str, str], int], place: str) -> tuple[int, ...]:
    """The amounts of one place: P1 to P4, then what has no pillar."""
    return tuple(book.get((place, pillar), 0) for pillar in (*PILLARS, ""))


def _add(found: dict[str, Share], scope: str, share: Share) -> None:
    known = found.get(scope)
    if known is not None:
        share = Share(
            known.ppm + share.ppm,
            known.cents + share.cents,
            share.inferred,
            tuple(map(sum, zip(known.budget, share.budget, strict=True))),
            tuple(map(sum, zip(known.spend, share.spend, strict=True))),
            share.said,
        )
    found[scope] = share


def _scopes_of_place(place: str, regions: Regions) -> list[str]:
    if not place:
        return [UNALLOCATED]
    if place.startswith("@"):
        code = place[1:]
        return [f"{DIRECT}{code}", *(f"region:{region}" for region in regions.of_region(code) or ())]
    return [f"country:{place}", *(f"region:{region}" for region in regions.of_country(place))]

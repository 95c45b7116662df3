"""The filters of the list of projects in words: what can be chosen, what is chosen, and what to ask instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal_gateway.domain.drawing.figure import shape_of
from portal_gateway.domain.scope import NUMERALS
from portal_gateway.domain.search.index import Counts
from portal_gateway.domain.search.wish import FACETS, NONE, Wish
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.themes import theme_name
from portal_gateway.searching import Near
from portal_gateway.web.render import areas

NAMES: Final = {
    "pillar": N_("Pillar"),
    "entity": N_("Entity"),
    "region": N_("Region"),
    "country": N_("Country"),
    "theme": N_("Theme"),
    "status": N_("Status"),
    "year": N_("Active in"),
    "pace": N_("Pace"),
    "evidence": N_("Evidence"),
    "score": N_("Effectiveness"),
    "gender": N_("Gender marker"),
    "rights": N_("Human rights marker"),
    "risk": N_("Risk"),
}
_MARKER: Final = {"3": N_("3 principal"), "2": N_("2 significant"), "1": N_("1 limited"), "0": N_("0 none")}
_CODES: Final[dict[str, dict[str, str]]] = {
    "status": words.PROJECT_STATUSES,
    "evidence": {"A": N_("A high"), "B": N_("B moderate"), "C": N_("C low"), "D": N_("D very low")},
    "score": {
        "75-100": N_("75 to 100%%"),
        "50-75": N_("50 to 75%%"),
        "25-50": N_("25 to 50%%"),
        "0-25": N_("Below 25%%"),
        "withheld": N_("Withheld"),
    },
    "gender": _MARKER | {"unresolved": N_("0 or 1, coded by DAC")},
    "rights": _MARKER,
    "risk": {
        "VERY_HIGH": N_("Very high"),
        "HIGH": N_("High"),
        "MEDIUM": N_("Medium"),
        "LOW": N_("Low"),
        "NONE_OPEN": N_("No open risk"),
    },
    "pace": {code: word.text for code, word in words.STATUSES.items()},
    "pillar": dict.fromkeys(words.PILLARS, ""),
}
"""Values in the order in which they are offered; the others by how many projects have them."""

_NOTHING: Final = {
    "pillar": N_("Not allocated"),
    "region": N_("No region"),
    "country": N_("No country"),
    "theme": N_("No theme"),
    "year": N_("No dates"),
    "pace": N_("No figure"),
    "evidence": N_("Not reported"),
    "score": N_("No figure"),
    "gender": N_("Not coded"),
    "rights": N_("Not coded"),
    "risk": N_("No register"),
}
_OPEN: Final = 6


@dataclass(frozen=True, slots=True)
class Option:
    """One value: its words, how many projects, and whether it is chosen. ``icon`` and ``tone`` as a status has."""

    value: str
    text: str
    total: int
    chosen: bool
    icon: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One filter: the values shown at once, and those behind "more"."""

    name: str
    text: str
    first: list[Option]
    more: list[Option]


def groups(counts: Counts, wish: Wish, titles: Mapping[str, str]) -> list[Group]:
    """The filters of the page; one with nothing to choose is left out."""
    found = []
    for name in FACETS:
        order = {code: n for n, code in enumerate(_CODES.get(name, ()))}
        rows = sorted(counts[name], key=lambda row: _place(name, row, order))
        options = [_option(name, value, n, wish, titles) for value, n in rows]
        shown = len(options) if name in _CODES else _OPEN
        first = [o for n, o in enumerate(options) if n < shown or o.chosen]
        more = [o for n, o in enumerate(options) if n >= shown and not o.chosen]
        if options:
            found.append(Group(name, said(NAMES[name]), first, more))
    return found


def chips(wish: Wish, titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each chosen value in words, and the address without it."""
    return [
        (
            _("%(filter)s: %(value)s", filter=said(NAMES[name]), value=label(name, value, titles)),
            wish.without(name, value).address(),
        )
        for name, values in wish.chosen
        for value in values
    ] + ([(_("Identifiers from a list"), wish.address(ids=()))] if wish.ids else [])


def instead(near: Sequence[Near], wish: Wish, titles: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """What to ask where nothing was found: in words, its address, how many projects it finds."""
    return [(_near(one, wish, titles), one.wish.address(), one.total) for one in near]


def label(name: str, value: str, titles: Mapping[str, str]) -> str:
    """A filter's value in words."""
    if value == NONE:
        return said(_NOTHING.get(name, N_("None")))
    if name == "pillar":
        subject = said(words.PILLARS[value][1])
        return _("%(numeral)s %(subject)s", numeral=NUMERALS[value], subject=subject)
    if name in {"country", "region"}:
        return areas().get(value, value)
    if name == "theme":
        return theme_name(value)
    if name == "entity":
        return titles.get(value, value)
    return said(_CODES[name][value]) if value in _CODES.get(name, {}) else value


def _option(name: str, value: str, total: int, wish: Wish, titles: Mapping[str, str]) -> Option:
    icon = tone = ""
    if name == "pace" and value in words.STATUSES:
        icon, tone = words.STATUSES[value].icon, words.STATUSES[value].tone
    elif name == "pillar" and value != NONE:
        icon = shape_of(value)
    return Option(value, label(name, value, titles), total, value in wish.of(name), icon, tone)


def _place(name: str, row: tuple[str, int], order: Mapping[str, int]) -> tuple[bool, int, str]:
    value, n = row
    if name == "year":
        return value == NONE, -int(value) if value != NONE else 0, value
    return value == NONE, order.get(value, len(order)) if order else -n, value


def _near(near: Near, wish: Wish, titles: Mapping[str, str]) -> str:
    if near.part in FACETS:
        values = ", ".join(label(near.part, value, titles) for value in wish.of(near.part))
        return _("Without the filter %(filter)s: %(value)s", filter=said(NAMES[near.part]), value=values)
    if near.part == "words":
        return _("Without the words")
    if near.part == "ids":
        return _("Without the identifiers")
    return _("Only the word “%(word)s”", word=near.word) if near.part == "other-words" else _("All projects")

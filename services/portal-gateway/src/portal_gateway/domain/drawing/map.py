"""A map of countries laid out: who is coloured how, who is a dot, in which order one walks through it.

The order of drawing is the order of focus and of the table beside it: outlines by name, then what is too small for an
outline at this scale, which has to lie on top of its neighbours; in the view of dots the largest first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from portal_gateway.domain.map_measures import Measure, Step, class_of, legend
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import _, ngettext, said
from portal_gateway.domain.speech.numbers import grouped, percent, span
from portal_gateway.domain.view import Figure
from portal_gateway.places import countries_of
from portal_gateway.places.atlas import Outline, View, states

Drawing = Literal["areas", "dots"]
Told = Literal["shown", "withheld", "nothing"]

SIZES: Final = 8
"""Steps of a dot's width; the stylesheet says how wide each is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A country as it is drawn. ``look`` is its class in the stylesheet: ``k1`` to ``k5``, ``k-held`` or ``k-none``.

    ``size`` is a dot's, 1 to 8, None where the country is an outline alone; ``link`` is where the country leads.
    """

    code: str
    name: str
    figure: Figure | None
    amount: int | None
    told: Told
    look: str
    text: str
    size: int | None
    small: bool
    outline: Outline | None
    at: tuple[int, int]
    link: str

    @property
    def path(self) -> str:
        """The outline, empty where nothing of it can be drawn at this scale."""
        return self.outline.path if self.outline else ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn map. ``land`` has the outlines of what is nothing but land, ``places`` the links in order."""

    view: View
    drawing: Drawing
    land: tuple[str, ...]
    bare: tuple[Place, ...]
    """States of which there is nothing to show."""
    places: tuple[Place, ...]
    elsewhere: tuple[Place, ...]
    """Countries and areas of the region with something to show that no outline is known of."""
    legend: tuple[Step, ...]
    largest: int | None
    """The amount of the largest dot."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of one country: the figure, if any, and the amounts for its colour and for its dot."""

    figure: Figure | None
    amount: int | None
    weight: int | None
    text: str
    link: str
    withheld: bool = False


def drawn(
    view: View,
    drawing: Drawing,
    subjects: Mapping[str, Subject],
    measure: Measure,
    names: Mapping[str, str],
) -> Picture:
    """Lay out a map of what is known of each country."""
    breaks = measure.breaks([s.amount for s in subjects.values() if s.amount is not None])
    most = max((s.weight for s in subjects.values() if s.weight is not None), default=0)
    outlines = {o.code: o for o in view.outlines}
    held: list[Place] = []
    bare: list[Place] = []
    elsewhere: list[Place] = []
    among = (subjects.keys() | states().keys()) & countries_of(view.region)
    for code in sorted(among, key=lambda c: _spelled(names.get(c, c))):
        outline = outlines.get(code)
        place = _place(code, names.get(code, code), subjects.get(code), outline, view, drawing, breaks, most)
        if outline is None:
            (elsewhere if place.told != "nothing" else []).append(place)
        elif place.told == "nothing":
            bare.append(place)
        else:
            held.append(place)
    if drawing == "dots":
        held.sort(key=lambda place: -(subjects[place.code].weight or 0))
    else:
        held.sort(key=lambda place: place.small)
    own = {p.code for p in bare} | ({p.code for p in held} if drawing == "areas" else set())
    return Picture(
        view=view,
        drawing=drawing,
        land=tuple(o.path for o in view.outlines if o.path and o.code not in own),
        bare=tuple(bare),
        places=tuple(held),
        elsewhere=tuple(elsewhere),
        legend=legend(measure, breaks),
        largest=most or None,
    )


def _place(
    code: str,
    name: str,
    subject: Subject | None,
    outline: Outline | None,
    view: View,
    drawing: Drawing,
    breaks: tuple[int, ...],
    most: int,
) -> Place:
    small = outline is not None and view.small(outline)
    at = view.spot(outline) if outline is not None else (0, 0)
    if subject is None:
        text = _("%(name)s: nothing is reported", name=name)
        return Place(code, name, None, None, "nothing", "k-none", text, 1 if small else None, small, outline, at, "")
    told: Told = "withheld" if subject.withheld else "shown" if subject.amount is not None else "nothing"
    look = f"k{class_of(subject.amount, breaks)}" if told == "shown" and subject.amount is not None else "k-held"
    if told == "nothing":
        look = "k-none"
    size = _size(subject.weight, most) if drawing == "dots" else 1 if small else None
    amount = subject.amount if told == "shown" else None
    return Place(code, name, subject.figure, amount, told, look, subject.text, size, small, outline, at, subject.link)


def subject(figure: Figure, measure: Measure, pillar: str | None, name: str, link: str) -> Subject:
    """What a figure lets a map say of a country: no number where it is withheld."""
    amount = measure.amount(figure, pillar)
    if figure.kept_back:
        said_ = _("%(name)s: %(said)s", name=name, said=said(words.WITHHELD[figure.kept_back].text))
        return Subject(figure, None, None, said_, link, withheld=True)
    if measure.unit != "share":
        text = _("%(name)s: %(said)s", name=name, said=measure.words(amount)) if amount is not None else name
        # No pair is known to be none; a country without projects or money is one of which nothing is known.
        return Subject(figure, amount if measure.unit == "pairs" else amount or None, amount or None, text, link)
    return Subject(figure, amount, figure.projects or None, _told(figure, name), link, withheld=figure.withheld)


def counted(found: int, measure: Measure, name: str, link: str) -> Subject:
    """A country with so many projects."""
    text = _("%(name)s: %(said)s", name=name, said=measure.words(found))
    return Subject(None, found, found, text, link)


def bounds(figure: Figure) -> str:
    """The worst and the best case in words; the empty text where they are not told, or not known."""
    if figure.kept_back or figure.lower is None or figure.upper is None:
        return ""
    return span(percent(figure.lower), percent(figure.upper))


def _told(figure: Figure, name: str) -> str:
    value = percent(figure.value) + "%" if figure.shown and figure.value is not None else _("Withheld")
    if not figure.shown and not figure.withheld:
        value = _("Unknown")
    parts = [value]
    if bounds(figure):
        parts.append(_("worst to best case %(span)s%%", span=bounds(figure)))
    parts.append(said(words.STATES[figure.state].text))
    parts.append(_("%(share)s%% known", share=percent(figure.known)))
    if figure.projects:
        n = figure.projects
        parts.append(ngettext("%(projects)s project", "%(projects)s projects", n, projects=grouped(n)))
    return _("%(name)s: %(said)s", name=name, said=", ".join(parts))


def _size(weight: int | None, most: int) -> int:
    """The step of a dot whose area is to its amount as the largest's; the smallest is still seen."""
    if not weight or not most:
        return 1
    return next(n for n in range(1, SIZES + 1) if n * n * most >= weight * SIZES * SIZES)


def _spelled(name: str) -> str:
    """A name as it is sorted: accents do not count."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))

"""The scope of a figure (architecture §9), checked and said in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from notifier.domain.saying import Said, area, say

_PILLARS: Final = {
    "P1": say("pillar I"),
    "P2": say("pillar II"),
    "P3": say("pillar III"),
    "P4": say("pillar IV"),
}
"""The four pillars of the Global Counter-Terrorism Strategy by the numerals the documents use."""

_ONE: Final = frozenset({"pillar", "country", "region", "theme", "entity", "project"})
_TWO: Final = frozenset({"indicator", "pillar-country", "entity-pillar"})
_LONGEST: Final = 520
_CONTROL: Final = re.compile(r"[\x00-\x1f]")


def parts(scope: str) -> tuple[str, str, str]:
    """Kind and one or two codes, e.g. ``("pillar-country", "P3", "ML")``; unused codes are empty."""
    kind, _, rest = scope.partition(":")
    if kind in _TWO:
        first, _, second = rest.partition("|")
        return kind, first, second
    return kind, rest, ""


def is_scope(text: str) -> bool:
    """Whether a text follows the grammar of scopes."""
    if text == "global":
        return True
    if len(text) > _LONGEST or _CONTROL.search(text) or text != text.strip():
        return False
    kind, first, second = parts(text)
    if not first or (kind not in _ONE and not (kind in _TWO and second)):
        return False
    pillar = {"pillar": first, "pillar-country": first, "entity-pillar": second}.get(kind)
    return pillar is None or pillar in _PILLARS


def project_of(scope: str) -> str | None:
    """The project that a scope is, None for any other; an indicator's scope is not the project's."""
    kind, first, _ = parts(scope)
    return first if kind == "project" else None


def spoken(scope: str, names: Mapping[str, str]) -> str:
    """The scope as a person says it, e.g. ``pillar II in Mali``; ``names`` gives areas by code."""
    kind, first, second = parts(scope)
    match kind:
        case "global":
            return say("the whole portfolio")
        case "pillar":
            return _pillar(first)
        case "country" | "region":
            return area(first, names.get(first, first))
        case "pillar-country":
            return say("%(pillar)s in %(area)s", pillar=_pillar(first), area=area(second, names.get(second, second)))
        case "entity-pillar":
            return say("%(entity)s under %(pillar)s", entity=first, pillar=_pillar(second))
        case "indicator":
            return say("indicator %(indicator)s of project %(project)s", indicator=second, project=first)
        case "project":
            return say("project %(project)s", project=first)
        case "theme":
            return say("theme %(code)s", code=first)
        case _:
            return first


def _pillar(code: str) -> Said:
    return _PILLARS.get(code) or say("pillar %(numeral)s", numeral=code)

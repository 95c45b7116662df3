"""What a project counts under in each facet, read from its state and its figures.

It follows from what is known now and nothing else, so that projects and figures may come in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from portal_gateway import places
from portal_gateway.domain.drawing.figure import MARKS
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.search.wish import NONE
from portal_gateway.domain.speech.words import STATUSES

OWN: Final = ("M2", "M3", "M4", "M8", "M10")
"""The metrics of a project that facets and orders read."""

OF_FIGURES: Final = ("pace", "evidence", "score", "gender", "rights", "risk")
"""The facets that come from figures; the others come from the project's own state."""

BANDS: Final = ("0-25", "25-50", "50-75", "75-100")
_BAND: Final = 250_000
_HALF: Final = 500_000
_FIRST_YEAR, _LAST_YEAR = 1990, 2060
_M49: Final = frozenset({None, "2"})  # IATI RegionVocabulary; none given is what intake has read as M49


def of_project(data: Mapping[str, Any], this_year: int) -> dict[str, tuple[str, ...]]:
    """Values by facet of a project's state, its fields as events have them."""
    by_dim: dict[str, list[str]] = {}
    regions: set[str] = set()
    for a in data.get("allocations") or []:
        by_dim.setdefault(a["dim"], []).append(a["code"])
        if a["dim"] == "COUNTRY":
            regions.update(places.regions_of(a["code"]))
        elif a["dim"] == "REGION" and a.get("vocabulary") in _M49:
            regions.update(_within().get(a["code"], ()))
    return {
        "entity": (data["entity"],),
        "status": (data["status"],),
        "pillar": tuple(c for c in by_dim.get("PILLAR", ()) if c in PILLARS) or (NONE,),
        "country": tuple(c for c in by_dim.get("COUNTRY", ()) if len(c) == 2) or (NONE,),
        "region": tuple(regions) or (NONE,),
        "theme": tuple(by_dim.get("THEME", ())) or (NONE,),
        "year": _years(data.get("dates") or {}, this_year),
    }


def of_figures(own: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Values by facet of a project's figures by metric: ``value``, ``state`` and ``parts`` as events have them."""
    parts = {metric: figure.get("parts") or {} for metric, figure in own.items()}
    design = parts.get("M8", {}).get("design") or {}
    return {
        "score": (_score(own.get("M4")),),
        "pace": (_pace(parts.get("M2", {}).get("by_weight") or {}),),
        "evidence": (_grade(parts.get("M3", {}).get("by_weight") or {}),),
        "gender": (_code(design.get("gender")),),
        "rights": (_code(design.get("rights")),),
        "risk": (_risk(parts.get("M10", {})),),
    }


def effectiveness(own: Mapping[str, Mapping[str, Any]]) -> int | None:
    """M4 in µ where it may be said."""
    m4 = own.get("M4")
    return m4["value"] if m4 and m4["state"] in MARKS else None


def budget(own: Mapping[str, Mapping[str, Any]]) -> int | None:
    """The project's budget in cents of USD, as M4 weighs it; None where none is known."""
    cents = (own.get("M4", {}).get("parts") or {}).get("budget_cents")
    return cents if cents and cents > 0 else None


def tellable(classification: str, owner: str | None, of: tuple[str, str]) -> bool:
    """Whether who reads a project of this class and entity may read a figure of that class and owner.

    While a project changes its class its figures lag behind; until they agree they are as unknown.
    """
    return classification == "public" or (classification, owner) == of


def _score(m4: Mapping[str, Any] | None) -> str:
    if m4 is None or m4["state"] == "NOT_APPLICABLE":
        return NONE
    if m4["value"] is None or m4["state"] not in MARKS:
        return "withheld"
    return BANDS[min(max(m4["value"], 0) // _BAND, len(BANDS) - 1)]


def _pace(weights: Mapping[str, int]) -> str:
    """The status that weighs most; of two alike the later in the words' order, which is the worse."""
    ranks = {status: n for n, status in enumerate(STATUSES)}
    known = [(weight, ranks.get(status, -1), status) for status, weight in weights.items() if weight > 0]
    return max(known)[2] if known else NONE


def _grade(weights: Mapping[str, int]) -> str:
    """The grade that half of the weight has or betters."""
    reached = 0
    for letter in "ABCD":
        reached += weights.get(letter, 0)
        if reached >= _HALF:
            return letter
    return NONE


def _code(code: Any) -> str:
    return NONE if code in {None, "null"} else str(code)


def _risk(parts: Mapping[str, Any]) -> str:
    if parts.get("band"):
        return str(parts["band"])
    return "NONE_OPEN" if parts.get("residual") == 0 else NONE


def _years(dates: Mapping[str, str | None], this_year: int) -> tuple[str, ...]:
    """The years from the start to the end, planned where not actual; without an end until now."""
    start = dates.get("actual_start") or dates.get("planned_start")
    end = dates.get("actual_end") or dates.get("planned_end")
    if not start and not end:
        return (NONE,)
    first = date.fromisoformat(start or end or "").year
    last = date.fromisoformat(end).year if end else max(first, this_year)
    first, last = max(_FIRST_YEAR, min(first, last)), min(_LAST_YEAR, max(first, last))
    return tuple(str(year) for year in range(first, last + 1)) or (NONE,)


@cache
def _within() -> Mapping[str, Sequence[str]]:
    """M49 regions by code, each with itself and those it lies in."""
    found: dict[str, list[str]] = {}
    for country in places.countries():
        path: list[str] = []
        for code in places.regions_of(country):
            path.append(code)
            found.setdefault(code, list(path))
    return found

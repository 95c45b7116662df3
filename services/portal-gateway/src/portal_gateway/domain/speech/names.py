"""Names of scopes as people say them; country and region names are facts from a table."""

from __future__ import annotations

from collections.abc import Mapping

from portal_gateway.domain import scope as scopes
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.themes import theme_name
from portal_gateway.domain.speech.words import PILLARS

KINDS: dict[str, str] = {
    "pillar": N_("Pillars"),
    "global": N_("All projects"),
    "entity": N_("Entities"),
    "country": N_("Countries"),
    "region": N_("Regions"),
    "theme": N_("Themes"),
    "pillar-country": N_("Pillars by country"),
    "entity-pillar": N_("Entities by pillar"),
    "project": N_("Projects"),
    "indicator": N_("Indicators"),
}
"""The kinds of scope in the order in which a reader is offered them."""


def scope_name(text: str, *, areas: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """``pillar-country:P3|ML`` is "Pillar III, Mali".

    ``areas`` are names by ISO 3166-1 alpha-2 or M49 code, ``titles`` those of entities, projects and
    indicators where they are known; a code without a name speaks for itself.
    """
    scope = scopes.parse(text)

    def pillar(code: str) -> str:
        return said(PILLARS[code][0])

    match scope.kind:
        case "global":
            return said(KINDS["global"])
        case "pillar":
            return pillar(scope.first)
        case "country" | "region":
            return areas.get(scope.first, scope.first)
        case "theme":
            return theme_name(scope.first) if (scope.first[:1]).isdigit() else _("Theme %(code)s", code=scope.first)
        case "pillar-country":
            return _("%(first)s, %(second)s", first=pillar(scope.first), second=areas.get(scope.second, scope.second))
        case "entity-pillar":
            return _("%(first)s, %(second)s", first=titles.get(scope.first, scope.first), second=pillar(scope.second))
        case "indicator":
            return titles.get(text) or _(
                "%(first)s, %(second)s", first=titles.get(scope.first, scope.first), second=scope.second
            )
        case _:
            return titles.get(scope.first, scope.first)

"""Names of scopes as people say them; country and region names are facts from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal_gateway.domain import scope as scopes
from portal_gateway.domain.words import N_, PILLARS

Translate = Callable[[str], str]

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


def scope_name(
    text: str, *, areas: Mapping[str, str], titles: Mapping[str, str], translate: Translate = lambda m: m
) -> str:
    """``pillar-country:P3|ML`` is "Pillar III, Mali".

    ``areas`` are names by ISO 3166-1 alpha-2 or M49 code, ``titles`` those of entities, projects and
    indicators where they are known; a code without a name speaks for itself.
    """
    scope = scopes.parse(text)

    def pillar(code: str) -> str:
        return translate(PILLARS[code][0])

    match scope.kind:
        case "global":
            return translate(KINDS["global"])
        case "pillar":
            return pillar(scope.first)
        case "country" | "region":
            return areas.get(scope.first, scope.first)
        case "theme":
            return translate(N_("Theme")) + f" {scope.first}"
        case "pillar-country":
            return f"{pillar(scope.first)}, {areas.get(scope.second, scope.second)}"
        case "entity-pillar":
            return f"{titles.get(scope.first, scope.first)}, {pillar(scope.second)}"
        case "indicator":
            return titles.get(text) or f"{titles.get(scope.first, scope.first)}, {scope.second}"
        case _:
            return titles.get(scope.first, scope.first)

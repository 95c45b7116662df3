"""A project in a few words, as lists and its own page say it first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import language
from portal_gateway.domain.view import figure, narrative
from portal_gateway.web.render import areas

_PLACES: Final = 2


def summary(data: Mapping[str, Any], raw: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Title, entity, status, pillars, the first places; with the project's M4 where it is given."""
    title, lang = narrative(data.get("title"), language(), data["project_id"])
    allocations = data.get("allocations") or []
    places = [areas().get(a["code"], a["code"]) for a in by_share(allocations, {"COUNTRY", "REGION"})]
    return {
        "project_id": data["project_id"],
        "title": title,
        "title_lang": lang,
        "entity": data["entity"],
        "entity_name": data.get("entity_name"),
        "status": data["status"],
        "pillars": [a for a in by_share(allocations, {"PILLAR"}) if a["code"] in words.PILLARS],
        "pillar_inferred": data.get("pillar_inferred", False),
        "places": places[:_PLACES],
        "more_places": max(0, len(places) - _PLACES),
        "figure": figure(raw) if raw else None,
        "updated_at": data["updated_at"],
    }


def by_share(allocations: list[dict[str, Any]], dims: set[str]) -> list[dict[str, Any]]:
    """The allocations in these dimensions, the largest share first."""
    return sorted((a for a in allocations if a["dim"] in dims), key=lambda a: (-a["ppm"], a["code"]))

"""What the pages of entities, countries, regions and pillars have in common: figures of a scope, by the grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import N_, language, said
from portal_gateway.domain.view import Figure, figure, narrative
from portal_gateway.store import figures
from runtime.access import Principal

READS: Final[Mapping[str, str]] = {
    "entity": N_("You read this as an entity of the Compact."),
    "member-state": N_("You read this as a Member State."),
    "secretariat": N_("You read this as the secretariat."),
    "donor": N_("You read this as a donor."),
    "operator": N_("You read this as an operator."),
}
"""As whom a page is read."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag, and the names of the metrics whose figures carry it."""

    code: str
    metrics: tuple[str, ...]


async def figures_of(conn: Any, scopes: Sequence[str]) -> dict[tuple[str, str], Figure]:
    """Every figure of these scopes that the reader may know of, by metric and scope."""
    keys = [(metric, scope) for scope in scopes for metric in words.METRICS]
    return {key: figure(data) for key, data in (await figures.several(conn, keys)).items()}


def of_scope(found: Mapping[tuple[str, str], Figure], scope: str) -> list[Figure]:
    """The figures of one scope, in the order of the metrics."""
    return [found[metric, scope] for metric in words.METRICS if (metric, scope) in found]


def flagged(shown: Sequence[Figure]) -> list[Flagged]:
    """The flags of these figures, each once, with the metrics it concerns."""
    found: dict[str, list[str]] = {}
    for one in shown:
        if not one.kept_back:
            for code in one.flags:
                found.setdefault(code, []).append(said(words.metric(one.metric).name))
    return [Flagged(code, tuple(dict.fromkeys(names))) for code, names in found.items()]


def at_work(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entities with their latest projects, titles in the reader's language where there are any."""
    return [
        {
            "ref": row["entity"],
            "name": row["name"] or row["entity"],
            "projects": row["projects"],
            "latest": [_titled(project) for project in row["latest"]],
        }
        for row in rows
    ]


def _titled(project: Mapping[str, Any]) -> dict[str, Any]:
    title, lang = narrative(project.get("title"), language(), project["project_id"])
    return {"project_id": project["project_id"], "title": title, "lang": lang}


def read_as(principal: Principal) -> str:
    """As whom the page is read, in a sentence."""
    return said(READS.get(principal.role, ""))

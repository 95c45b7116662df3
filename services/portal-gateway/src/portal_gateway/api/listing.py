"""Which figures a list is of: one metric over one kind of scope, of all scopes or of those whose name has a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query

from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import said
from portal_gateway.domain.speech.names import KINDS
from portal_gateway.store import figures, projects
from portal_gateway.web.render import areas

_NAMED: Final = 500
"""Scopes looked for by name; a name that so many have is no name."""

Metric = Annotated[str | None, Query(pattern=r"^M\d{1,2}$", description="M4 without it")]
Kind = Annotated[str | None, Query(max_length=20, description="kind of scope; the first that the metric has")]
Words = Annotated[str, Query(max_length=100, description="words in the name of the scope, or a part of its code")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; ``there`` are the kinds of scope that each metric has."""

    metric: str
    kind: str
    q: str
    there: Mapping[str, Sequence[str]]

    @property
    def query(self) -> dict[str, str]:
        """As addresses of the list have it."""
        return {"metric": self.metric, "kind": self.kind} | ({"q": self.q} if self.q else {})

    def address(self, path: str = "/metrics") -> str:
        """Where the list is, or its file."""
        return f"{path}?{urlencode(self.query)}"


async def there(conn: Any) -> dict[str, list[str]]:
    """Kinds of scope that the caller may know figures of, by metric."""
    found: dict[str, list[str]] = {code: [] for code in words.METRICS}
    for code, of in await figures.kinds(conn, list(words.METRICS), list(KINDS)):
        found[code].append(of)
    return found


def wanted(kinds: Mapping[str, Sequence[str]], metric: str | None, kind: str | None, q: str) -> Wanted:
    """What was asked for, with what stands in for what was left out."""
    metric = metric or "M4"
    return Wanted(metric, kind or next(iter(kinds.get(metric) or ()), "pillar"), q.strip(), kinds)


async def page(conn: Any, asked: Wanted, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    """The figures by scope, from behind one on."""
    behind = (asked.metric, after) if after is not None else None
    scopes = await _named(conn, asked.kind, asked.q) if asked.q else None
    return await figures.page(
        conn, metric=asked.metric, kind=asked.kind, after=behind, limit=limit, scopes=scopes, part=asked.q
    )


async def number(conn: Any, asked: Wanted) -> int:
    """How many figures the list has."""
    scopes = await _named(conn, asked.kind, asked.q) if asked.q else None
    return await figures.count(conn, asked.metric, asked.kind, scopes=scopes, part=asked.q)


async def _named(conn: Any, kind: str, text: str) -> list[str]:
    """Scopes of a kind whose name has the text, in the reader's language or in that of the data."""
    found = {code for code, name in areas().items() if text.casefold() in name.casefold()}
    pillars = {code for code in PILLARS if text.casefold() in said(words.PILLARS[code][0]).casefold()}
    match kind:
        case "country" | "region":
            return [f"{kind}:{code}" for code in found]
        case "pillar":
            return [f"pillar:{code}" for code in pillars]
        case "pillar-country":
            return [f"{kind}:{pillar}|{code}" for code in found for pillar in PILLARS]
        case "entity" | "entity-pillar" | "project" | "indicator":
            return await projects.named(conn, kind, text, _NAMED)
        case _other:
            return []

"""How a figure is made, from scoring's tree to the plumb line of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Explained:
    """A page's explanation, or why there is none now; ``hidden`` projects are counted and not named."""

    path: Any = None
    parts: Any = None
    failed: Mapping[str, str] | None = None
    hidden: int = 0


async def explained(
    request: Request, who: Caller, figure: Figure, project: str | None, indicator: str | None
) -> Explained:
    """Ask scoring for the tree and intake for the lines."""
    scoring: Scoring = request.app.state.scoring
    try:
        await scoring.explanation(who.token, figure.metric, figure.scope)
    except UpstreamError as error:
        return Explained(failed={"title": "How it is made cannot be read now.", "text": error.said})
    return Explained(failed={"title": "No explanation", "text": ""})

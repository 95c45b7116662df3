"""Pairs of projects that may be the same or may work together, as scoring keeps them (methodology M12)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError

_PATIENCE: Final = 3
"""Seconds somebody waits for pairs."""
_MOST: Final = "100"


async def pairs_of(request: Request, who: Caller, project_id: str) -> list[dict[str, Any]]:
    """The pairs a project stands in, open ones first. Raises UpstreamError where scoring does not answer."""
    scoring: Scoring = request.app.state.scoring
    asked: Mapping[str, list[str]] = {"project": [project_id], "limit": [_MOST]}
    try:
        async with asyncio.timeout(_PATIENCE):
            open_, decided = await asyncio.gather(
                scoring.duplicates(who.token, asked), scoring.duplicates(who.token, {**asked, "decided": ["true"]})
            )
    except TimeoutError:
        raise UpstreamError("scoring", None) from None
    return [*open_["items"], *decided["items"]]

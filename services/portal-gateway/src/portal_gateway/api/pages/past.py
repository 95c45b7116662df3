"""A figure as of a day beside the figure of today, and every revision between the two (M16)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.language import N_, _
from portal_gateway.domain.view import Figure, figure

_LISTED: Final = 50

CAUSES: Final[dict[str, str]] = {
    "NEW_DATA": N_("New data"),
    "LATE_DATA": N_("Late data"),
    "CORRECTION": N_("Correction"),
    "RETRACTION": N_("Taken back"),
    "CLASSIFICATION_CHANGE": N_("Change of class"),
    "METHOD_CHANGE": N_("Change of method"),
    "TIME": N_("Time passed"),
}
"""Why a figure was revised."""

Past = dict[str, Any]


async def past(request: Request, who: Caller, now: Figure, known: str | None, valid: str | None) -> Past | None:
    """What the page says of another day; None where none was asked for."""
    asked = {"known_as_of": known, "valid_as_of": valid}
    wanted = {name: day for name, day in asked.items() if day}
    if not wanted:
        return None
    found: Past = {"known": known or "", "valid": valid or "", "figure": None, "failed": "", "revisions": None}
    for day in wanted.values():
        try:
            date.fromisoformat(day)
        except ValueError:
            return found | {"failed": _("%(day)s is no day. Write it as 2026-03-31.", day=day)}
    scoring: Scoring = request.app.state.scoring
    try:
        told = await scoring.figure(who.token, now.metric, now.scope, **wanted)
        found["figure"] = figure(_unsaid(now, told) | told)
        if known is not None and not valid:
            until = datetime.now(UTC).isoformat()
            # From the end of that day: what was published on it is in the figure of it already.
            revisions = await scoring.revisions(
                who.token, now.metric, now.scope, **{"from": f"{known}T23:59:59.999999Z", "to": until}
            )
            items = [item | {"at": datetime.fromisoformat(item["known_as_of"])} for item in revisions["items"]]
            found["revisions"] = revisions | {"items": items[-_LISTED:][::-1], "more": max(0, len(items) - _LISTED)}
    except UpstreamError as error:
        found["failed"] = error.said
    return found


def _unsaid(now: Figure, told: dict[str, Any]) -> dict[str, Any]:
    """What a figure of the past does not say: history keeps its numbers, and what was replayed was never published."""
    return {
        "unit": now.unit,
        "flags": [],
        "parts": {},
        "projects": 0,
        "inferred_ppm": 0,
        "previous": None,
        "classification": now.classification,
        "owner": now.owner,
        "demonstration": now.demonstration,
        "revision": 0,
        "updated_at": told["known_as_of"],
        "cause": None,
        "seq": 0,
    }

"""The REST twins of the account page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Api, same_origin, transaction
from portal_gateway.api.deeds import deeds, exported
from portal_gateway.api.pages.account import rights_of
from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from runtime import audit
from runtime.http import Json

router = APIRouter(prefix="/api/v1/account", tags=["caller"])
Day = Annotated[date | None, Query(description="one day, UTC; the latest if left out")]


@router.get("")
async def show_account(request: Request, who: Api) -> Response:
    """Who the caller is here, and which classes of records they read, and why."""
    p = who.principal
    body = {
        "subject": p.subject,
        "name": p.name,
        "role": p.role,
        "organisation": p.organisation,
        "country": p.country,
        "until": who.until,
        "rights": [asdict(right) for right in rights_of(p)],
    }
    return Json(body, request)


@router.get("/sessions")
async def list_sessions(request: Request, who: Api) -> Response:
    """The caller's sessions in browsers, the last used first."""
    settings: Settings = request.app.state.settings
    async with transaction(request, who) as tx:
        found = await sessions.of(tx.conn, who.principal.subject, tx.clock(), settings.session_idle)
    return Json({"items": [asdict(one) for one in found]}, request)


@router.delete("/sessions/{sid}", status_code=204)
async def end_session(request: Request, who: Api, sid: str) -> Response:
    """End one session."""
    if who.session is not None:
        same_origin(request)
    async with transaction(request, who) as tx:
        if not await sessions.end(tx.conn, sid):
            raise nothing(_("The session"))
    return Response(status_code=204)


@router.delete("/sessions", status_code=204)
async def end_sessions(request: Request, who: Api) -> Response:
    """End every session of the caller."""
    if who.session is not None:
        same_origin(request)
    async with transaction(request, who) as tx:
        audit.note(sessions=await sessions.end_of(tx.conn, who.principal.subject))
    return Response(status_code=204)


@router.get("/audit")
async def list_deeds(
    request: Request, who: Api, day: Day = None, action: Literal["read", "command"] | None = None
) -> Response:
    """What was read and changed in the caller's name, the latest first; ``silent`` names services without an answer."""
    found = await deeds(request, who, day=day, action=action, actor=who.principal.subject)
    return Json(asdict(found), request)


@router.get(
    "/audit/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_deeds(request: Request, who: Api, day: Day = None) -> Response:
    """The same as CSV."""
    return Response(await exported(request, who, day), media_type="text/csv; charset=utf-8")

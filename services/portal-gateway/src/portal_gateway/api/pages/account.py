"""My account: who I am here, what I may read and why, my sessions, and what was done in my name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.deeds import day_of, deeds, exported
from portal_gateway.api.pages.frame import frame, names, reader, render, router
from portal_gateway.domain import account as words_of
from portal_gateway.domain.account import ROLE_NAMES, Right
from portal_gateway.domain.speech.language import LANGUAGES, _
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from portal_gateway.web.catalogues import spoken
from portal_gateway.web.render import areas
from runtime.access import Principal, may_read

Reader = Annotated[Caller, Depends(reader)]
_KINDS = ("read", "command")


@router.get("/account")
async def account(request: Request, who: Reader, day: str = "", kind: str = "") -> Response:
    """The page; without the other services it shows what this one knows."""
    settings: Settings = request.app.state.settings
    chosen = day_of(day)
    found = await deeds(request, who, day=chosen, action=kind if kind in _KINDS else None, actor=who.principal.subject)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        organisation = (await names(tx.conn, (), [who.principal.organisation])).get(who.principal.organisation, "")
        mine = await sessions.of(tx.conn, who.principal.subject, tx.clock(), settings.session_idle)
    return render(
        request,
        "account.html",
        who,
        **around,
        place="account",
        organisation_name=organisation,
        country_name=areas().get(who.principal.country, who.principal.country),
        role_name=ROLE_NAMES.get(who.principal.role, who.principal.role),
        rights=rights_of(who.principal),
        sessions=mine,
        this=who.session.sid if who.session else "",
        idle_minutes=settings.session_idle_minutes,
        hours=settings.session_hours,
        deeds=found,
        day=chosen.isoformat() if chosen else "",
        day_failed=_("%(day)s is no day. Write it as 2026-03-31.", day=day[:40]) if day and not chosen else "",
        kind=kind if kind in _KINDS else "",
        choices={code: LANGUAGES[code] for code in LANGUAGES if code in spoken()},
    )


@router.get("/account/export.csv")
async def export(request: Request, who: Reader, day: str = "") -> Response:
    """What was read and changed in the reader's name, as a file."""
    chosen = day_of(day)
    name = f"plumbline-account-{chosen.isoformat() if chosen else 'latest'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(await exported(request, who, chosen), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/account/sessions/{sid}/end")
async def end(request: Request, who: Reader, sid: str) -> Response:
    """End one of the reader's sessions; this one ends by signing out."""
    await form_of(request, who)
    async with transaction(request, who) as tx:
        if not await sessions.end(tx.conn, sid):
            raise nothing(_("The session"))
    return RedirectResponse("/account", 303)


def rights_of(principal: Principal) -> list[Right]:
    """Every class and whether this person reads it, as the one policy decides."""
    may = {code: may_read(principal, code, None) for code in ("public", "member-states", "compact", "support")}
    may["state"] = principal.role == "secretariat" or bool(
        principal.country and may_read(principal, f"state:{principal.country}", None)
    )
    may["owner"] = bool(principal.organisation)
    may["support"] |= bool(principal.organisation)
    return words_of.rights(may | {"operators": principal.role == "operator"})

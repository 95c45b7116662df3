"""Sign-in and sign-out. The browser gets a random name; tokens stay in the database."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import inside
from portal_gateway.api.caller import (
    Caller,
    bound,
    cookie,
    cookie_name,
    digest,
    form_of,
    of_session,
    same,
    same_origin,
    secure,
    transaction,
)
from portal_gateway.api.limits import limits_of
from portal_gateway.api.pages.frame import reader, render
from portal_gateway.clients.issuer import Issuer, SignInError
from portal_gateway.domain.agent import family
from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from portal_gateway.store.sessions import Session, SignIn
from runtime import audit
from runtime.access import SYSTEM
from runtime.auth import Verifier
from runtime.db import Database
from runtime.http import Problem

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

_MINUTES: Final = 10
_OUT: Final = "plumbline_out"


@router.get("/login")
async def login(request: Request, next: str = "/") -> Response:  # noqa: A002 (the word in the address)
    """The page before the sign-in; someone who is signed in goes on."""
    if await of_session(request) is not None:
        return RedirectResponse(inside(next), 303)
    settings: Settings = request.app.state.settings
    out = request.cookies.get(bound(settings, _OUT)) is not None
    answer = render(
        request,
        "login.html",
        None,
        title=_("You are signed out") if out else _("Sign in"),
        text=_("Close the window, or sign in again.")
        if out
        else _(
            "Plumbline shows what counter-terrorism work achieves, and how sure that is, to people who are signed in."
        ),
        next=inside(next),
        issuer=settings.issuer,
    )
    answer.delete_cookie(bound(settings, _OUT), path="/", secure=secure(settings), httponly=True, samesite="lax")
    return answer


@router.post("/login")
async def begin(request: Request) -> Response:
    """Go to the issuer, with a promise of what must come back."""
    same_origin(request)
    limits_of(request).take("sign-in", _address(request))
    form = await request.form()
    sign_in = SignIn(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next=inside(str(form.get("next", "/"))),
    )
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    database: Database = request.app.state.database
    try:
        address = await issuer.authorize(_callback(settings), sign_in.state, sign_in.nonce, sign_in.verifier)
    except SignInError as error:
        raise Problem(503, "issuer-unavailable", _("The sign-in service does not answer"), str(error)) from None
    name = secrets.token_urlsafe(32)
    async with database.transaction(SYSTEM) as tx:
        now = database.clock()
        await sessions.begin(tx.conn, digest(name), sign_in, now + timedelta(minutes=_MINUTES), now)
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        _sign_in_cookie(settings), name, max_age=_MINUTES * 60, secure=secure(settings), httponly=True, samesite="lax"
    )
    return answer


@router.get("/callback")
async def callback(request: Request, state: str = "", code: str = "", error: str = "", iss: str = "") -> Response:
    """The way back: the code becomes tokens, the tokens a session."""
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    database: Database = request.app.state.database
    verifier: Verifier = request.app.state.verifier
    limits_of(request).take("sign-in", _address(request))
    now = database.clock()
    async with database.transaction(SYSTEM) as tx:
        sign_in = await sessions.take(tx.conn, digest(request.cookies.get(_sign_in_cookie(settings), "")), now)
    if sign_in is None or not same(state, sign_in.state) or (iss and iss != settings.issuer):
        raise Problem(
            400,
            "sign-in-over",
            _("This sign-in is over"),
            _("It took too long, or began in another window. Sign in again."),
        )
    if error or not code:
        log.warning("a sign-in was refused by the issuer: %s", error.encode("ascii", "replace")[:80])
        raise Problem(
            403, "sign-in-refused", _("The sign-in was refused"), _("The sign-in service did not let you in.")
        )
    try:
        tokens = await issuer.exchange(code, _callback(settings), sign_in.verifier, sign_in.nonce)
    except SignInError as fault:
        log.warning("a sign-in failed: %s", fault)
        raise Problem(502, "sign-in-failed", _("The sign-in failed"), _("%(fault)s. Try again.", fault=fault)) from None
    principal = await verifier.verify(tokens.access_token)
    hours = timedelta(hours=settings.session_hours)
    session = Session(
        sid=secrets.token_urlsafe(12),
        subject=principal.subject,
        role=principal.role,
        organisation=principal.organisation,
        country=principal.country,
        name=principal.name,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        id_token=tokens.id_token,
        csrf=secrets.token_urlsafe(24),
        token_expires_at=tokens.expires_at,
        expires_at=now + hours if tokens.refresh_token else min(tokens.expires_at, now + hours),
        agent=family(request.headers.get("user-agent", "")),
        seen_at=now,
    )
    name = secrets.token_urlsafe(32)
    audit.by(principal, "sign-in", f"session:{session.sid}")
    async with database.transaction(SYSTEM) as tx:
        await sessions.end_named(tx.conn, digest(request.cookies.get(cookie_name(settings), "")))
        await sessions.save(tx.conn, digest(name), session, now, settings.session_idle)
    answer = RedirectResponse(sign_in.next, 303)
    answer.headers.append("set-cookie", cookie(request, name, session))
    answer.delete_cookie(_sign_in_cookie(settings), path="/", secure=secure(settings), httponly=True, samesite="lax")
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session here, then the issuer's."""
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    database: Database = request.app.state.database
    who: Caller | None = await of_session(request)
    ours = settings.gateway_url.rstrip("/") + "/"
    address = ours
    if who is not None and who.session is not None:
        await form_of(request, who)
        async with database.transaction(SYSTEM) as tx:
            await sessions.end(tx.conn, who.session.sid)
        address = await _out(issuer, who, ours)
    return signed_out(settings, address)


@router.post("/logout/everywhere")
async def logout_everywhere(request: Request) -> Response:
    """End every session of the person, then the issuer's."""
    settings: Settings = request.app.state.settings
    who = await reader(request)
    await form_of(request, who)
    async with transaction(request, who) as tx:
        audit.note(sessions=await sessions.end_of(tx.conn, who.principal.subject))
    ours = settings.gateway_url.rstrip("/") + "/"
    return signed_out(settings, await _out(request.app.state.issuer, who, ours))


async def _out(issuer: Issuer, who: Caller, ours: str) -> str:
    assert who.session is not None
    try:
        return await issuer.sign_out(who.session.id_token, ours) or ours
    except SignInError:
        return ours  # the session here is over in any case


def signed_out(settings: Settings, address: str) -> Response:
    """The way out, without the session's name."""
    answer = RedirectResponse(address, 303, {"Clear-Site-Data": '"cache", "storage"'})
    answer.delete_cookie(cookie_name(settings), path="/", secure=secure(settings), httponly=True, samesite="lax")
    answer.set_cookie(
        bound(settings, _OUT), "1", max_age=300, path="/", secure=secure(settings), httponly=True, samesite="lax"
    )
    return answer


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _callback(settings: Settings) -> str:
    return settings.gateway_url.rstrip("/") + "/callback"


def _sign_in_cookie(settings: Settings) -> str:
    return bound(settings, "plumbline-in") if secure(settings) else "plumbline_sign_in"

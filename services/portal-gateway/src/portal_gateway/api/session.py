"""Sign-in and sign-out. The browser gets a random name; tokens stay in the database."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.caller import Caller, cookie_name, digest, form_of, of_session, same_origin, secure
from portal_gateway.api.pages.frame import render
from portal_gateway.clients.issuer import Issuer, SignInError
from portal_gateway.domain.language import _
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from portal_gateway.store.sessions import Session, SignIn
from runtime.access import SYSTEM
from runtime.auth import Verifier
from runtime.db import Database
from runtime.http import Problem

router = APIRouter(include_in_schema=False)

_MINUTES: Final = 10
_OUT: Final = "plumbline_out"


@router.get("/login")
async def login(request: Request, next: str = "/") -> Response:  # noqa: A002 (the word in the address)
    """The page before the sign-in; someone who is signed in goes on."""
    if await of_session(request) is not None:
        return RedirectResponse(_inside(next), 303)
    out = request.cookies.get(_OUT) is not None
    settings: Settings = request.app.state.settings
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
        next=_inside(next),
        issuer=settings.issuer,
    )
    answer.delete_cookie(_OUT, path="/")
    return answer


@router.post("/login")
async def begin(request: Request) -> Response:
    """Go to the issuer, with a promise of what must come back."""
    same_origin(request)
    form = await request.form()
    sign_in = SignIn(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next=_inside(str(form.get("next", "/"))),
    )
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    database: Database = request.app.state.database
    try:
        address = await issuer.authorize(_callback(settings), sign_in.state, sign_in.nonce, sign_in.verifier)
    except SignInError as error:
        raise Problem(503, "issuer-unavailable", "The sign-in service does not answer", str(error)) from None
    name = secrets.token_urlsafe(32)
    async with database.transaction(SYSTEM) as tx:
        await sessions.begin(tx.conn, digest(name), sign_in, datetime.now(UTC) + timedelta(minutes=_MINUTES))
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
    async with database.transaction(SYSTEM) as tx:
        sign_in = await sessions.take(tx.conn, digest(request.cookies.get(_sign_in_cookie(settings), "")))
    if sign_in is None or not secrets.compare_digest(state, sign_in.state) or (iss and iss != settings.issuer):
        raise Problem(
            400, "sign-in-over", "This sign-in is over", "It took too long, or began in another window. Sign in again."
        )
    if error or not code:
        raise Problem(403, "sign-in-refused", "The sign-in was refused", "The sign-in service did not let you in.")
    try:
        tokens = await issuer.exchange(code, _callback(settings), sign_in.verifier, sign_in.nonce)
    except SignInError as fault:
        raise Problem(502, "sign-in-failed", "The sign-in failed", f"{fault}. Try again.") from None
    principal = await verifier.verify(tokens.access_token)
    hours = timedelta(hours=settings.session_hours)
    session = Session(
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
        expires_at=datetime.now(UTC) + hours if tokens.refresh_token else tokens.expires_at,
    )
    name = secrets.token_urlsafe(32)
    async with database.transaction(SYSTEM) as tx:
        await sessions.save(tx.conn, digest(name), session)
    answer = RedirectResponse(sign_in.next, 303)
    answer.set_cookie(
        cookie_name(settings),
        name,
        expires=session.expires_at,
        path="/",
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )
    answer.delete_cookie(_sign_in_cookie(settings), path="/", secure=secure(settings))
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session here, then the issuer's."""
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    database: Database = request.app.state.database
    who: Caller | None = await of_session(request)
    ours = settings.gateway_url.rstrip("/") + "/"
    address: str | None = ours
    if who is not None and who.session is not None:
        await form_of(request, who)
        async with database.transaction(SYSTEM) as tx:
            await sessions.end(tx.conn, who.session_hash)
        try:
            address = await issuer.sign_out(who.session.id_token, ours)
        except SignInError:
            address = ours  # the session here is over in any case
    answer = RedirectResponse(address or ours, 303)
    answer.delete_cookie(cookie_name(settings), path="/", secure=secure(settings), httponly=True, samesite="lax")
    answer.set_cookie(_OUT, "1", max_age=300, path="/", secure=secure(settings), httponly=True, samesite="lax")
    return answer


def _callback(settings: Settings) -> str:
    return settings.gateway_url.rstrip("/") + "/callback"


def _sign_in_cookie(settings: Settings) -> str:
    return "__Host-plumbline-in" if secure(settings) else "plumbline_sign_in"


def _inside(address: str) -> str:
    """A place on this site, whatever was asked for: nobody is sent elsewhere after signing in."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    if not plain or parts.scheme or parts.netloc or any(ord(c) < 32 for c in address):
        return "/"
    return address

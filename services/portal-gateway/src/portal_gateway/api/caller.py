"""Who calls: a program with its token, or a browser with its session."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

import jwt
from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.limits import kind_of, limits_of
from portal_gateway.clients.issuer import Issuer, SignInError, SignInRefused
from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from portal_gateway.store.sessions import Session
from runtime import audit
from runtime.access import SYSTEM, Principal, Role
from runtime.auth import Verifier
from runtime.db import Database
from runtime.http import Problem

_EARLY: Final = timedelta(seconds=30)
"""Tokens are renewed this long before they end."""

_USED: Final = timedelta(seconds=60)
"""That somebody is there is noted this often."""

STREAM: Final = "/api/v1/stream"
"""What a page asks for by itself, whether or not somebody looks at it: it keeps no session alive."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, the token that acts for it elsewhere, and when its right to be here ends."""

    principal: Principal
    token: str
    until: datetime
    session: Session | None = None


def digest(name: str) -> bytes:
    """What is kept of a name given to a browser."""
    return hashlib.sha256(name.encode()).digest()


def cookie_name(settings: Settings) -> str:
    """What the session's cookie is called."""
    return bound(settings, "plumbline") if secure(settings) else "plumbline_session"


def bound(settings: Settings, name: str) -> str:
    """``__Host-`` binds a cookie to this host and to TLS; without TLS, on one's own machine, it cannot be used."""
    return f"__Host-{name}" if secure(settings) else name


def secure(settings: Settings) -> bool:
    """Whether people reach the portal by https."""
    return urlsplit(settings.gateway_url).scheme == "https"


async def caller(request: Request) -> Caller:
    """FastAPI dependency of the REST interface: a token or a session, else 401."""
    scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.verify(token.strip())
        # Verified just now; only its end is read here.
        claims = jwt.decode(token.strip(), options={"verify_signature": False})
        audit.by(principal)
        return admitted(request, Caller(principal, token.strip(), datetime.fromtimestamp(claims["exp"], UTC)))
    found = await of_session(request)
    if found is None:
        raise Problem(
            401,
            "no-token",
            _("Sign in, or send a token"),
            _("Send Authorization: Bearer <token>; plumbline token --as USER prints one. People sign in at /login."),
            headers={"WWW-Authenticate": 'Bearer realm="plumbline"'},
        )
    return admitted(request, found)


def admitted(request: Request, who: Caller) -> Caller:
    """The caller, who does not ask too often. Raises Problem 429 for one who does."""
    kind = kind_of(request)
    if kind is not None:
        limits_of(request).take(kind, who.principal.subject)
    return who


async def of_session(request: Request) -> Caller | None:
    """The caller by the session cookie, its tokens renewed where the issuer allows it."""
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    name = request.cookies.get(cookie_name(settings))
    if not name:
        return None
    now = database.clock()
    async with database.transaction(SYSTEM) as tx:
        session = await sessions.find(tx.conn, digest(name), now, settings.session_idle)
        if session is not None and now - session.seen_at > _USED and request.url.path != STREAM:
            await sessions.used(tx.conn, session.sid, now)
    if session is None:
        return None
    if session.token_expires_at - _EARLY <= now and session.refresh_token:
        session = await _renewed(request, session)
    if session is None or session.token_expires_at <= now:
        return None
    principal = Principal(
        subject=session.subject,
        role=cast("Role", session.role),
        organisation=session.organisation,
        country=session.country,
        name=session.name,
    )
    audit.by(principal)
    return Caller(principal, session.access_token, session.expires_at, session)


async def lasts(request: Request, who: Caller) -> bool:
    """Whether the caller may still be here: a session may have been ended elsewhere, or by nobody using it."""
    if who.session is None:
        return True
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    async with database.transaction(SYSTEM) as tx:
        return await sessions.lasts(tx.conn, who.session.sid, database.clock(), settings.session_idle)


async def _renewed(request: Request, session: Session) -> Session | None:
    """The session under new tokens and a new name; None where the issuer no longer knows the person.

    One request renews and the others wait for it: an issuer that is shown a refresh token twice ends everything.
    An issuer that does not answer ends nothing: the tokens serve as long as they last.
    """
    issuer: Issuer = request.app.state.issuer
    verifier: Verifier = request.app.state.verifier
    database: Database = request.app.state.database
    now = database.clock()
    async with database.transaction(SYSTEM) as tx:
        held = await sessions.lock(tx.conn, session.sid)
        if held is None or held.refresh_token is None or held.token_expires_at - _EARLY > now:
            return held
        try:
            tokens = await issuer.refresh(held.refresh_token)
            principal = await verifier.verify(tokens.access_token)
        except SignInRefused:
            await sessions.end(tx.conn, held.sid)
            return None
        except SignInError:
            return held
        except Problem as problem:
            if problem.status >= 500:
                return held
            await sessions.end(tx.conn, held.sid)
            return None
        if principal.subject != held.subject:
            await sessions.end(tx.conn, held.sid)
            return None
        name = secrets.token_urlsafe(32)
        rights = (principal.role, principal.organisation, principal.country)
        same = rights == (held.role, held.organisation, held.country)
        renewed = replace(
            held,
            role=principal.role,
            organisation=principal.organisation,
            country=principal.country,
            name=principal.name,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or held.refresh_token,
            token_expires_at=tokens.expires_at,
            csrf=held.csrf if same else secrets.token_urlsafe(24),  # a form opened with other rights is not sent
        )
        await sessions.renew(tx.conn, digest(name), renewed, now)
    request.state.session_cookie = cookie(request, name, renewed)
    return renewed


def cookie(request: Request, name: str, session: Session) -> str:
    """The header that gives a session's name to the browser."""
    settings: Settings = request.app.state.settings
    carrier = Response()
    carrier.set_cookie(
        cookie_name(settings),
        name,
        expires=session.expires_at,
        path="/",
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )
    return carrier.headers["set-cookie"]


def same(sent: str, kept: str) -> bool:
    """Whether what was sent is the secret that is kept; in a time that tells nothing, whatever was sent."""
    return secrets.compare_digest(sent.encode("utf-8", "replace"), kept.encode())


def same_origin(request: Request) -> None:
    """Refuse a form that another site sent: Origin, or Referer where a browser leaves Origin out."""
    settings: Settings = request.app.state.settings
    sent = request.headers.get("origin") or request.headers.get("referer", "")
    ours, theirs = urlsplit(settings.gateway_url), urlsplit(sent)
    if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
        raise Problem(
            403, "foreign-origin", _("The form came from elsewhere"), _("Open the page here and send it again.")
        )


async def form_of(request: Request, who: Caller) -> dict[str, str]:
    """A form's fields, after its origin and its session's own secret were checked."""
    same_origin(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    expected = who.session.csrf if who.session else ""
    if not expected or not same(form.pop("csrf", ""), expected):
        raise Problem(403, "stale-form", _("The form is too old"), _("Open the page again and send it once more."))
    return form


Api = Annotated[Caller, Depends(caller)]


def transaction(request: Request, who: Caller) -> Any:
    """A transaction as the caller: row-level security sees nobody else."""
    database: Database = request.app.state.database
    return database.transaction(who.principal)

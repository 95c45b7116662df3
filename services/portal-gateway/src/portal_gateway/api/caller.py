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

from portal_gateway.clients.issuer import Issuer, SignInError
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from portal_gateway.store.sessions import Session
from runtime.access import SYSTEM, Principal, Role
from runtime.auth import Verifier
from runtime.db import Database
from runtime.http import Problem

_EARLY: Final = timedelta(seconds=30)
"""Tokens are renewed this long before they end."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, the token that acts for it elsewhere, and when its right to be here ends."""

    principal: Principal
    token: str
    until: datetime
    session: Session | None = None
    session_hash: bytes = b""


def digest(name: str) -> bytes:
    """What is kept of a name given to a browser."""
    return hashlib.sha256(name.encode()).digest()


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host and to TLS; without TLS, on one's own machine, it cannot be used."""
    return "__Host-plumbline" if secure(settings) else "plumbline_session"


def secure(settings: Settings) -> bool:
    """Whether people reach the portal by https."""
    return urlsplit(settings.gateway_url).scheme == "https"


async def caller(request: Request) -> Caller:
    """FastAPI dependency of the REST interface: a token or a session, else 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.verify(token.strip())
        # Verified just now; only its end is read here.
        claims = jwt.decode(token.strip(), options={"verify_signature": False})
        return Caller(principal, token.strip(), datetime.fromtimestamp(claims["exp"], UTC))
    found = await of_session(request)
    if found is None:
        raise Problem(
            401,
            "no-token",
            "Sign in, or send a token",
            "Send Authorization: Bearer <token>; plumbline token --as USER prints one. People sign in at /login.",
            headers={"WWW-Authenticate": 'Bearer realm="plumbline"'},
        )
    return found


async def of_session(request: Request) -> Caller | None:
    """The caller by the session cookie, its tokens renewed where the issuer allows it."""
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    name = request.cookies.get(cookie_name(settings))
    if not name:
        return None
    key = digest(name)
    async with database.transaction(SYSTEM) as tx:
        session = await sessions.find(tx.conn, key)
    if session is None:
        return None
    if session.token_expires_at - _EARLY <= datetime.now(UTC) and session.refresh_token:
        renewed = await _renew(request, key, session)
        if renewed is None:
            return None
        session = renewed
    elif session.token_expires_at <= datetime.now(UTC):
        return None
    principal = Principal(
        subject=session.subject,
        role=cast("Role", session.role),
        organisation=session.organisation,
        country=session.country,
        name=session.name,
    )
    return Caller(principal, session.access_token, session.expires_at, session, key)


async def _renew(request: Request, key: bytes, session: Session) -> Session | None:
    issuer: Issuer = request.app.state.issuer
    verifier: Verifier = request.app.state.verifier
    database: Database = request.app.state.database
    assert session.refresh_token is not None
    try:
        tokens = await issuer.refresh(session.refresh_token)
        principal = await verifier.verify(tokens.access_token)
    except (SignInError, Problem):
        return None
    renewed = replace(
        session,
        role=principal.role,
        organisation=principal.organisation,
        country=principal.country,
        name=principal.name,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token or session.refresh_token,
        token_expires_at=tokens.expires_at,
    )
    async with database.transaction(SYSTEM) as tx:
        await sessions.renew(tx.conn, key, renewed)
    return renewed


def same_origin(request: Request) -> None:
    """Refuse a form that another site sent: Origin, or Referer where a browser leaves Origin out."""
    settings: Settings = request.app.state.settings
    sent = request.headers.get("origin") or request.headers.get("referer", "")
    ours, theirs = urlsplit(settings.gateway_url), urlsplit(sent)
    if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
        raise Problem(403, "foreign-origin", "The form came from elsewhere", "Open the page here and send it again.")


async def form_of(request: Request, who: Caller) -> dict[str, str]:
    """A form's fields, after its origin and its session's own secret were checked."""
    same_origin(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    expected = who.session.csrf if who.session else ""
    if not expected or not secrets.compare_digest(form.pop("csrf", ""), expected):
        raise Problem(403, "stale-form", "The form is too old", "Open the page again and send it once more.")
    return form


Api = Annotated[Caller, Depends(caller)]


def transaction(request: Request, who: Caller) -> Any:
    """A transaction as the caller: row-level security sees nobody else."""
    database: Database = request.app.state.database
    return database.transaction(who.principal)

"""Sessions and sign-ins under way. Names given to browsers are kept as digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that waits for its code: what must come back, and where to go then."""

    state: str
    nonce: str
    verifier: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser: the person's attributes and the tokens that act for them."""

    subject: str
    role: str
    organisation: str
    country: str
    name: str
    access_token: str
    refresh_token: str | None
    id_token: str | None
    csrf: str
    token_expires_at: datetime
    expires_at: datetime


async def begin(conn: Any, id_hash: bytes, sign_in: SignIn, expires_at: datetime) -> None:
    """Keep a sign-in under way, and forget those that were never finished."""
    await conn.execute("delete from sign_in where expires_at < now()")
    await conn.execute(
        "insert into sign_in (id_hash, state, nonce, verifier, next, expires_at) values ($1, $2, $3, $4, $5, $6)",
        id_hash,
        sign_in.state,
        sign_in.nonce,
        sign_in.verifier,
        sign_in.next,
        expires_at,
    )


async def take(conn: Any, id_hash: bytes) -> SignIn | None:
    """The sign-in under way, once: it is gone afterwards."""
    row = await conn.fetchrow(
        "delete from sign_in where id_hash = $1 and expires_at >= now() returning state, nonce, verifier, next",
        id_hash,
    )
    return SignIn(**row) if row else None


async def save(conn: Any, id_hash: bytes, session: Session) -> None:
    """Keep a session, and forget those that are over."""
    await conn.execute("delete from session where expires_at < now()")
    await conn.execute(
        "insert into session (id_hash, subject, role, organisation, country, name, access_token, refresh_token,"
        " id_token, csrf, token_expires_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id_hash,
        *(getattr(session, name) for name in Session.__dataclass_fields__),
    )


async def find(conn: Any, id_hash: bytes) -> Session | None:
    """The session of this name, while it lasts."""
    row = await conn.fetchrow(
        "select subject, role, organisation, country, name, access_token, refresh_token, id_token, csrf,"
        " token_expires_at, expires_at from session where id_hash = $1 and expires_at > now()",
        id_hash,
    )
    return Session(**row) if row else None


async def renew(conn: Any, id_hash: bytes, session: Session) -> None:
    """The session goes on under new tokens, with what they say about the person now."""
    await conn.execute(
        "update session set role = $2, organisation = $3, country = $4, name = $5, access_token = $6,"
        " refresh_token = $7, token_expires_at = $8, expires_at = $9 where id_hash = $1",
        id_hash,
        session.role,
        session.organisation,
        session.country,
        session.name,
        session.access_token,
        session.refresh_token,
        session.token_expires_at,
        session.expires_at,
    )


async def end(conn: Any, id_hash: bytes) -> Session | None:
    """End a session; returns it, so that the issuer can be told."""
    row = await conn.fetchrow(
        "delete from session where id_hash = $1 returning subject, role, organisation, country, name, access_token,"
        " refresh_token, id_token, csrf, token_expires_at, expires_at",
        id_hash,
    )
    return Session(**row) if row else None

"""Sessions and sign-ins under way. Names given to browsers are kept as digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

GRACE: Final = timedelta(seconds=60)
"""How long a session's name before serves requests that were under way when it was renamed."""


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

    sid: str
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
    agent: str = ""
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A session as its person sees it."""

    sid: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


_FIELDS: Final = ", ".join(Session.__dataclass_fields__)


async def begin(conn: Any, id_hash: bytes, sign_in: SignIn, expires_at: datetime, now: datetime) -> None:
    """Keep a sign-in under way, and forget those that were never finished."""
    await conn.execute("delete from sign_in where expires_at < $1", now)
    await conn.execute(
        "insert into sign_in (id_hash, state, nonce, verifier, next, expires_at) values ($1, $2, $3, $4, $5, $6)",
        id_hash,
        sign_in.state,
        sign_in.nonce,
        sign_in.verifier,
        sign_in.next,
        expires_at,
    )


async def take(conn: Any, id_hash: bytes, now: datetime) -> SignIn | None:
    """The sign-in under way, once: it is gone afterwards."""
    row = await conn.fetchrow(
        "delete from sign_in where id_hash = $1 and expires_at >= $2 returning state, nonce, verifier, next",
        id_hash,
        now,
    )
    return SignIn(**row) if row else None


async def save(conn: Any, id_hash: bytes, session: Session, now: datetime, idle: timedelta) -> None:
    """Keep a session, and forget those that are over."""
    await conn.execute(
        "delete from session where expires_at <= $1 or seen_at <= $1::timestamptz - $2::interval", now, idle
    )
    await conn.execute(
        f"insert into session (id_hash, created_at, renamed_at, {_FIELDS}) values ($1, $2, $2,"  # noqa: S608
        " $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        id_hash,
        now,
        *(getattr(session, name) for name in Session.__dataclass_fields__),
    )


async def find(conn: Any, id_hash: bytes, now: datetime, idle: timedelta) -> Session | None:
    """The session of this name, while it lasts and is used; a name of before serves for a moment."""
    row = await conn.fetchrow(
        f"select {_FIELDS} from session"  # noqa: S608 (names of our own)
        " where (id_hash = $1 or (previous_hash = $1 and renamed_at > $2::timestamptz - $4::interval))"
        " and expires_at > $2 and seen_at > $2::timestamptz - $3::interval",
        id_hash,
        now,
        idle,
        GRACE,
    )
    return Session(**row) if row else None


async def lock(conn: Any, sid: str) -> Session | None:
    """A session, held until this transaction ends: one renews it, the others see that it was."""
    row = await conn.fetchrow(f"select {_FIELDS} from session where sid = $1 for update", sid)  # noqa: S608
    return Session(**row) if row else None


async def used(conn: Any, sid: str, now: datetime) -> None:
    """Note that somebody is there."""
    await conn.execute("update session set seen_at = $2 where sid = $1 and seen_at < $2", sid, now)


async def lasts(conn: Any, sid: str, now: datetime, idle: timedelta) -> bool:
    """Whether a session still lasts."""
    return bool(
        await conn.fetchval(
            "select exists (select from session where sid = $1 and expires_at > $2"
            " and seen_at > $2::timestamptz - $3::interval)",
            sid,
            now,
            idle,
        )
    )


async def renew(conn: Any, id_hash: bytes, session: Session, now: datetime) -> None:
    """The session goes on under new tokens and a new name, with what they say about the person now."""
    await conn.execute(
        "update session set previous_hash = id_hash, id_hash = $2, renamed_at = $3, role = $4, organisation = $5,"
        " country = $6, name = $7, access_token = $8, refresh_token = $9, token_expires_at = $10, csrf = $11"
        " where sid = $1",
        session.sid,
        id_hash,
        now,
        session.role,
        session.organisation,
        session.country,
        session.name,
        session.access_token,
        session.refresh_token,
        session.token_expires_at,
        session.csrf,
    )


async def end(conn: Any, sid: str) -> bool:
    """End a session; whether there was one that the caller may end."""
    return bool(await conn.fetchval("delete from session where sid = $1 returning true", sid))


async def end_named(conn: Any, id_hash: bytes) -> None:
    """End the session of a name: whoever signs in anew leaves the one before."""
    await conn.execute("delete from session where id_hash = $1", id_hash)


async def end_of(conn: Any, subject: str) -> int:
    """End every session of a person; how many there were."""
    rows = await conn.fetch("delete from session where subject = $1 returning sid", subject)
    return len(rows)


async def of(conn: Any, subject: str, now: datetime, idle: timedelta) -> list[Signed]:
    """A person's sessions, the last used first."""
    rows = await conn.fetch(
        "select sid, agent, created_at, seen_at, expires_at from session where subject = $1 and expires_at > $2"
        " and seen_at > $2::timestamptz - $3::interval order by seen_at desc, sid",
        subject,
        now,
        idle,
    )
    return [Signed(**row) for row in rows]

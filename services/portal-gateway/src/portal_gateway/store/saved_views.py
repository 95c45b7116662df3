"""Saved views: wishes under a name, each its owner's; shared ones are read by the owner's organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 100
"""How many one person may keep."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """``query`` as in the address; ``own`` and ``standard`` say that it is the reader's, and default."""

    view_id: str
    name: str
    query: str
    shared: bool
    standard: bool
    own: bool


async def readable(conn: Any) -> list[SavedView]:
    """The caller's views by name, then those shared with the caller's organisation."""
    rows = await conn.fetch(
        "select view_id, name, query, shared, standard and subject = app_subject() as standard,"
        " subject = app_subject() as own from saved_view order by own desc, lower(name), view_id"
    )
    return [SavedView(**row) for row in rows]


async def default(conn: Any) -> str | None:
    """The query that the caller's list begins with, where one was chosen."""
    found: str | None = await conn.fetchval("select query from saved_view where subject = app_subject() and standard")
    return found


async def save(conn: Any, view_id: str, name: str, query: str, *, shared: bool, organisation: str) -> bool:
    """Keep a new view of the caller's, or another query under a name the caller has. False beyond the most."""
    done = await conn.fetchval(
        "insert into saved_view (view_id, subject, organisation, name, query, shared)"
        " select $1, app_subject(), $5, $2, $3, $4 where (select count(*) from saved_view"
        " where subject = app_subject()) < $6 or exists (select from saved_view"
        " where subject = app_subject() and name = $2)"
        " on conflict (subject, name) do update set query = excluded.query, shared = excluded.shared returning true",
        view_id,
        name,
        query,
        shared,
        organisation,
        MOST,
    )
    return bool(done)


async def change(
    conn: Any, view_id: str, *, name: str | None = None, shared: bool | None = None, standard: bool | None = None
) -> bool:
    """Rename, share, or make the default. False where the caller has no such view."""
    if standard:
        await conn.execute("update saved_view set standard = false where subject = app_subject() and standard")
    done = await conn.fetchval(
        "update saved_view set name = coalesce($2, name), shared = coalesce($3, shared),"
        " standard = coalesce($4, standard) where view_id = $1 and subject = app_subject() returning true",
        view_id,
        name,
        shared,
        standard,
    )
    return bool(done)


async def delete(conn: Any, view_id: str) -> bool:
    """Forget a view of the caller's."""
    return bool(
        await conn.fetchval(
            "delete from saved_view where view_id = $1 and subject = app_subject() returning true", view_id
        )
    )

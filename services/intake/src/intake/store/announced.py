"""What is said to the world once."""

from __future__ import annotations

from typing import Any


async def first_time(conn: Any, name: str) -> bool:
    """Whether this is the first time something is published; remembers it."""
    found = await conn.fetchval(
        "insert into published_once (name) values ($1) on conflict do nothing returning name", name
    )
    return found is not None


async def last_closed_day(conn: Any) -> str | None:
    """The last UTC day whose end was announced."""
    found: str | None = await conn.fetchval("select max(name) from published_once where name like 'day:%'")
    return found

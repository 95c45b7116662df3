"""The bytes of files until they are processed (ADR 0063)."""

from __future__ import annotations

from typing import Any


async def add(conn: Any, id_: str, part: int, content: bytes) -> None:
    """Keep a piece of an upload."""
    await conn.execute("insert into upload (submission_id, part, bytes) values ($1, $2, $3)", id_, part, content)


async def part(conn: Any, id_: str, part: int) -> bytes | None:
    """A piece of an upload."""
    found: bytes | None = await conn.fetchval(
        "select bytes from upload where submission_id = $1 and part = $2", id_, part
    )
    return found


async def forget(conn: Any, id_: str) -> None:
    """Drop the bytes of an upload that is finished or was refused."""
    await conn.execute("delete from upload where submission_id = $1", id_)

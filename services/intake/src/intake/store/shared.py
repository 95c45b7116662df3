"""Facts that no single project owns: their version clocks and current versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Clock:
    """The version clock of an ordering key, locked by this transaction."""

    key: str
    sequence: int
    recordedtime: datetime | None


SharedRow = tuple[str, str, bytes, int]
"""A fact to keep: business key, ordering key, digest (none of a tombstone), sequence."""


async def lock(conn: Any, keys: Sequence[str]) -> dict[str, Clock]:
    """Lock the clocks of these ordering keys, in order; a new one begins at nought."""
    ordered = sorted(set(keys))
    await conn.execute(
        "insert into shared_clock (key) select k from unnest($1::text[]) as k order by k on conflict do nothing",
        ordered,
    )
    rows = await conn.fetch(
        "select key, sequence, nullif(recordedtime, '-infinity') as recordedtime from shared_clock"
        " where key = any($1) order by key for update",
        ordered,
    )
    return {r["key"]: Clock(r["key"], r["sequence"], r["recordedtime"]) for r in rows}


async def known(conn: Any, keys: Sequence[str]) -> dict[str, tuple[str, bytes, bool]]:
    """The current versions of these facts: ordering key, digest, whether it was taken back."""
    rows = await conn.fetch("select key, ordering, digest, tombstone from shared_fact where key = any($1)", list(keys))
    return {r["key"]: (r["ordering"], r["digest"], r["tombstone"]) for r in rows}


async def save(conn: Any, clocks: Sequence[Clock], rows: Sequence[SharedRow]) -> None:
    """Advance the clocks and replace the current versions."""
    await conn.execute(
        "update shared_clock c set sequence = x.s, recordedtime = x.r"
        " from unnest($1::text[], $2::bigint[], $3::timestamptz[]) as x(k, s, r) where c.key = x.k",
        [c.key for c in clocks],
        [c.sequence for c in clocks],
        [c.recordedtime for c in clocks],
    )
    latest = {row[0]: row for row in rows}
    ordered = [latest[key] for key in sorted(latest)]
    await conn.execute(
        "insert into shared_fact (key, ordering, digest, tombstone, sequence)"
        " select k, o, d, length(d) = 0, s from unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[])"
        " as x(k, o, d, s) on conflict (key) do update set ordering = excluded.ordering, digest = excluded.digest,"
        " tombstone = excluded.tombstone, sequence = excluded.sequence",
        *([row[i] for row in ordered] for i in range(4)),
    )

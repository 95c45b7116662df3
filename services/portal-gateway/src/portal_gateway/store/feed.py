"""The feed: one order over everything the portal shows, and reading it from a place on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.watch import EVERYTHING, Watch

CHANNEL: Final = "feed"
"""NOTIFY channel: a hint that there is more, never the data (ADR 0041)."""

_LOCK: Final = 0x46454544


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the feed; ``data`` is the JSON that is sent. ``subscriber`` is set for a person's messages;
    ``beside:`` and a class is of what is told to those whom that class leaves out."""

    seq: int
    kind: str
    key: str
    classification: str
    owner: str | None
    subscriber: str | None
    data: str
    traceparent: str | None


async def claim(conn: Any) -> None:
    """Become the one writer of the feed until this transaction ends, so that its order is that of commits."""
    await conn.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def announce(conn: Any) -> None:
    """Wake the fan-out of every gateway once this transaction commits."""
    await conn.execute("select pg_notify($1, '')", CHANNEL)


async def last(conn: Any) -> int:
    """The place of the newest committed entry, 0 where there is none; to be asked as the service itself.

    The sequence cannot be asked instead: it is ahead of what has been committed.
    """
    return int(
        await conn.fetchval(
            "select greatest(0, (select max(seq) from figure), (select max(seq) from withheld_figure),"
            " (select max(seq) from message),"
            " (select max(seq) from receipt), (select max(seq) from alert), (select max(seq) from project))"
        )
    )


# The condition is the twin of ``domain/watch.py``: a figure by its key, or by one of the names it shares with others.
_AFTER: Final = (
    # Not named as a class: what is said of it is said where it is sent.
    "select seq, kind, key, classification as shown_to, owner, subscriber, data, traceparent from feed"
    " where seq > $1 and kind = any($3::text[])"
    " and (kind <> 'project' or $4::text[] is null or key = any($4))"
    " and (kind <> 'metric' or $5::text[] is null or key = any($5) or ($6 and exists ("
    "select from (values (split_part(key, '|', 1), substr(key, strpos(key, '|') + 1))) as f(metric, scope),"
    " unnest(array[scope, split_part(split_part(scope, '|', 1), ':', 1) || ':*', '*',"
    " case when strpos(scope, '|') > 0 then split_part(scope, '|', 1) || '|*' end]) as way"
    " where metric || '|' || way = any($5) or '*|' || way = any($5))))"
    " order by seq limit $2"
)


async def after(conn: Any, seq: int, limit: int, watch: Watch = EVERYTHING) -> list[Entry]:
    """Up to ``limit`` entries behind ``seq`` that the caller may read and watches, in order."""
    rows = await conn.fetch(
        _AFTER,
        seq,
        limit,
        list(watch.kinds),
        list(watch.projects) if watch.projects is not None else None,
        list(watch.figures) if watch.figures is not None else None,
        watch.wild,
    )
    return [Entry(*row) for row in rows]

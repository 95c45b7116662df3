"""Figures and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Stored:
    """A figure's newest state: ``data`` is the event's payload as it came."""

    metric: str
    scope: str
    kind: str
    classification: str
    owner: str | None
    revision: int
    updated_at: datetime
    data: str
    traceparent: str | None
    withheld: str | None = None
    in_its_place: str = ""
    """What is told of it where it is withheld, and why: for readers beyond its class."""


async def save(conn: Any, figures: Sequence[Stored]) -> None:
    """Keep each figure that is newer than what is known; keys are unique within one call."""
    await conn.execute(
        "insert into figure (metric, scope, kind, classification, owner, revision, updated_at, data, traceparent, seq)"
        " select x.*, nextval('feed_seq') from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::bigint[], $7::timestamptz[], $8::jsonb[], $9::text[]) as x order by 1, 2"
        " on conflict (metric, scope) do update set kind = excluded.kind, classification = excluded.classification,"
        " owner = excluded.owner, revision = excluded.revision, updated_at = excluded.updated_at,"
        " data = excluded.data, traceparent = excluded.traceparent, seq = excluded.seq"
        " where figure.revision < excluded.revision",
        [f.metric for f in figures],
        [f.scope for f in figures],
        [f.kind for f in figures],
        [f.classification for f in figures],
        [f.owner for f in figures],
        [f.revision for f in figures],
        [f.updated_at for f in figures],
        [f.data for f in figures],
        [f.traceparent for f in figures],
    )
    await _save_withheld(conn, [f for f in figures if f.withheld])
    await _forget_withheld(conn, [f for f in figures if not f.withheld])


async def _save_withheld(conn: Any, figures: Sequence[Stored]) -> None:
    """Say of newest figures that they are withheld, once: a figure that moves meanwhile must not be seen to."""
    if not figures:
        return
    await conn.execute(
        "insert into withheld_figure (metric, scope, kind, classification, owner, reason, updated_at, data, seq)"
        " select x.m, x.s, f.kind, f.classification, f.owner, x.why, f.updated_at, x.d, nextval('feed_seq')"
        " from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::jsonb[]) as x(m, s, r, why, d)"
        " join figure f on f.metric = x.m and f.scope = x.s and f.revision = x.r order by 1, 2"
        " on conflict (metric, scope) do update set classification = excluded.classification, owner = excluded.owner,"
        " reason = excluded.reason, updated_at = excluded.updated_at, data = excluded.data, seq = excluded.seq"
        " where (withheld_figure.reason, withheld_figure.classification, withheld_figure.owner)"
        " is distinct from (excluded.reason, excluded.classification, excluded.owner)",
        [f.metric for f in figures],
        [f.scope for f in figures],
        [f.revision for f in figures],
        [f.withheld for f in figures],
        [f.in_its_place for f in figures],
    )


async def _forget_withheld(conn: Any, figures: Sequence[Stored]) -> None:
    """Newest figures that are not withheld (any more) speak for themselves."""
    if not figures:
        return
    await conn.execute(
        "delete from withheld_figure w using figure f, unnest($1::text[], $2::text[], $3::bigint[]) as x(m, s, r)"
        " where w.metric = x.m and w.scope = x.s and f.metric = x.m and f.scope = x.s and f.revision = x.r",
        [f.metric for f in figures],
        [f.scope for f in figures],
        [f.revision for f in figures],
    )


async def one(conn: Any, metric: str, scope: str) -> dict[str, Any] | None:
    """A figure as the caller may know of it."""
    row = await conn.fetchrow("select data, seq from told_figure where metric = $1 and scope = $2", metric, scope)
    return _figure(row) if row else None


async def several(conn: Any, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Those of the figures named by (metric, scope) that exist and that the caller may know of."""
    rows = await conn.fetch(
        "select f.metric, f.scope, f.data, f.seq from told_figure f"
        " join unnest($1::text[], $2::text[]) as k(metric, scope) using (metric, scope)",
        [metric for metric, _ in keys],
        [scope for _, scope in keys],
    )
    return {(row["metric"], row["scope"]): _figure(row) for row in rows}


_LISTED = (
    "from told_figure where ($1::text is null or metric = $1) and ($2::text is null or kind = $2)"
    " and ($3::text[] is null or scope = any($3) or position(lower($4) in lower(scope)) > position(':' in scope))"
)
"""Figures of a metric and a kind of scope, of these scopes or whose own code has a part."""


async def page(
    conn: Any,
    *,
    metric: str | None,
    kind: str | None,
    after: tuple[str, str] | None,
    limit: int,
    scopes: Sequence[str] | None = None,
    part: str = "",
) -> list[dict[str, Any]]:
    """Figures by metric and scope, from behind ``after`` on; ``scopes`` only these, or whose own code has ``part``."""
    rows = await conn.fetch(
        f'select data, seq {_LISTED} and ($5::text is null or (metric, scope collate "C") > ($5, $6 collate "C"))'
        ' order by metric, scope collate "C" limit $7',
        metric,
        kind,
        list(scopes) if scopes is not None else None,
        part,
        *(after or (None, None)),
        limit,
    )
    return [_figure(row) for row in rows]


async def count(conn: Any, metric: str, kind: str, *, scopes: Sequence[str] | None = None, part: str = "") -> int:
    """How many figures ``page`` has in all, that the caller may know of."""
    wanted = list(scopes) if scopes is not None else None
    return int(await conn.fetchval(f"select count(*) {_LISTED}", metric, kind, wanted, part))


async def kinds(conn: Any, metrics: Sequence[str], of: Sequence[str]) -> list[tuple[str, str]]:
    """Which metrics exist for which kinds of scope, in the orders given: one look into an index for each pair."""
    rows = await conn.fetch(
        "select m.metric, k.kind from unnest($1::text[]) with ordinality as m(metric, i)"
        " cross join unnest($2::text[]) with ordinality as k(kind, i)"
        " where exists (select from told_figure f where f.metric = m.metric and f.kind = k.kind) order by m.i, k.i",
        list(metrics),
        list(of),
    )
    return [(row["metric"], row["kind"]) for row in rows]


async def save_alerts(conn: Any, alerts: Sequence[tuple[str, str | None, str | None, str, datetime, str]]) -> None:
    """Keep alerts once each: id, project, entity, class, instant, payload."""
    await conn.execute(
        "insert into alert (alert_id, project_id, entity, classification, raised_at, data, seq)"
        " select x.*, nextval('feed_seq') from unnest($1::text[], $2::text[], $3::text[], $4::text[],"
        " $5::timestamptz[], $6::jsonb[]) as x on conflict do nothing",
        *(list(column) for column in zip(*alerts, strict=True)),
    )


async def alerts(conn: Any, *, project_id: str | None = None, limit: int) -> list[dict[str, Any]]:
    """The latest alerts that the caller may read."""
    rows = await conn.fetch(
        "select data from alert where $1::text is null or project_id = $1 order by raised_at desc limit $2",
        project_id,
        limit,
    )
    return [orjson.loads(row["data"]) for row in rows]


def _figure(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row["data"])
    return found | {"seq": row["seq"]}

"""What is done where and by whom, and who reports: counted of what the caller may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson


async def entities(conn: Any) -> list[dict[str, Any]]:
    """Each entity with a project: ``entity``, ``name``, ``projects``, ``countries``, ``updated_at`` of the latest."""
    rows = await conn.fetch(
        "select p.entity, (array_agg(entity_name order by updated_at desc) filter (where entity_name is not null))[1]"
        " as name, count(*) as projects, max(updated_at) as updated_at,"
        " (select count(distinct place) from project q, unnest(q.places) place where q.entity = p.entity"
        " and not q.withdrawn and place ~ '^[A-Z]{2}$') as countries"
        " from project p where not withdrawn group by p.entity"
    )
    return [dict(row) for row in rows]


async def entity(conn: Any, ref: str) -> dict[str, Any] | None:
    """One entity as its projects make it known; None where the caller may read none of them."""
    row = await conn.fetchrow(
        "select (array_agg(entity_name order by updated_at desc) filter (where entity_name is not null))[1] as name,"
        " count(*) as projects, max(updated_at) as updated_at,"
        " (select count(distinct place) from project q, unnest(q.places) place where q.entity = $1"
        " and not q.withdrawn and place ~ '^[A-Z]{2}$') as countries,"
        " (select array_agg(distinct pillar order by pillar) from project q, unnest(q.pillars) pillar"
        " where q.entity = $1 and not q.withdrawn) as pillars"
        " from project where entity = $1 and not withdrawn",
        ref,
    )
    return dict(row) if row["projects"] else None


async def last_received(conn: Any) -> dict[str, datetime]:
    """When each entity was heard of last, where the caller may read its receipts."""
    rows = await conn.fetch("select entity, max(received_at) from receipt group by entity")
    return {row[0]: row[1] for row in rows}


async def received_by_month(conn: Any, entity: str, since: datetime) -> list[tuple[datetime, int, int]]:
    """Submissions by month from ``since`` on: the month's first instant, how many came, how many of them were held
    back in part or whole."""
    rows = await conn.fetch(
        "select date_trunc('month', received_at at time zone 'UTC') at time zone 'UTC' as month, count(*),"
        " count(*) filter (where data->>'outcome' in ('quarantined', 'partly-quarantined'))"
        " from receipt where entity = $1 and received_at >= $2 group by 1 order by 1",
        entity,
        since,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def projects(
    conn: Any, *, entity: str | None = None, places: Sequence[str] | None = None, pillar: str | None = None, limit: int
) -> list[dict[str, Any]]:
    """Projects, the last changed first."""
    rows = await conn.fetch(
        "select data, updated_at from project where not withdrawn and ($1::text is null or entity = $1)"
        " and ($2::text[] is null or places && $2) and ($3::text is null or pillars @> array[$3])"
        " order by updated_at desc, project_id desc limit $4",
        entity,
        list(places) if places is not None else None,
        pillar,
        limit,
    )
    return [orjson.loads(row["data"]) | {"updated_at": row["updated_at"]} for row in rows]


async def at_work(
    conn: Any, *, places: Sequence[str] | None = None, pillar: str | None = None, each: int
) -> list[dict[str, Any]]:
    """Entities with projects there: ``entity``, ``name``, how many ``projects``, and the ``latest`` of them.

    In the order of their names, which is no order of merit.
    """
    rows = await conn.fetch(
        "with found as (select project_id, entity, entity_name, data->'title' as title,"
        " row_number() over (partition by entity order by updated_at desc, project_id) as n,"
        " count(*) over (partition by entity) as projects from project where not withdrawn"
        " and ($1::text[] is null or places && $1) and ($2::text is null or pillars @> array[$2]))"
        " select entity, max(entity_name) as name, max(projects) as projects,"
        " jsonb_agg(jsonb_build_object('project_id', project_id, 'title', title) order by n) as latest"
        " from found where n <= $3 group by entity order by lower(coalesce(max(entity_name), entity)), entity",
        list(places) if places is not None else None,
        pillar,
        each,
    )
    return [dict(row) | {"latest": orjson.loads(row["latest"])} for row in rows]


async def count(conn: Any, *, places: Sequence[str] | None = None, pillar: str | None = None) -> tuple[int, int]:
    """How many projects, of how many entities; with ``pillar`` those that serve it, with an empty one none."""
    row = await conn.fetchrow(
        "select count(*), count(distinct entity) from project where not withdrawn"
        " and ($1::text[] is null or places && $1)"
        " and case $2 when '' then pillars = '{}' else $2 is null or pillars @> array[$2] end",
        list(places) if places is not None else None,
        pillar,
    )
    return row[0], row[1]


async def by_place(conn: Any, *, pillar: str | None = None) -> dict[str, tuple[int, int]]:
    """Projects, and their entities, by the country or region they name."""
    rows = await conn.fetch(
        "select place, count(*), count(distinct entity) from project, unnest(places) place where not withdrawn"
        " and ($1::text is null or pillars @> array[$1]) group by place",
        pillar,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def figures_of_kind(
    conn: Any, metrics: Sequence[str], kind: str, *, first: str | None = None
) -> list[dict[str, Any]]:
    """Figures of these metrics over a kind of scope; of two codes, those whose first is ``first``."""
    rows = await conn.fetch(
        "select data, seq from told_figure where metric = any($1) and kind = $2"
        " and ($3::text is null or starts_with(scope, $3))",
        list(metrics),
        kind,
        f"{kind}:{first}|" if first is not None else None,
    )
    return [orjson.loads(row["data"]) | {"seq": row["seq"]} for row in rows]


async def unusable(conn: Any, entity: str, after: tuple[str, str], limit: int) -> list[dict[str, Any]]:
    """Indicators of an entity that are due and not scored, in order, from behind ``after`` on: project and indicator
    with their titles, the state and the flags of M1."""
    rows = await conn.fetch(
        "select i.project_id, i.indicator_id, i.title, i.project, i.result_id,"
        " f.data->'parts'->>'state' as state, f.data->'flags' as flags"
        " from (select p.project_id, i.indicator_id, i.title, i.result_id, p.data->'title' as project,"
        " 'indicator:' || p.project_id || '|' || i.indicator_id as scope"
        " from project p join indicator i using (project_id) where p.entity = $1 and not p.withdrawn"
        " and not i.withdrawn and (p.project_id, i.indicator_id) > ($2, $3) offset 0) i"
        " join figure f on f.metric = 'M1' and f.scope = i.scope"
        " where f.data->>'value' is null and f.data->>'state' <> 'NOT_APPLICABLE'"
        " order by i.project_id, i.indicator_id limit $4",
        entity,
        *after,
        limit,
    )
    return [dict(row) | {"project": orjson.loads(row["project"]), "flags": orjson.loads(row["flags"])} for row in rows]

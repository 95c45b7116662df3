"""What the index of projects is made of, and who may read which of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import orjson


async def newest(conn: Any) -> int:
    """The place in the feed of the newest project or figure, 0 where there is none; to be asked as the service."""
    return int(await conn.fetchval("select greatest(0, (select max(seq) from project), (select max(seq) from figure))"))


async def touched(conn: Any, after: int, metrics: Collection[str]) -> list[str]:
    """Projects that changed behind a place in the feed, themselves or in one of these figures of theirs."""
    rows = await conn.fetch(
        "select project_id from project where seq > $1 union"
        " select substr(scope, 9) from figure where seq > $1 and kind = 'project' and metric = any($2)",
        after,
        list(metrics),
    )
    return [row[0] for row in rows]


async def everything(conn: Any) -> list[str]:
    """Every project that is not withdrawn."""
    return [row[0] for row in await conn.fetch("select project_id from project where not withdrawn")]


async def states(conn: Any, project_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What the index keeps of these projects, less those that are withdrawn; ``changed`` in µs of Unix time."""
    rows = await conn.fetch(
        "select project_id, entity, entity_name, classification, seq, words,"
        " (extract(epoch from updated_at) * 1000000)::bigint as changed,"
        " jsonb_build_object('title', data->'title', 'status', data->'status', 'dates', data->'dates',"
        " 'allocations', data->'allocations') as data"
        " from project where project_id = any($1) and not withdrawn",
        list(project_ids),
    )
    return [dict(row) | orjson.loads(row["data"]) for row in rows]


async def standing(conn: Any, project_ids: Sequence[str]) -> dict[str, int]:
    """The place in the feed of each of these projects that is not withdrawn."""
    rows = await conn.fetch(
        "select project_id, seq from project where project_id = any($1) and not withdrawn", list(project_ids)
    )
    return {row[0]: row[1] for row in rows}


async def own_figures(conn: Any, project_ids: Sequence[str], metrics: Collection[str]) -> list[dict[str, Any]]:
    """These metrics of these projects, of their parts those that facets and orders read."""
    # Scopes are made first (``offset 0``): under a policy no index serves a join on what a function makes.
    rows = await conn.fetch(
        "select f.metric, k.project_id, f.classification, f.owner, jsonb_build_object('value', f.data->'value',"
        " 'state', f.data->'state', 'parts', case f.metric"
        " when 'M4' then jsonb_build_object('budget_cents', f.data->'parts'->'budget_cents')"
        " when 'M8' then jsonb_build_object('design', f.data->'parts'->'design')"
        " when 'M10' then jsonb_build_object('band', f.data->'parts'->'band', 'residual', f.data->'parts'->'residual')"
        " else jsonb_build_object('by_weight', f.data->'parts'->'by_weight') end) as data"
        " from (select id as project_id, 'project:' || id as scope from unnest($1::text[]) as id offset 0) k"
        " cross join unnest($2::text[]) as m(metric) join figure f on f.metric = m.metric and f.scope = k.scope",
        list(project_ids),
        list(metrics),
    )
    return [dict(row) | orjson.loads(row["data"]) for row in rows]


async def readable(conn: Any, shelves: Sequence[tuple[str, str]]) -> list[bool]:
    """Of each class and entity whether the caller may read its projects: the policy of the table, asked itself."""
    rows = await conn.fetch(
        "select may_read(classification, entity) from unnest($1::text[], $2::text[])"
        " with ordinality as x(classification, entity, n) order by n",
        [classification for classification, _ in shelves],
        [entity for _, entity in shelves],
    )
    return [row[0] for row in rows]

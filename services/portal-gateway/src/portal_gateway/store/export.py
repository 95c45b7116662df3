"""What belongs to many projects at once, for files: what a project's own page reads one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson


async def indicators(conn: Any, project_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Of each project its indicators as ``projects.indicators`` has them."""
    rows = await conn.fetch(
        "select i.project_id, i.data, coalesce(o.found, '[]') as observations from indicator i left join lateral ("
        "select jsonb_agg(jsonb_build_object('data', data, 'replaced', replaced)"
        " order by period_end, period_start, place, ordinal) as found"
        " from told_observation where project_id = i.project_id and indicator_id = i.indicator_id and not retracted"
        ") o on true where i.project_id = any($1) and not i.withdrawn"
        " order by i.project_id, i.result_type, i.result_id, i.indicator_id",
        list(project_ids),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        indicator = orjson.loads(row["data"]) | {"observations": orjson.loads(row["observations"])}
        found.setdefault(row["project_id"], []).append(indicator)
    return found


async def budgets(conn: Any, project_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Of each project its budget lines as ``projects.budgets`` has them."""
    rows = await conn.fetch(
        "select project_id, data from budget where project_id = any($1)"
        " order by project_id, period_start, period_end, type",
        list(project_ids),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append(orjson.loads(row["data"]))
    return found


async def revision(conn: Any) -> int:
    """The newest place in the feed of a project or a figure that the caller may read, 0 where there is none."""
    return int(await conn.fetchval("select greatest(0, (select max(seq) from project), (select max(seq) from figure))"))

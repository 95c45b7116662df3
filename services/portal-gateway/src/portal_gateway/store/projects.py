"""Projects with their indicators, observations and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson


async def save(conn: Any, projects: Sequence[dict[str, Any]]) -> None:
    """Keep each project state that is newer than what is known; identifiers are unique within one call."""
    await conn.execute(
        "insert into project (project_id, entity, entity_name, classification, version, demonstration, pillars, places,"
        " data, words, updated_at, seq)"
        " select x.*, nextval('feed_seq') from jsonb_to_recordset($1::jsonb) as x(project_id text, entity text,"
        " entity_name text, classification text, version text, demonstration boolean, pillars text[], places text[],"
        " data jsonb, words text, updated_at timestamptz) order by project_id"
        " on conflict (project_id) do update set entity = excluded.entity, entity_name = excluded.entity_name,"
        " classification = excluded.classification, version = excluded.version, withdrawn = false,"
        " demonstration = excluded.demonstration, pillars = excluded.pillars, places = excluded.places,"
        " data = excluded.data, words = excluded.words, updated_at = excluded.updated_at, seq = excluded.seq"
        " where project.version < excluded.version",
        orjson.dumps(list(projects)).decode(),
    )


async def set_status(conn: Any, project_id: str, status: str, version: str, at: datetime) -> None:
    """The project moved to another ActivityStatus."""
    await conn.execute(
        "update project set data = jsonb_set(data, '{status}', to_jsonb($2::text)), version = $3, updated_at = $4,"
        " seq = nextval('feed_seq') where project_id = $1 and version < $3",
        project_id,
        status,
        version,
        at,
    )


async def withdraw(conn: Any, project_id: str, version: str, at: datetime) -> None:
    """The project leaves the lists; a later state brings it back."""
    await conn.execute(
        "update project set withdrawn = true, version = $2, updated_at = $3, seq = nextval('feed_seq')"
        " where project_id = $1 and version < $2",
        project_id,
        version,
        at,
    )


async def save_indicators(conn: Any, rows: Sequence[tuple[str, str, str, str, str, str, str]]) -> None:
    """Keep indicators: project, indicator, result type, result, version, title, payload; keys unique."""
    await conn.execute(
        "insert into indicator (project_id, indicator_id, result_type, result_id, version, title, data)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])"
        " as x(a, b, c, d, e, f, g) order by a, b"
        " on conflict (project_id, indicator_id) do update set result_type = excluded.result_type,"
        " result_id = excluded.result_id, version = excluded.version, withdrawn = false, title = excluded.title,"
        " data = excluded.data where indicator.version < excluded.version",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def withdraw_indicator(conn: Any, project_id: str, indicator_id: str, version: str) -> None:
    """A later edition no longer has the indicator."""
    await conn.execute(
        "update indicator set withdrawn = true, version = $3"
        " where project_id = $1 and indicator_id = $2 and version < $3",
        project_id,
        indicator_id,
        version,
    )


async def save_observations(conn: Any, rows: Sequence[tuple[str, str, date, date, str, int, str, bool, str]]) -> None:
    """Keep actuals: project, indicator, period, place, ordinal, version, retracted, payload; keys unique.

    A value that another one replaces is kept beside it. A retraction keeps the value it takes back.
    """
    await conn.execute(
        "insert into observation (project_id, indicator_id, period_start, period_end, place, ordinal, version,"
        " retracted, data) select * from unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[], $6::int[],"
        " $7::text[], $8::boolean[], $9::jsonb[]) as x(a, b, c, d, e, f, g, h, i) order by a, b, c, d, e, f"
        " on conflict (project_id, indicator_id, period_start, period_end, place, ordinal) do update set"
        " replaced = case when observation.data->>'value' is distinct from excluded.data->>'value'"
        " and observation.data->>'value' is not null and not excluded.retracted"
        " then observation.replaced || jsonb_build_array(observation.data->'value') else observation.replaced end,"
        " data = case when excluded.retracted then observation.data else excluded.data end,"
        " version = excluded.version, retracted = excluded.retracted"
        " where observation.version < excluded.version",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def save_budgets(conn: Any, rows: Sequence[tuple[str, date, date, str, str, str]]) -> None:
    """Keep budget lines: project, period, type, version, payload; keys unique."""
    await conn.execute(
        "insert into budget (project_id, period_start, period_end, type, version, data)"
        " select * from unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::text[], $6::jsonb[])"
        " as x(a, b, c, d, e, f) order by a, b, c, d"
        " on conflict (project_id, period_start, period_end, type) do update set version = excluded.version,"
        " data = excluded.data where budget.version < excluded.version",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def forget_budgets(conn: Any, project_ids: Sequence[str], versions: Sequence[str]) -> None:
    """Drop the lines that a newer state of the project, which lists its budgets whole, no longer has."""
    await conn.execute(
        "delete from budget using unnest($1::text[], $2::text[]) as x(project_id, version)"
        " where budget.project_id = x.project_id and budget.version < x.version",
        list(project_ids),
        list(versions),
    )


async def one(conn: Any, project_id: str) -> dict[str, Any] | None:
    """A project that the caller may read, withdrawn ones too: their history stays."""
    row = await conn.fetchrow(
        "select project_id, entity, entity_name, classification, withdrawn, demonstration, data, updated_at, seq"
        " from project where project_id = $1",
        project_id,
    )
    return _project(row) if row else None


async def indicators(conn: Any, project_id: str) -> list[dict[str, Any]]:
    """The project's indicators by result, each with its observations by period."""
    rows = await conn.fetch(
        "select i.data, i.indicator_id, coalesce(o.found, '[]') as observations from indicator i left join lateral ("
        "select jsonb_agg(jsonb_build_object('data', data, 'replaced', replaced)"
        " order by period_end, period_start, place, ordinal) as found"
        " from told_observation where project_id = i.project_id and indicator_id = i.indicator_id and not retracted"
        ") o on true where i.project_id = $1 and not i.withdrawn"
        " order by i.result_type, i.result_id, i.indicator_id",
        project_id,
    )
    return [orjson.loads(row["data"]) | {"observations": orjson.loads(row["observations"])} for row in rows]


async def budgets(conn: Any, project_id: str) -> list[dict[str, Any]]:
    """The project's budget lines by period; a revised line stands after the original."""
    rows = await conn.fetch(
        "select data from budget where project_id = $1 order by period_start, period_end, type", project_id
    )
    return [orjson.loads(row["data"]) for row in rows]


async def several(conn: Any, project_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of the projects that the caller may read and that are not withdrawn, in the order they are named."""
    rows = await conn.fetch(
        "select project_id, entity, entity_name, classification, withdrawn, demonstration, data, updated_at, seq"
        " from unnest($1::text[]) with ordinality as k(project_id, n) join project using (project_id)"
        " where not withdrawn order by k.n",
        list(project_ids),
    )
    return [_project(row) for row in rows]


async def totals(conn: Any) -> tuple[int, int]:
    """How many projects, of how many entities, the caller may read."""
    row = await conn.fetchrow("select count(*), count(distinct entity) from project where not withdrawn")
    return row[0], row[1]


async def invented(conn: Any) -> tuple[bool, bool]:
    """Whether any project that the caller may read is invented for a demonstration, and whether any is not."""
    row = await conn.fetchrow(
        "select exists (select from project where demonstration), exists (select from project where not demonstration)"
    )
    return row[0], row[1]


async def titles(
    conn: Any, *, projects: Sequence[str], entities: Sequence[str], indicators: Sequence[tuple[str, str]]
) -> list[tuple[str, Any]]:
    """Names for scopes, of what the caller may read: (code, title by language), an entity's as it stands; an
    indicator's code is its scope.
    """
    rows = await conn.fetch(
        "select project_id, data->>'title' from project where project_id = any($1)"
        " union all select * from (select distinct on (entity) entity, to_jsonb(entity_name)::text from project"
        " where entity = any($2) and entity_name is not null order by entity, updated_at desc) e"
        " union all select 'indicator:' || project_id || '|' || indicator_id, data->>'title' from indicator"
        " where (project_id, indicator_id) in (select * from unnest($3::text[], $4::text[])) and title <> ''",
        list(projects),
        list(entities),
        [project for project, _ in indicators],
        [indicator for _, indicator in indicators],
    )
    return [(row[0], orjson.loads(row[1])) for row in rows if row[1]]


async def results(conn: Any, project_id: str) -> list[tuple[str, Any]]:
    """Titles of a project's results, of what the caller may read: (identifier, title by language)."""
    rows = await conn.fetch(
        "select distinct on (result_id) result_id, data->>'result_title' from indicator"
        " where project_id = $1 and not withdrawn and data->>'result_title' is not null"
        " order by result_id, indicator_id",
        project_id,
    )
    return [(row[0], orjson.loads(row[1])) for row in rows]


async def named(conn: Any, kind: str, text: str, limit: int) -> list[str]:
    """Scopes of entities, projects or indicators whose name has a text, of what the caller may read."""
    like = "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    if kind == "indicator":
        rows = await conn.fetch(
            "select 'indicator:' || project_id || '|' || indicator_id from indicator"
            " where not withdrawn and title ilike $1 order by 1 limit $2",
            like,
            limit,
        )
    elif kind == "project":
        rows = await conn.fetch(
            "select 'project:' || project_id from project where not withdrawn and words ilike $1"
            " and data->>'title' ilike $1 order by 1 limit $2",
            like,
            limit,
        )
    else:
        rows = await conn.fetch("select distinct entity from project where entity_name ilike $1 limit $2", like, limit)
        if kind == "entity-pillar":
            return [f"entity-pillar:{row[0]}|{pillar}" for row in rows for pillar in ("P1", "P2", "P3", "P4")]
        return [f"entity:{row[0]}" for row in rows]
    return [row[0] for row in rows]


async def about(conn: Any, project_ids: Sequence[str]) -> dict[str, tuple[str, str | None, datetime]]:
    """Whose projects these are and when they last changed, of those the caller may read: entity, its name, instant."""
    rows = await conn.fetch(
        "select project_id, entity, entity_name, updated_at from project where project_id = any($1)", list(project_ids)
    )
    return {row["project_id"]: (row["entity"], row["entity_name"], row["updated_at"]) for row in rows}


def _project(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row["data"])
    return found | {
        "classification": row["classification"],
        "withdrawn": row["withdrawn"],
        "demonstration": row["demonstration"],
        "updated_at": row["updated_at"],
        "seq": row["seq"],
    }

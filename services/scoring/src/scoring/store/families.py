"""Cells of the families of figures, and what each project adds to them (ADR 0070)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.codec import pack_published, unpack_published
from scoring.domain.assessing import standing_of
from scoring.domain.assessment import Terms
from scoring.domain.families.family import Sums
from scoring.domain.state import Published, Share


class FamilyRow(NamedTuple):
    """One cell of a family as stored."""

    scope: str
    metric: str
    sums: Sums
    published: dict[str, Published]
    withheld: str | None = None  # why its total is, if it is


class Part(NamedTuple):
    """What one project adds to a cell."""

    project_id: str
    entity: str
    terms: Terms
    share: Share


async def lock_family_cells(conn: Any, keys: Iterable[tuple[str, str]]) -> list[FamilyRow]:
    """Lock cells in the order of (scope, metric), making those that are not there."""
    ordered = sorted(keys)
    found = await _locked(conn, ordered)
    if len(found) < len(ordered):
        known = {(row.scope, row.metric) for row in found}
        missing = [key for key in ordered if key not in known]
        await conn.execute(
            "insert into family_cell (scope, metric, sums, classification, published)"
            " select s, m, '{}', 'public', '' from unnest($1::text[], $2::text[]) as x(s, m) order by s, m"
            " on conflict do nothing",
            *_columns(missing),
        )
        found = await _locked(conn, ordered)
    return found


async def _locked(conn: Any, ordered: Sequence[tuple[str, str]]) -> list[FamilyRow]:
    rows = await conn.fetch(
        "select c.scope, c.metric, c.sums, c.published, c.withheld from family_cell c"
        " join unnest($1::text[], $2::text[]) as x(s, m) on c.scope = x.s and c.metric = x.m"
        " order by c.scope, c.metric for no key update of c",
        *_columns(ordered),
    )
    return [_row(row) for row in rows]


async def family_cell(conn: Any, scope: str, metric: str) -> FamilyRow | None:
    """One cell, if the caller may read it."""
    row = await conn.fetchrow(
        "select scope, metric, sums, published, withheld from family_cell where scope = $1 and metric = $2",
        scope,
        metric,
    )
    return _row(row) if row is not None else None


async def all_family_cells(conn: Any) -> dict[tuple[str, str], Sums]:
    """The sums of every family's cells."""
    rows = await conn.fetch("select scope, metric, sums from family_cell")
    return {(row["scope"], row["metric"]): json.loads(row["sums"]) for row in rows}


async def save_family_cells(conn: Any, rows: Sequence[tuple[FamilyRow, str, str | None]]) -> None:
    """Write cells that are locked, each with its class and owner, in one statement; who is in them stands beside."""
    standings = [standing_of(row.sums) for row, _, _ in rows]
    await conn.execute(
        "update family_cell c set sums = x.v, classification = x.k, owner = x.o, published = x.p, withheld = x.w,"
        " projects = x.n, restricted = x.r, entities = x.e, ppm = x.t::numeric"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],"
        " $8::int[], $9::int[], $10::int[], $11::text[]) as x(s, m, v, k, o, p, w, n, r, e, t)"
        " where c.scope = x.s and c.metric = x.m",
        [row.scope for row, _, _ in rows],
        [row.metric for row, _, _ in rows],
        [json.dumps(row.sums, sort_keys=True, separators=(",", ":")) for row, _, _ in rows],
        [classification for _, classification, _ in rows],
        [owner for _, _, owner in rows],
        [pack_published(row.published) for row, _, _ in rows],
        [row.withheld for row, _, _ in rows],
        [s.projects for s in standings],
        [s.restricted for s in standings],
        [s.entities for s in standings],
        [str(s.ppm) for s in standings],
    )


async def save_terms(conn: Any, terms: Mapping[str, Mapping[str, str]]) -> None:
    """Make these what the projects add to the families' cells; what is so already is not written again."""
    rows = sorted((project, metric, text) for project, found in terms.items() for metric, text in found.items())
    columns = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    # As sets: a join of both by rows is planned for ten of them, and takes seconds for thousands.
    await conn.execute(
        "delete from term t using (select project_id, metric from term where project_id = any($1::text[])"
        " except select * from unnest($2::text[], $3::text[])) gone"
        " where t.project_id = gone.project_id and t.metric = gone.metric",
        sorted(terms),
        *columns[:2],
    )
    # Joined first: a row that meets its like on conflict is locked, and so written, though nothing is updated.
    await conn.execute(
        "insert into term (project_id, metric, terms) select x.p, x.m, x.t"
        " from unnest($1::text[], $2::text[], $3::text[]) as x(p, m, t)"
        " left join term old on old.project_id = x.p and old.metric = x.m where old.terms is distinct from x.t"
        " on conflict (project_id, metric) do update set terms = excluded.terms",
        *columns,
    )


async def family_parts(conn: Any, scope: str, metric: str) -> tuple[FamilyRow | None, list[Part]]:
    """A cell, and what each project that the caller may read adds to it, of one moment: one statement."""
    rows = await conn.fetch(
        "select c.scope, c.metric, c.sums, c.published, c.withheld,"
        " l.project_id, l.entity, l.terms, l.ppm, l.cents::text"
        " from family_cell c left join (select t.project_id, p.entity, t.terms, s.ppm, s.cents from share s"
        " join term t on t.project_id = s.project_id and t.metric = $2"
        " join project_state p on p.project_id = s.project_id where s.scope = $1) l on true"
        " where c.scope = $1 and c.metric = $2",
        scope,
        metric,
    )
    if not rows:
        return None, []
    parts = [
        Part(row["project_id"], row["entity"], Terms.read(row["terms"]), Share(row["ppm"], int(row["cents"])))
        for row in rows
        if row["project_id"] is not None
    ]
    return _row(rows[0]), parts


def _row(row: Any) -> FamilyRow:
    return FamilyRow(
        row["scope"], row["metric"], json.loads(row["sums"]), unpack_published(row["published"]), row["withheld"]
    )


def _columns(keys: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [scope for scope, _ in keys], [metric for _, metric in keys]

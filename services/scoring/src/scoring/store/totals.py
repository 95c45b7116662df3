"""What an explanation of a total reads, of one moment."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoring.codec import unpack_state
from scoring.domain.state import ProjectState, Share
from scoring.store.cells import CellRow, cell_, vector_


class Line(NamedTuple):
    """What one project brings into a total."""

    state: ProjectState
    share: Share
    numerator: int
    denominator: int


class Total(NamedTuple):
    """A cell, the largest contributions to it that the caller may read, and the sums of all those."""

    cell: CellRow
    lines: list[Line]
    readable: int
    numerator: int
    denominator: int


_PARTS = {
    # metric: (numerator, denominator) of one project's contribution; $3 is the pillar with the least money, for M7
    "M4": ("s.ppm * p.mean * p.known", "s.ppm * p.known"),
    "M2": ("s.ppm * p.good", "s.ppm * p.assessed"),
    "M7": ("s.budget[$3::int]", "s.budget[1] + s.budget[2] + s.budget[3] + s.budget[4]"),
}


_GAPS = "case p.classification when 'public' then s.ppm * (p.upper - p.lower) * p.designed else 0 end"


async def levers(
    conn: Any, metric: str, scope: str, whole: tuple[int, int], position: int, limit: int
) -> list[ProjectState]:
    """The projects without which the ratio ``whole`` would move most, of those the caller may read."""
    numerator, denominator = _PARTS[metric]
    rows = await conn.fetch(
        f"with parts as (select p.project_id, p.body, ({numerator})::numeric as n, ({denominator})::numeric as d"  # noqa: S608 (constants)
        " from share s join project_state p using (project_id) where s.scope = $1 and $3::int > 0)"
        " select body from parts order by abs(n * $5::numeric - d * $4::numeric) / greatest($5::numeric - d, 1) desc,"
        " project_id limit $2",
        scope,
        limit,
        position,
        whole[0],
        whole[1],
    )
    return [unpack_state(row["body"]) for row in rows]


async def gaps(conn: Any, scope: str, limit: int) -> list[ProjectState]:
    """The projects whose missing values leave most of a total open, of those the caller may read."""
    rows = await conn.fetch(
        f"select p.body from share s join project_state p using (project_id) where s.scope = $1 and ({_GAPS}) > 0"  # noqa: S608 (constants)
        f" order by {_GAPS} desc, p.project_id limit $2",
        scope,
        limit,
    )
    return [unpack_state(row["body"]) for row in rows]


async def total(conn: Any, metric: str, scope: str, limit: int, position: int) -> Total | None:
    """Everything an explanation of a total needs, of one moment: one statement.

    ``position`` is the place, from 1, of the pillar that M7's figure is about.
    """
    numerator, denominator = _PARTS[metric]
    rows = await conn.fetch(
        f"with parts as (select s.project_id, s.ppm, s.cents, s.budget, s.spend, p.body,"  # noqa: S608 (constants)
        f" ({numerator})::numeric as n, ({denominator})::numeric as d"
        " from share s join project_state p using (project_id) where s.scope = $1 and $3::int > 0)"
        " select c.scope, c.sums::text, c.published, c.withheld,"
        " t.readable, t.n::text as total_n, t.d::text as total_d,"
        " l.project_id, l.ppm, l.cents::text, l.budget::text, l.spend::text, l.body, l.n::text, l.d::text"
        " from cell c"
        " cross join (select count(*) as readable, coalesce(sum(n), 0) as n, coalesce(sum(d), 0) as d from parts) t"
        " left join (select * from parts order by n desc, d desc, project_id limit $2) l on true"
        " where c.scope = $1",
        scope,
        limit,
        position,
    )
    if not rows:
        return None
    lines = [
        Line(
            unpack_state(row["body"]),
            Share(row["ppm"], int(row["cents"]), False, tuple(vector_(row["budget"])), tuple(vector_(row["spend"]))),
            int(row["n"]),
            int(row["d"]),
        )
        for row in rows
        if row["project_id"] is not None
    ]
    first = rows[0]
    return Total(cell_(first), lines, first["readable"], int(first["total_n"]), int(first["total_d"]))

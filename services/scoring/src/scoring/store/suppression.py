"""Who is in which cell, and which totals are withheld (ADR 0079)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, Final

from scoring.domain.families.family import Sums
from scoring.domain.suppression import Standing

_LOCK: Final = 0x534D414C

Standings = dict[str, dict[str, tuple[Standing, str | None]]]
"""By metric and scope: who is in the cell, and why its total is withheld, if it is."""


async def decide_alone(conn: Any) -> None:
    """Until this transaction ends no other decides what is withheld. Taken before the first cell is locked."""
    await conn.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def standings(conn: Any, metrics: Collection[str]) -> Standings:
    """Who is in every cell of these metrics."""
    rows = await conn.fetch(
        "select metric, scope, projects, restricted, entities, ppm::text, withheld from family_cell"
        " where metric = any($1::text[])",
        sorted(metrics),
    )
    found: Standings = {metric: {} for metric in metrics}
    for row in rows:
        standing = Standing(row["projects"], row["restricted"], row["entities"], int(row["ppm"]))
        found[row["metric"]][row["scope"]] = standing, row["withheld"]
    return found


async def sums_of(conn: Any, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Sums]:
    """The sums of families' cells by (scope, metric), unlocked."""
    wanted = sorted(keys)
    rows = await conn.fetch(
        "select c.scope, c.metric, c.sums from family_cell c"
        " join unnest($1::text[], $2::text[]) as x(s, m) on c.scope = x.s and c.metric = x.m",
        [scope for scope, _ in wanted],
        [metric for _, metric in wanted],
    )
    return {(row["scope"], row["metric"]): json.loads(row["sums"]) for row in rows}


async def withheld_cells(conn: Any) -> dict[str, str | None]:
    """Why each core cell's totals are withheld, if they are."""
    return {row["scope"]: row["withheld"] for row in await conn.fetch("select scope, withheld from cell")}

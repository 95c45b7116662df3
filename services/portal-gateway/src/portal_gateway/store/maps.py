"""Figures by country, for a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson


async def by_country(conn: Any, metric: str, pillar: str | None) -> list[dict[str, Any]]:
    """The figures of one metric for each country, of all pillars or of one (P1 to P4), as the caller may know them."""
    kind, scope = ("pillar-country", f"pillar-country:{pillar}|%") if pillar else ("country", "country:%")
    rows = await conn.fetch(
        "select data, seq from told_figure where metric = $1 and kind = $2 and scope like $3"
        ' order by scope collate "C"',
        metric,
        kind,
        scope,
    )
    return [orjson.loads(row["data"]) | {"seq": row["seq"]} for row in rows]


async def with_countries(conn: Any, metrics: Sequence[str]) -> list[str]:
    """Those of the metrics that have figures of countries which the caller may know of."""
    rows = await conn.fetch(
        "select m from unnest($1::text[]) with ordinality as x(m, n) where exists (select from told_figure"
        " where metric = m and kind in ('country', 'pillar-country')) order by n",
        list(metrics),
    )
    return [row["m"] for row in rows]

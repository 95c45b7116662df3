"""When each entity last reported, as far as the caller may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Reported:
    """An entity: the newest change of its projects, its last submission where the caller may read it, its M15."""

    entity: str
    name: str | None
    projects: int
    changed_at: datetime
    received_at: datetime | None
    reporting: dict[str, Any] | None


async def by_entity(conn: Any) -> list[Reported]:
    """Entities whose projects the caller may read, the one that has been silent longest first."""
    rows = await conn.fetch(
        "select p.entity, p.name, p.n, greatest(p.changed_at, (m4.data->>'known_as_of')::timestamptz) as changed_at,"
        " r.received_at, m15.data as reporting"
        " from (select entity, 'entity:' || entity as scope, max(entity_name) as name, count(*) as n,"
        " max(updated_at) as changed_at from project where not withdrawn group by entity offset 0) p"
        " left join figure m4 on m4.metric = 'M4' and m4.scope = p.scope"
        " left join figure m15 on m15.metric = 'M15' and m15.scope = p.scope"
        " left join lateral (select max(received_at) as received_at from receipt where entity = p.entity) r on true"
        " order by coalesce(r.received_at, greatest(p.changed_at, (m4.data->>'known_as_of')::timestamptz)), p.entity"
    )
    return [
        Reported(
            row["entity"],
            row["name"],
            row["n"],
            row["changed_at"],
            row["received_at"],
            orjson.loads(row["reporting"]) if row["reporting"] is not None else None,
        )
        for row in rows
    ]

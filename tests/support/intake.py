"""What intake said, read from its outbox."""

from __future__ import annotations

import json
from typing import Any

from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX
from runtime.access import SYSTEM
from runtime.db import Database, unpack


async def said(database: Database) -> dict[str, list[dict[str, Any]]]:
    """What left through the outbox, by topic: attributes without prefix, and data."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with database.transaction(SYSTEM) as tx:
        rows = await tx.conn.fetch("delete from outbox returning id, records")
    for row in sorted(rows, key=lambda r: r["id"]):
        for topic, key, headers, value, _ in unpack(row["records"]):
            attributes = {n.removeprefix("ce_"): v.decode() for n, v in headers}
            data = json.loads(value or b"null")
            BY_TYPE[attributes["type"].removeprefix(PREFIX)].model_validate(data)
            found.setdefault(topic, []).append({**attributes, "key": key.decode(), "data": data})
    return found

"""What projects depend on and none of them owns, as it was known by an instant."""

from __future__ import annotations

from runtime.db import Tx
from scoring import store
from scoring.codec import dialect_of, rates_table_of, shared_result_of
from scoring.domain.facts import Version
from scoring.domain.judgements import SharedClaim
from scoring.domain.method import Method
from scoring.domain.rates import rates_of
from scoring.domain.sharing import scaled
from scoring.domain.world import World
from scoring.usecases.method import in_force

Claims = dict[str, list[tuple[SharedClaim, Version]]]
"""Claims on shared results as they count, by project."""


async def world_at(tx: Tx, known: int, method: Method | None = None) -> World:
    """Rates of exchange, publishers' dialects and the method as they stood (µs since 1970), or under another method."""
    tables = [rates_table_of(kept.body) for kept in await store.world_at(tx.conn, "rate_table", known)]
    spoken = [dialect_of(kept.body) for kept in await store.world_at(tx.conn, "dialect", known)]
    return World(
        rates_of(row for table in tables for row in table.rates()),
        {dialect.entity: dialect.readings for dialect in spoken},
        method if method is not None else await in_force(tx, known),
    )


async def claims_at(tx: Tx, known: int) -> Claims:
    """The claims on shared results as they stood, scaled among the claimants of then."""
    found: Claims = {}
    for kept in await store.world_at(tx.conn, "shared_result", known):
        for s in scaled(shared_result_of(kept.body).claims):
            claim = SharedClaim(s.project_id, kept.key, s.result_id, s.share, s.strength)
            found.setdefault(s.project_id, []).append((claim, kept.version))
    return found

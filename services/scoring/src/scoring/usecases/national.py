"""A Member State's own resources, laid beside what the entities bring to the country (M7, A/73/866 ¶70)."""

from __future__ import annotations

from typing import Any

from runtime.db import Tx
from scoring import store
from scoring.cache import WorldCache
from scoring.domain.parameters import PILLARS
from scoring.domain.subjects.states import NationalState
from scoring.usecases.world import world_now


async def national(tx: Tx, country: str) -> dict[str, Any] | None:
    """What the State allots by year and pillar, in cents of USD; None where nothing is known, or not to this caller."""
    subject = await store.subject(tx.conn, NationalState.KIND, country)
    if not isinstance(subject, NationalState):
        return None
    world = await world_now(tx, WorldCache())
    years = subject.years(world.rates)
    if not years:
        return None
    return {
        "country": country,
        "classification": subject.readers()[0],
        "demonstration": subject.demonstration,
        "years": [
            {
                "year": y.year,
                "pillars": dict(zip(PILLARS, y.balance.pillars, strict=True)),
                "unallocated": y.balance.unallocated,
                "shares": dict(zip(PILLARS, y.balance.shares, strict=False)),
                "least": y.balance.least,
                "indices": y.balance.indices,
                "other_currencies": [
                    {"pillar": pillar or None, "currency": currency, "amount": amount}
                    for pillar, currency, amount in y.other
                ],
                "rates": list(y.tables),
            }
            for y in years
        ],
    }

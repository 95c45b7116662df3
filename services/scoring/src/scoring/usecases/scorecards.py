"""M17 said anew wherever a pillar's effectiveness was: it has no sums of its own."""

from __future__ import annotations

from runtime.db import Tx
from scoring import store
from scoring.domain.figures import Figure, aggregate, vacated
from scoring.domain.scorecard import METRIC, PARTS, SCOPE, scorecard
from scoring.domain.state import Published
from scoring.usecases.publishing import Cause, Publisher


async def say_scorecard(
    tx: Tx,
    publisher: Publisher,
    published: dict[str, Published],
    pillars: dict[str, Figure | None],
    why: tuple[Cause, int],
) -> None:
    """``published`` is what was told of the global cell, which is locked: no other transaction changes a pillar now.

    ``pillars`` holds the M4 of those that changed; the others are read.
    """
    others = await store.cells_of(tx.conn, sorted(PARTS - pillars.keys()))
    found = pillars | {
        scope: aggregate("M4", scope, row.sums, publisher.method.parameters, row.withheld)
        for scope, row in others.items()
    }
    known, figure = published.get(METRIC), scorecard(found)
    if figure is None and known is not None:
        figure = vacated(METRIC, SCOPE)
    record = publisher.say(known, figure, *why) if figure is not None else None
    if record is not None:
        published[METRIC] = record

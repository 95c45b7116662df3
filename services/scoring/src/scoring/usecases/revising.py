"""The revisions of a figure between two instants, each with its cause and effect; the effects add up exactly (M16)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from contracts.envelope import rfc3339
from runtime.db import Tx
from scoring import store
from scoring.codec import instant
from scoring.domain.history import as_told, effects, summary

MOST: Final = 10_000
"""Revisions one answer lists."""


class TooMany(Exception):
    """More revisions than one answer lists."""


async def revisions(tx: Tx, metric: str, scope: str, after: int, until: int) -> dict[str, Any] | None:
    """What was published after one instant and by another (µs since 1970), as far as the caller may read it.

    None where nothing was published by then, or nothing the caller may read. Raises TooMany.
    """
    base = await store.revision_at(tx.conn, metric, scope, after, valued=True)
    found = await store.revisions_between(tx.conn, metric, scope, after, until, MOST)
    if len(found) > MOST:
        raise TooMany
    if not found and base is None and await store.revision_at(tx.conn, metric, scope, until) is None:
        return None
    before = base.value if base is not None else None
    steps = effects(before, found)
    whole = summary(before, steps)
    return {
        "metric": metric,
        "scope": scope,
        "unit": "µ",
        "from": rfc3339(instant(after)),
        "to": rfc3339(instant(until)),
        "first": whole.first,
        "last": whole.last,
        "total": whole.total,
        "revised": whole.revised,
        "mean": whole.mean,
        "mean_absolute": whole.mean_absolute,
        "items": [
            as_told(step)
            | {
                "known_as_of": rfc3339(instant(step.revision.known)),
                "valid_as_of": date.fromordinal(max(step.revision.valid, 1)).isoformat(),
                "updated_at": rfc3339(instant(step.revision.updated)),
            }
            for step in steps
        ],
    }

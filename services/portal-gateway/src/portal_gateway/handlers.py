"""Events in: every stream that a page shows, decoded here and applied in one transaction a batch."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.base import Payload
from contracts.streams import ALERTS, METRICS, NOTIFICATIONS, PORTFOLIO, RECEIPTS
from portal_gateway import decoding, usecases
from portal_gateway.decoding import Undecodable, decode
from portal_gateway.usecases import Fact
from runtime.db import Database, Tx
from runtime.delivery import Consumer, Record


def consumers(database: Database) -> list[Consumer]:
    """Two, so that a large import of projects never delays a figure or a message.

    News need no inbox: their rows are kept once, or replaced by a newer revision only. A project's budget lines are
    dropped, and only the inbox keeps a copy that comes late from bringing them back.
    """
    return [
        Consumer(database, "portal-gateway", on_news, streams=(METRICS, ALERTS, NOTIFICATIONS, RECEIPTS), inbox=False),
        Consumer(database, "portal-gateway.portfolio", on_portfolio, streams=(PORTFOLIO,)),
    ]


async def on_news(tx: Tx, records: Sequence[Record]) -> None:
    """Figures, alerts, messages and receipts. Of a figure that moved many times only the last state is read."""
    seen: set[bytes] = set()
    facts: list[Fact] = []
    for record in reversed(records):
        moved = record.key is not None and record.envelope.type == decoding.FIGURE
        if moved and record.key in seen:
            continue
        fact = _fact(tx, record, decoding.NEWS)
        if fact is not None:
            facts.append(fact)
            if moved and record.key is not None:
                seen.add(record.key)
    await usecases.apply_news(tx, facts[::-1])


async def on_portfolio(tx: Tx, records: Sequence[Record]) -> None:
    """Projects, indicators, observations and budgets."""
    facts = (_fact(tx, record, decoding.PORTFOLIO) for record in records)
    await usecases.apply_portfolio(tx, [fact for fact in facts if fact is not None])


def _fact(tx: Tx, record: Record, models: dict[str, type[Payload]]) -> Fact | None:
    """The fact a record holds; a type nobody here knows is skipped, a payload that does not fit is rejected."""
    model = models.get(record.envelope.type)
    if model is None:
        return None
    try:
        return Fact(decode(model, record.envelope.data), record.envelope)
    except Undecodable as error:
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} the portal can read", error.problems)
        return None

"""Events in: every stream that a page shows, decoded here and applied in one transaction a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.envelope import PREFIX
from contracts.metrics import MetricUpdated
from contracts.notifications import NotificationCreated, NotificationRead
from contracts.portfolio import FACTS as PORTFOLIO_FACTS
from contracts.portfolio import TransactionPosted, TransactionReversed
from contracts.receipts import SubmissionProcessed
from contracts.streams import ALERTS, METRICS, NOTIFICATIONS, PORTFOLIO, RECEIPTS
from portal_gateway import usecases
from portal_gateway.usecases import Fact
from runtime.db import Database, Tx
from runtime.delivery import Consumer, Record

# No page shows single transactions yet: what they add up to comes as figures.
_PORTFOLIO: Final = {
    PREFIX + model.TYPE: model for model in PORTFOLIO_FACTS if model not in {TransactionPosted, TransactionReversed}
}
_NEWS: Final[dict[str, type[Payload]]] = {
    PREFIX + model.TYPE: model
    for model in (MetricUpdated, AlertRaised, NotificationCreated, NotificationRead, SubmissionProcessed)
}


def consumers(database: Database) -> list[Consumer]:
    """Two, so that a large import of projects never delays a figure or a message."""
    return [
        Consumer(database, "portal-gateway", on_news, streams=(METRICS, ALERTS, NOTIFICATIONS, RECEIPTS)),
        Consumer(database, "portal-gateway.portfolio", on_portfolio, streams=(PORTFOLIO,)),
    ]


async def on_news(tx: Tx, records: Sequence[Record]) -> None:
    """Figures, alerts, messages and receipts."""
    await usecases.apply_news(tx, _facts(tx, records, _NEWS))


async def on_portfolio(tx: Tx, records: Sequence[Record]) -> None:
    """Projects, indicators, observations and budgets."""
    await usecases.apply_portfolio(tx, _facts(tx, records, _PORTFOLIO))


def _facts(tx: Tx, records: Sequence[Record], models: dict[str, type[Payload]]) -> list[Fact]:
    """The facts a batch holds; a type nobody here knows is skipped, a payload that does not fit is rejected."""
    found = []
    for record in records:
        model = models.get(record.envelope.type)
        if model is None:
            continue
        try:
            found.append(Fact(model.model_validate_json(record.envelope.data), record.envelope))
        except ValidationError as error:
            problems = [("/".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
            tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} the portal can read", problems)
    return found

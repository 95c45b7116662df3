"""Every event type of every stream, by name."""

from __future__ import annotations

from typing import Final

from contracts import alerts, assessment, context, coordination, metrics, notifications, portfolio, receipts
from contracts.base import Payload
from contracts.streams import ALERTS, CONTEXT, METRICS, NOTIFICATIONS, PORTFOLIO, RECEIPTS, Stream

EVENTS: Final[dict[Stream, tuple[type[Payload], ...]]] = {
    PORTFOLIO: (*portfolio.FACTS, *assessment.FACTS),
    CONTEXT: (*context.FACTS, *coordination.FACTS),
    RECEIPTS: receipts.FACTS,
    METRICS: metrics.FACTS,
    ALERTS: alerts.FACTS,
    NOTIFICATIONS: notifications.FACTS,
}

BY_TYPE: Final[dict[str, type[Payload]]] = {model.TYPE: model for models in EVENTS.values() for model in models}

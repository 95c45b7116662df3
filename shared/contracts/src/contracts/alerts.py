"""Alerts on ``plumbline.alerts.v1``, keyed by scope."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.base import Payload, Ref


class AlertRaised(Payload):
    """Something a person may want to act on."""

    TYPE: ClassVar[str] = "alert.raised.v1"
    alert_id: Ref
    kind: Literal["off-track", "status-changed", "security"]
    scope: Ref
    project_id: str | None = None
    indicator_id: str | None = None
    entity: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    text: str
    classification: str = "public"
    raised_at: datetime


FACTS: tuple[type[Payload], ...] = (AlertRaised,)

"""Alerts on ``plumbline.alerts.v1``, keyed by scope."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from contracts.base import Payload, Ref

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""``off-track``, ``status-changed``, ``security``; an open word: a new kind needs no new event type."""


class AlertRaised(Payload):
    """Something a person may want to act on."""

    TYPE: ClassVar[str] = "alert.raised.v1"
    alert_id: Ref
    kind: Kind
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

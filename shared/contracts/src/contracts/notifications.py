"""What the notifier puts into inboxes, on ``plumbline.notifications.v1``, keyed by subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from contracts.base import Payload, Ref


class NotificationCreated(Payload):
    """One message for one subscriber, once a fact; ``reason`` is the subscription that asked for it."""

    TYPE: ClassVar[str] = "notification.created.v1"
    notification_id: Ref
    subscriber: Ref
    subscription_id: Ref
    kind: Ref
    scope: str | None = None
    title: str
    body: str
    reason: str
    link: str
    created_at: datetime
    classification: str = "public"
    owner: str | None = Field(default=None, description="the organisation whose fact it tells")
    demonstration: bool = False


class NotificationRead(Payload):
    """The subscriber has read it."""

    TYPE: ClassVar[str] = "notification.read.v1"
    notification_id: Ref
    subscriber: Ref
    read_at: datetime


FACTS: tuple[type[Payload], ...] = (NotificationCreated, NotificationRead)

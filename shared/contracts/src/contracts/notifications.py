"""What the notifier puts into inboxes, on ``plumbline.notifications.v1``, keyed by subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from contracts.base import Model, Payload, Ref


class Access(Model):
    """Who may read a fact: its class and the organisation whose fact it is."""

    classification: str
    owner: str | None = None


class Line(Model):
    """One fact in a digest: a figure's net change, an alert or a receipt."""

    kind: Ref
    subscription_id: Ref
    title: str
    body: str
    link: str
    said: dict[str, Any] = Field(default_factory=dict, description="as ``said`` of the message")


class NotificationCreated(Payload):
    """One message for one subscriber, once a fact; ``reason`` is the subscription that asked for it.

    A digest (``kind`` digest) tells what changed since the last one: ``lines``, the largest first; those it has no
    room for are counted in its ``body``. Only who may read each of its facts may read it.
    """

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
    metric: str | None = Field(default=None, description="the metric of the figure it tells")
    project_id: str | None = Field(default=None, description="the project it is about")
    said: dict[str, Any] = Field(
        default_factory=dict,
        description="by title, body and reason the message and values each was made of, to be said in other languages",
    )
    lines: list[Line] = Field(default_factory=list, max_length=50, description="of a digest")
    subscriptions: list[Ref] = Field(default_factory=list, description="of a digest: all that asked for it")
    also: list[Access] = Field(
        default_factory=list, description="of a digest: what its reader must be able to read besides its own class"
    )


class NotificationRead(Payload):
    """The subscriber has read it. Said no more since ``notification.filed.v1``, which says all of how it is filed."""

    TYPE: ClassVar[str] = "notification.read.v1"
    notification_id: Ref
    subscriber: Ref
    read_at: datetime


class NotificationFiled(Payload):
    """How the subscriber has filed it, all of it: the highest revision holds, whatever arrives when.

    It is unread while it was not read, or was read only before the end of its snooze.
    """

    TYPE: ClassVar[str] = "notification.filed.v1"
    notification_id: Ref
    subscriber: Ref
    revision: int = Field(ge=1, description="counts how often this message was filed")
    read_at: datetime | None = None
    snoozed_until: datetime | None = Field(default=None, description="out of sight until then; it comes back unread")
    archived_at: datetime | None = None


FACTS: tuple[type[Payload], ...] = (NotificationCreated, NotificationRead, NotificationFiled)

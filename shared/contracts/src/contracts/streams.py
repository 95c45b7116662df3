"""Every Kafka topic, once: key, partitions, retention and the one service that may write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Owner = Literal["entity", "intake", "scoring", "notifier", "portal-gateway"]

INBOUND_PREFIX: Final = "plumbline.inbound."
_ENTITY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One topic. ``retention_days`` None keeps records for ever: the log is what figures are rebuilt from."""

    topic: str
    key: str
    owner: Owner
    partitions: int
    retention_days: int | None
    compacted: bool = False

    @property
    def dlq(self) -> str:
        """The topic that mirrors this stream's quarantined records."""
        return f"{self.topic}.dlq"


PORTFOLIO: Final = Stream(
    topic="plumbline.portfolio.v1", key="project", owner="intake", partitions=8, retention_days=None
)
CONTEXT: Final = Stream(
    topic="plumbline.context.v1",
    key="what the fact is about",
    owner="intake",
    partitions=1,
    retention_days=None,
)
RECEIPTS: Final = Stream(topic="plumbline.receipts.v1", key="entity", owner="intake", partitions=2, retention_days=90)
METRICS: Final = Stream(
    topic="plumbline.metrics.v1",
    key="metric|scope",
    owner="scoring",
    partitions=4,
    retention_days=None,
    compacted=True,
)
ALERTS: Final = Stream(topic="plumbline.alerts.v1", key="scope", owner="scoring", partitions=2, retention_days=90)
NOTIFICATIONS: Final = Stream(
    topic="plumbline.notifications.v1", key="subscriber", owner="notifier", partitions=2, retention_days=90
)

STREAMS: Final = (PORTFOLIO, CONTEXT, RECEIPTS, METRICS, ALERTS, NOTIFICATIONS)
"""Every stream between services. The inbound ones are one for each entity: see ``inbound``."""


def inbound(entity: str) -> Stream:
    """The topic only this entity may write (architecture §2: the topic is the identity).

    Raises ValueError where the reference cannot be part of a topic's name.
    """
    if not _ENTITY.fullmatch(entity):
        raise ValueError(f"{entity!r} cannot name a topic: letters, digits, '.', '_' and '-', 100 at most")
    if entity == "dlq":
        raise ValueError("'dlq' cannot be an entity: the inbound topic of that name holds dead letters")
    return Stream(topic=INBOUND_PREFIX + entity, key="project", owner="entity", partitions=2, retention_days=30)


def entity_of(topic: str) -> str:
    """The entity whose inbound topic this is. Raises ValueError for any other topic."""
    if not topic.startswith(INBOUND_PREFIX):
        raise ValueError(topic)
    return topic.removeprefix(INBOUND_PREFIX)

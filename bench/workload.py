"""The backlog: ``bench.events`` written to entities' inbound topics, each under its entity's own user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import orjson
from confluent_kafka import Producer

from bench.events import indicator_updates, project_definitions
from contracts.envelope import Envelope
from contracts.streams import inbound
from plumbline.demo import ENTITIES
from plumbline.session import Session
from plumbline.stack import Stack

INBOUND: Final = tuple(inbound(entity.ref).topic for entity in ENTITIES)
_SEED: Final = 7
_CANCELLED: Final = "5"  # IATI ActivityStatus
_ENDLESS: Final = 1 << 40


class Workload:
    """Projects of all demonstration entities, and an endless stream of updates to their indicators.

    Those ``cancelled`` have no figures: nothing ever answers their updates.
    """

    def __init__(self, projects: int = 1000, indicators: int = 10) -> None:
        self.projects, self.indicators = projects, indicators
        self.cancelled = frozenset(
            project for project, event in self.definitions() if orjson.loads(event.data).get("status") == _CANCELLED
        )
        self._updates = indicator_updates(projects, indicators, _ENDLESS, _SEED)

    def definitions(self) -> Iterator[tuple[str, Envelope]]:
        """Each project, then its indicators."""
        return project_definitions(self.projects, self.indicators, _SEED)

    def updates(self, count: int) -> Iterator[tuple[str, Envelope]]:
        """The next so many updates."""
        return islice(self._updates, count)


class Entities:
    """Every entity's own producer."""

    def __init__(self, stack: Stack) -> None:
        self._session = Session(stack.layout, stack.ports, frozenset(stack.parts))
        self._producers: dict[str, Producer] = {}

    def send(self, project: str, event: Envelope) -> None:
        """Hand one event to librdkafka; waits only while its queue is full."""
        entity = event.source.rsplit("/", 1)[-1]
        if entity not in self._producers:
            self._producers[entity] = self._session.producer(entity)
        producer = self._producers[entity]
        headers: list[tuple[str, str | bytes | None]] = list(event.to_headers())
        while True:
            try:
                producer.produce(inbound(entity).topic, value=event.data, key=project.encode(), headers=headers)
            except BufferError:
                producer.poll(0.1)
            else:
                break

    def poll(self) -> None:
        """Let librdkafka tell what it sent: its queue forgets only what was told."""
        for producer in self._producers.values():
            producer.poll(0)

    def flush(self) -> None:
        """Wait until Kafka has everything. Raises TimeoutError after a minute."""
        if any(producer.flush(60) for producer in self._producers.values()):
            raise TimeoutError("Kafka did not take the events in a minute")


def fill(stack: Stack, events: Iterable[tuple[str, Envelope]]) -> None:
    """Write events to their entities' inbound topics, and wait until Kafka has them."""
    entities = Entities(stack)
    for project, event in events:
        entities.send(project, event)
    entities.flush()

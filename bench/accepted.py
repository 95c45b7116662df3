"""Facts as intake would have accepted them, straight onto the portfolio stream: for benchmarks of scoring alone.

What intake does to an event is done here too: each project's facts get a sequence and an instant that only rises.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from confluent_kafka import Producer
from msgspec.structs import replace

from bench import lab
from contracts.envelope import Envelope
from contracts.streams import PORTFOLIO
from plumbline.stack import Stack


class Accepted:
    """Stamps events and writes them. ``since`` and ``step`` say when the first was recorded, and how long between two.

    An event may be about another project than it was made for; its body then says so already.
    """

    def __init__(
        self, stack: Stack, since: datetime | None = None, step: timedelta = timedelta(microseconds=10)
    ) -> None:
        self._producer = Producer(
            {
                **lab.kafka_client(stack),
                "compression.type": "lz4",
                "linger.ms": 20,
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._now = since or datetime.now(UTC) - timedelta(hours=1)
        self._step = step
        self._sequences: dict[str, int] = {}

    def stamped(self, project: str, event: Envelope) -> Envelope:
        """The event as intake would publish it now."""
        self._now += self._step
        self._sequences[project] = number = self._sequences.get(project, 0) + 1
        return replace(
            event,
            source=f"/svc/intake{event.source.removeprefix('/bench')}",
            recordedtime=self._now,
            sequence=f"{number:010d}",
            partitionkey=project,
            correlationid=event.id,
            causationid=event.id,
            dataclassification="public",
        )

    def write(self, project: str, event: Envelope) -> None:
        """Hand one accepted fact to librdkafka; waits only while its queue is full."""
        headers: list[tuple[str, str | bytes | None]] = list(event.to_headers())
        while True:
            try:
                self._producer.produce(PORTFOLIO.topic, value=event.data, key=project.encode(), headers=headers)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def send_all(self, events: Iterable[tuple[str, Envelope]]) -> None:
        """Stamp and send these events, and wait until Kafka has them. Raises TimeoutError after two minutes."""
        self.write_all((project, self.stamped(project, event)) for project, event in events)

    def write_all(self, facts: Iterable[tuple[str, Envelope]]) -> None:
        """Send facts that are stamped, and wait until Kafka has them. Raises TimeoutError after two minutes."""
        for n, (project, event) in enumerate(facts):
            self.write(project, event)
            if n % 1000 == 0:
                self._producer.poll(0)
        if self._producer.flush(120):
            raise TimeoutError("Kafka did not take the events in two minutes")

"""Scoring as it runs: its own process, real Kafka, real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.support import kafka
from tests.support.scoring_feed import a_project, an_actual, an_indicator
from tests.support.waiting import eventually

from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope
from contracts.metrics import MetricUpdated
from contracts.streams import METRICS, PORTFOLIO
from plumbline.stack import Stack
from plumbline.stack.provision import secret_of
from runtime.db import new_id

pytestmark = pytest.mark.stack


def _accepted(sequence: int, payload: Payload) -> Envelope:
    """A fact as intake publishes it."""
    return Envelope(
        id=new_id(),
        source="/svc/intake/XM-DEMO-1",
        type=PREFIX + payload.TYPE,
        data=payload.to_json(),
        recordedtime=datetime.now(UTC),
        sequence=f"{sequence:010d}",
        traceparent=f"00-{uuid4().hex}-{uuid4().hex[:16]}-01",
    )


def _figures(stack: Stack, project: str) -> dict[str, tuple[MetricUpdated, Envelope]]:
    """The newest figure of each key that concerns a project, as the gateway would read them."""
    reader = Consumer(
        {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "portal-gateway",
            "sasl.password": stack.layout.secrets.read(secret_of("portal-gateway")),
            "group.id": "portal-gateway",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    places = [TopicPartition(METRICS.topic, n) for n in range(METRICS.partitions)]
    ends = {
        n: reader.get_watermark_offsets(TopicPartition(METRICS.topic, n), timeout=10)[1] for n in range(len(places))
    }
    reader.assign([TopicPartition(METRICS.topic, n, 0) for n in range(len(places))])
    found: dict[str, tuple[MetricUpdated, Envelope]] = {}
    left = {n for n, end in ends.items() if end}
    while left:
        message = reader.poll(10)
        assert message is not None
        assert message.error() is None
        # Other tests send what is no figure.
        if project.encode() in (message.key() or b""):
            headers = {name: (value or b"").decode() for name, value in message.headers() or []}
            figure = MetricUpdated.model_validate_json(message.value() or b"")
            key = (message.key() or b"").decode()
            found[key] = figure, Envelope(
                id=headers["ce_id"], source=headers["ce_source"], type=headers["ce_type"],
                causationid=headers.get("ce_causationid"), traceparent=headers.get("traceparent"),
            )  # fmt: skip
        if (message.offset() or 0) + 1 >= ends[message.partition() or 0]:
            left.discard(message.partition() or 0)
    reader.close()
    return found


async def test_from_the_portfolio_to_the_figures_in_one_trace(stack: Stack) -> None:
    stack.extend(["scoring"])
    project = f"XM-DEMO-1-{uuid4().hex[:8]}"
    events = [
        _accepted(n, payload)
        for n, payload in enumerate((a_project(project), an_indicator(project), an_actual("40", project)), 1)
    ]
    # Twice, as at-least-once delivery may: the second is dropped.
    kafka.send(stack, "intake", PORTFOLIO.topic, [(project, e.data, e.to_headers()) for e in (*events, *events)])

    def there() -> dict[str, tuple[MetricUpdated, Envelope]] | None:
        found = _figures(stack, project)
        return found if f"M4|project:{project}" in found else None

    found = eventually(there, seconds=60, what="the project's figures")
    figure, envelope = found[f"M4|project:{project}"]
    assert (figure.value, figure.revision, figure.state) == (400_000, 1, "PUBLISHED")
    assert envelope.causationid == events[-1].id
    assert envelope.traceparent is not None
    assert envelope.traceparent.split("-")[1] == (events[-1].traceparent or "").split("-")[1]
    connection = await asyncpg.connect(stack.postgres.superuser_dsn("scoring"))
    try:
        logged = await connection.fetchval("select count(*) from fact where project_id = $1", project)
    finally:
        await connection.close()
    assert logged == 3

"""Helpers that speak to Kafka as entities do."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from contracts.envelope import Envelope
from contracts.streams import Stream
from plumbline.stack import Stack, provision

Headers = Sequence[tuple[str, bytes | None]]


def an_entity(stack: Stack) -> str:
    """A new entity with a topic, a user and rights of its own."""
    ref = f"XM-TEST-{uuid4().hex[:8]}"
    stack.add_entity(ref, f"Test entity {ref} (demonstration)")
    return ref


def producer(stack: Stack, user: str, **more: object) -> Producer:
    """A producer under one user's own password."""
    return Producer(
        {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": stack.layout.secrets.read(provision.secret_of(user)),
            "message.timeout.ms": 15_000,
            **more,
        }
    )


def send(
    stack: Stack, user: str, topic: str, records: Sequence[tuple[str, bytes | None, Headers]], partition: int = 0
) -> None:
    """Write raw records (key, value, headers) to one partition, and wait until Kafka has them."""
    writer = producer(stack, user)
    failures: list[str] = []
    for key, value, headers in records:
        writer.produce(
            topic,
            value=value,
            key=key.encode(),
            headers=list(headers),
            partition=partition,
            on_delivery=lambda error, _m: failures.append(error.str()) if error else None,
        )
    assert writer.flush(20) == 0
    assert failures == []


def an_event(entity: str, data: dict[str, object], type_: str = "observation.recorded.v1", **over: str) -> Envelope:
    """A CloudEvent as an entity's system would send it."""
    return Envelope(
        **{
            "id": uuid4().hex,
            "source": f"/systems/results/{entity}",
            "type": f"org.plumbline.{type_}",
            "data": json.dumps(data).encode(),
            **over,
        }  # type: ignore[arg-type]
    )


def read_all(stack: Stack, user: str, topic: str, count: int, seconds: float = 15) -> list[tuple[bytes, bytes]]:
    """The first ``count`` records (key, value) of a topic, as a service's user."""
    reader = Consumer(
        {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": stack.layout.secrets.read(provision.secret_of(user)),
            "group.id": f"{user}-{uuid4().hex[:8]}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    reader.subscribe([topic])
    found: list[tuple[bytes, bytes]] = []
    deadline = time.monotonic() + seconds
    try:
        while len(found) < count and time.monotonic() < deadline:
            message = reader.poll(0.2)
            if message is not None and message.error() is None:
                found.append((message.key() or b"", message.value() or b""))
    finally:
        reader.close()
    return found


def read_from_the_start(stack: Stack, stream: Stream, user: str) -> list[tuple[dict[str, str], Any]]:
    """Every record of a stream up to its present end: attributes and data."""
    reader = Consumer(
        {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": stack.layout.secrets.read(provision.secret_of(user)),
            "group.id": f"{user}-{uuid4().hex[:8]}",
            "enable.auto.commit": False,
        }
    )
    found: list[tuple[dict[str, str], Any]] = []
    try:
        places = [TopicPartition(stream.topic, n, 0) for n in range(stream.partitions)]
        ends = {p.partition: reader.get_watermark_offsets(p, timeout=20)[1] for p in places}
        reader.assign(places)
        left = {n for n, end in ends.items() if end}
        while left:
            message = reader.poll(10)
            assert message is not None, f"{stream.topic} does not answer; partitions {left} are unread"
            assert message.error() is None, message.error()
            headers = {name.removeprefix("ce_"): (value or b"").decode() for name, value in message.headers() or []}
            with suppress(ValueError, RecursionError):  # a poisoned one: too many digits, too deep a nest
                found.append((headers, json.loads(message.value() or b"null")))
            if message.offset() + 1 >= ends[message.partition()]:
                left.discard(message.partition())
    finally:
        reader.close()
    return found

"""The notifier as it runs: its own process, real Kafka, real tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.envelope import PREFIX, Envelope, from_headers
from contracts.metrics import Coverage, MetricUpdated
from contracts.streams import METRICS, NOTIFICATIONS
from plumbline.stack import Stack
from plumbline.stack.provision import secret_of
from runtime.db import new_id

pytestmark = pytest.mark.stack

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def focal(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """The focal point of XM-DEMO-1, at the door of the running notifier."""
    stack.extend(["notifier"])
    notifier = next(part for part in stack.services if part.name == "notifier")
    headers = {"Authorization": f"Bearer {stack.tokens.token('focal')}"}
    async with httpx.AsyncClient(base_url=notifier.address, headers=headers, trust_env=False) as found:
        yield found


def as_user(stack: Stack, user: str) -> dict[str, str]:
    return {
        "bootstrap_servers": stack.kafka.address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": stack.layout.secrets.read(secret_of(user)),
    }


def a_figure(scope: str, value: int, previous: int | None) -> Envelope:
    """A figure as scoring publishes it."""
    now = datetime(2026, 7, 1, 9, 15, 27, tzinfo=UTC)
    figure = MetricUpdated(
        metric="M4",
        scope=scope,
        value=value,
        previous=previous,
        state="PUBLISHED",
        coverage=Coverage(observed=8, expected=10),
        valid_as_of=date(2026, 7, 1),
        known_as_of=now,
        method_version="1.0.0",
        revision=1,
        updated_at=now,
    )
    return Envelope(
        id=new_id(),
        source="/svc/scoring",
        type=PREFIX + MetricUpdated.TYPE,
        time=now,
        data=figure.model_dump_json(exclude_none=True).encode(),
        traceparent=f"00-{TRACE}-b7ad6b7169203331-01",
    )


async def publish(stack: Stack, scope: str, *events: Envelope | None) -> None:
    """Write events to the stream of metrics as scoring; None is a record that is no event at all."""
    async with AIOKafkaProducer(**as_user(stack, "scoring")) as producer:
        for event in events:
            headers = event.to_headers() if event else [("ce_id", b"\xff")]
            value = event.data if event else b"\x00 not JSON"
            await producer.send_and_wait(METRICS.topic, value, key=f"M4|{scope}".encode(), headers=headers)


async def inbox(focal: httpx.AsyncClient, scope: str, count: int) -> list[dict[str, Any]]:
    """The messages about a scope, newest first, once there are so many."""
    deadline = time.monotonic() + 30
    while True:
        items = (await focal.get("/v1/inbox")).raise_for_status().json()["items"]
        found = [item for item in items if item["scope"] == scope]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.05)


async def notifications(stack: Stack, ids: set[str], count: int) -> list[Envelope]:
    """Everything said about these messages, once it is so much; read from the stream's beginning to its end."""
    deadline = time.monotonic() + 30
    while True:
        found = [event for event in await _everything(stack) if event.subject in ids]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.05)


async def _everything(stack: Stack) -> list[Envelope]:
    found = []
    places = [TopicPartition(NOTIFICATIONS.topic, n) for n in range(NOTIFICATIONS.partitions)]
    async with AIOKafkaConsumer(**as_user(stack, "portal-gateway")) as consumer:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [from_headers({k: v.decode() for k, v in r.headers}, r.value) for r in records]
    return found


async def test_a_figure_reaches_the_inbox_once_and_in_one_trace(stack: Stack, focal: httpx.AsyncClient) -> None:
    """Every event twice, and between them a record that is no event: two messages, two notifications."""
    scope = f"theme:{uuid4()}"
    (await focal.post("/v1/subscriptions", json={"about": "metric", "scope": scope})).raise_for_status()
    first, second = a_figure(scope, 649_000, None), a_figure(scope, 655_000, 649_000)
    await publish(stack, scope, first, first, None, second, first, second)
    messages = await inbox(focal, scope, 2)
    assert [message["title"].split(": ")[1] for message in messages] == ["65.5%, was 64.9%", "64.9%, newly published"]

    read = await focal.post(f"/v1/inbox/{messages[0]['id']}/read")
    assert read.json()["read_at"]
    ids = {message["id"] for message in messages}
    said = await notifications(stack, ids, 3)
    assert sorted(event.type.removeprefix(PREFIX) for event in said) == [
        "notification.created.v1",
        "notification.created.v1",
        "notification.filed.v1",
    ]
    created = [event for event in said if event.type.endswith("created.v1")]
    assert {event.causationid for event in created} == {first.id, second.id}
    assert all(TRACE in (event.traceparent or "") for event in created)
    assert len(await inbox(focal, scope, 2)) == 2


async def test_what_waits_for_a_digest_is_told_in_one_message(stack: Stack, focal: httpx.AsyncClient) -> None:
    """Nothing is told while it waits; as soon as it is to be told at once, it is, and the stream carries it."""
    scope = f"theme:{uuid4()}"
    wish = {"about": "metric", "scope": scope, "pace": "weekly"}
    made = (await focal.post("/v1/subscriptions", json=wish)).raise_for_status()
    await publish(stack, scope, a_figure(scope, 649_000, 600_000), a_figure(scope, 655_000, 649_000))
    deadline = time.monotonic() + 30
    while not (
        (waiting := (await focal.get("/v1/digest")).json()["digest"]) and "65.5" in waiting["lines"][0]["title"]
    ):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert await inbox(focal, scope, 0) == []
    (await focal.patch(made.headers["location"], json={"pace": "instant"})).raise_for_status()
    while not (told := [m for m in (await focal.get("/v1/inbox")).json()["items"] if m["kind"] == "digest"]):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert [line["title"].split(": ")[1] for line in told[0]["lines"]] == ["65.5%, was 60.0%"]
    (event,) = await notifications(stack, {told[0]["id"]}, 1)
    assert event.type == "org.plumbline.notification.created.v1"
    assert (await focal.get("/v1/digest")).json() == {"digest": None}

"""One trace from the entity's publish to the reader's screen, every Kafka edge in it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.people import Entity, Person, listening, next_figure
from tests.support.waiting import until

from plumbline.stack import Stack

pytestmark = pytest.mark.stack

EDGES = {
    ("intake", "process plumbline.inbound"),
    ("intake", "send plumbline.portfolio.v1"),
    ("intake", "send plumbline.receipts.v1"),
    ("scoring", "process plumbline.portfolio.v1"),
    ("scoring", "send plumbline.metrics.v1"),
    ("notifier", "process plumbline.metrics.v1"),
    ("portal-gateway", "process plumbline.metrics.v1"),
}
"""Who does what with an update; the viewer writes names in lower case."""


async def spans_of(stack: Stack, http: httpx.AsyncClient, trace_id: str) -> list[dict[str, Any]]:
    """The trace, once every edge is in it."""
    found: list[dict[str, Any]] = []

    async def whole() -> bool:
        answer = await http.get(f"{stack.parts['zipkin'].address}/api/v2/trace/{trace_id}")
        found[:] = answer.json() if answer.is_success else []
        return edges(found) >= EDGES

    try:
        await until(whole, seconds=30, what="the whole trace")
    except AssertionError:
        raise AssertionError(f"not in the trace: {EDGES - edges(found)}; there: {edges(found)}") from None
    return found


def edges(spans: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Service and name, an inbound topic without its entity."""
    named = {(s.get("localEndpoint", {}).get("serviceName", ""), s.get("name", "")) for s in spans}
    return {
        (service, "process plumbline.inbound" if name.startswith("process plumbline.inbound.") else name)
        for service, name in named
    }


async def test_a_foreign_producers_trace_reaches_the_screen(
    system: Stack, http: httpx.AsyncClient, entity: Entity, secretariat: Person
) -> None:
    entity.publish(entity.project("T1"), entity.indicator("T1"))
    scope = f"indicator:{entity.user}-T1|I1"
    trace_id, span_id = uuid4().hex, uuid4().hex[:16]
    async with listening(secretariat) as stream:
        entity.publish(entity.observation("40", "T1", traceparent=f"00-{trace_id}-{span_id}-01"))
        assert (await next_figure(stream, "M1", scope, []))["value"] == 400_000
    spans = await spans_of(system, http, trace_id)
    ids = {s["id"] for s in spans}
    orphans = [s["name"] for s in spans if s.get("parentId") not in ids | {span_id}]
    assert orphans == []  # every span hangs on another of the trace, or on the producer's own
    first = next(s for s in spans if s.get("parentId") == span_id)
    assert first["localEndpoint"]["serviceName"] == "intake"
    assert first["tags"]["messaging.system"] == "kafka"
    assert first["tags"]["messaging.operation.name"] == "process"


async def test_an_event_without_a_trace_begins_one(
    system: Stack, http: httpx.AsyncClient, entity: Entity, secretariat: Person
) -> None:
    event = entity.observation("50", "T1")
    entity.publish(event)
    receipt = await entity.receipt(event=event.id)
    trace_id = receipt["trace_id"]
    assert trace_id is not None
    await secretariat.figure_of("M1", f"indicator:{entity.user}-T1|I1", 500_000)
    assert await spans_of(system, http, trace_id)

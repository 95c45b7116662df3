"""Whatever is sent, it ends as a receipt or a refusal with its reason, and the next good event still passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from confluent_kafka import KafkaError
from msgspec.structs import replace
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.waiting import until

from contracts.envelope import Envelope
from contracts.streams import PORTFOLIO
from plumbline.stack import Stack

pytestmark = pytest.mark.stack

Sent = tuple[bytes | None, list[tuple[str, bytes | None]]]
"""A record's value and headers."""


def rules(receipt: dict[str, Any]) -> set[str]:
    return {finding["rule"].removeprefix("plumbline:") for finding in receipt["findings"]}


async def passes(entity: Entity) -> None:
    """A good event after the bad one is accepted."""
    good = entity.project(f"good-{uuid4().hex[:8]}")
    entity.publish(good)
    assert (await entity.receipt(event=good.id))["outcome"] == "accepted"


@pytest.fixture(scope="module")
async def rival(other: Entity) -> Entity:
    """Another entity, with a project of its own."""
    theirs = other.project()
    assert (await other.post(theirs)).status_code == httpx.codes.ACCEPTED
    return other


def noise(length: int) -> str:
    """Characters of four bytes each that do not compress."""
    chooser = random.Random(length)
    return "".join(chr(chooser.randrange(0x20000, 0x2A000)) for _ in range(length))


# Events on Kafka that can be read as CloudEvents: the receipt names the event.

READABLE: dict[str, tuple[str, Callable[[Entity, Entity], Envelope]]] = {
    "another entity's name in the payload": ("IDENTITY", lambda e, o: e.project(entity=o.user)),
    "another entity's name in the source": (
        "IDENTITY",
        lambda e, o: replace(e.project(), source=f"/systems/{o.user}"),
    ),
    "another entity's project": ("NOT_OWNER", lambda e, o: e.observation("1", project_id=f"{o.user}-P1")),
    "a project nobody submitted": ("PROJECT_UNKNOWN", lambda e, _: e.observation("1", project_id="XM-NOBODY-1")),
    "a type of tomorrow": ("TYPE_UNKNOWN", lambda e, _: replace(e.project(), type="org.plumbline.project.moved.v7")),
    "a schema of tomorrow": (
        "SCHEMA_UNKNOWN",
        lambda e, _: replace(e.project(), dataschema="https://plumbline.example/schemas/project/2-0-0.json"),
    ),
    "a field nobody knows": ("SCHEMA_EXTRA_FORBIDDEN", lambda e, _: e.observation("1", vaule="2")),
    "a figure that is none": ("SCHEMA_STRING_PATTERN_MISMATCH", lambda e, _: e.observation("30,6")),
    "a float where an exact decimal belongs": ("SCHEMA_STRING_TYPE", lambda e, _: e.observation(value=1.5)),  # type: ignore[arg-type]
    "a year out of all reason": (
        "SCHEMA_LESS_THAN_EQUAL",
        lambda e, _: e.observation("1", period={"start": "2025-01-01", "end": "9999-12-31"}),
    ),
    "a period that ends before it begins": (
        "PERIOD_ORDER",
        lambda e, _: e.observation("1", period={"start": "2025-12-31", "end": "2025-01-01"}),
    ),
    "no data at all": ("SCHEMA_MODEL_TYPE", lambda e, _: replace(e.project(), data=b"null")),
    "half of a body": ("SCHEMA_JSON_INVALID", lambda e, _: replace(e.project(), data=e.project().data[:40])),
    "a body that is not UTF-8": (
        "SCHEMA_JSON_INVALID",
        lambda e, _: replace(e.project(), data=e.project(title={"en": "X"}).data.replace(b'"X"', b'"\xff"')),
    ),
    "a body a hundred thousand lists deep": (
        "SCHEMA_JSON_INVALID",
        lambda e, _: replace(e.project(), data=b"[" * 100_000),
    ),
    # What PostgreSQL could not keep: told here, for there it would be a fault that comes back with every try.
    "a character no database takes": ("CHARACTER", lambda e, _: e.project(title={"en": "before\0after"})),
    "a character no database takes, in a name": ("CHARACTER", lambda e, _: e.observation("1", indicator="I\0")),
    "a place too long for any index": (
        "TOO_LONG",
        lambda e, _: e.observation("1", place={"location": noise(5000)}),
    ),
    "dimensions too long for any index": (
        "TOO_LONG",
        lambda e, _: e.observation("1", place={"dimensions": {"sex": noise(3000)}}),
    ),
    "names too long for a scope": (
        "TOO_LONG",
        lambda e, _: e.indicator(f"P{'x' * 200}", "I" * 200),
    ),
    "percentages that do not add up": (
        "PERCENT_SUM",
        lambda e, _: e.project(allocations=[{"dim": "COUNTRY", "code": "ML", "ppm": 500_000}]),
    ),
}


@pytest.mark.parametrize("case", READABLE)
async def test_a_bad_event_on_kafka_is_answered_with_its_reason(entity: Entity, rival: Entity, case: str) -> None:
    rule, make = READABLE[case]
    bad = make(entity, rival)
    entity.publish(bad)
    receipt = await entity.receipt(event=bad.id)
    assert receipt["outcome"] == "quarantined"
    assert receipt["events"] == 0
    assert rule in rules(receipt)
    assert all(f["message"] and f["remedy"] for f in receipt["findings"])
    await passes(entity)


# Records that are no CloudEvents at all: the receipt names no event.


def headers(entity: Entity, **over: bytes | None) -> list[tuple[str, bytes | None]]:
    found: dict[str, bytes | None] = dict(entity.project().to_headers())
    return list({**found, **over}.items())


UNREADABLE: dict[str, tuple[str, Callable[[Entity], Sent]]] = {
    "a header that is not UTF-8": ("HEADER_NOT_UTF8", lambda e: (b"{}", headers(e, ce_subject=b"\xff\xfe"))),
    "a header without a value": ("ENVELOPE", lambda e: (b"{}", headers(e, ce_id=None))),
    "no headers": ("ENVELOPE", lambda e: (e.project().data, [])),
    "another version of CloudEvents": ("ENVELOPE", lambda e: (b"{}", headers(e, ce_specversion=b"2.0"))),
    "an id of two thousand characters": ("ENVELOPE", lambda e: (b"{}", headers(e, ce_id=b"x" * 2000))),
    "an id of four thousand bytes": ("ENVELOPE", lambda e: (b"{}", headers(e, ce_id=noise(1000).encode()))),
    "another content type": ("ENVELOPE", lambda e: (b"<a/>", headers(e, **{"content-type": b"text/xml"}))),
    "no body": ("NULL_BODY", lambda e: (None, headers(e))),
    "structured mode without JSON": ("NOT_JSON", lambda _: (b"{", [("content-type", b"application/cloudevents+json")])),
    "structured mode, endlessly nested": (
        "NOT_JSON",
        lambda _: (b"[" * 200_000, [("content-type", b"application/cloudevents+json")]),
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_a_record_that_is_no_event_is_answered_with_its_reason(entity: Entity, case: str) -> None:
    code, make = UNREADABLE[case]
    value, sent = make(entity)
    before = await receipts(entity)
    kafka.send(entity.stack, entity.user, entity.topic, [("key", value, sent)])

    async def answered() -> list[str]:
        return [i for i in await receipts(entity) if i not in before]

    (submission,) = await until(answered, what="a receipt")
    receipt = await entity.get("intake", f"/v1/submissions/{submission}")
    assert receipt["outcome"] == "quarantined"
    assert receipt["event_id"] is None
    if code != "ENVELOPE":
        assert code in rules(receipt) or "is not UTF-8" in receipt["findings"][0]["message"]
    assert code in {row["code"] for row in await quarantined(entity.stack, entity.topic)}
    await passes(entity)


async def receipts(entity: Entity) -> list[str]:
    """The entity's submissions that name no event."""
    items = (await entity.get("intake", "/v1/submissions", entity=entity.user, limit=200))["items"]
    return [i["submission_id"] for i in items if i["event_id"] is None]


async def quarantined(stack: Stack, topic: str) -> list[dict[str, Any]]:
    """What operators see of one topic's refused records."""
    async with httpx.AsyncClient(trust_env=False) as http:
        operator = Person(stack, "operator", http)
        items = (await operator.get("intake", "/v1/dlq", limit=500))["items"]
    return [row for row in items if row["topic"] == topic]


@pytest.mark.parametrize(
    "carried", ["x", "00-" + "z" * 32 + "-" + "z" * 16 + "-zz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
)
async def test_a_trace_that_cannot_be_read_is_no_fault_of_the_event(entity: Entity, carried: str) -> None:
    by_kafka, by_http = entity.project("traced"), entity.project("traced")
    entity.publish(by_kafka.with_trace(carried))
    assert (await entity.post(by_http.with_trace(carried))).status_code == httpx.codes.ACCEPTED
    assert (await entity.receipt(event=by_kafka.id))["outcome"] != "quarantined"
    assert (await entity.receipt(event=by_http.id))["outcome"] != "quarantined"


async def test_a_foreign_topic_is_refused_by_the_broker(entity: Entity, other: Entity) -> None:
    """The topic is the identity, so the right to write it is (architecture §2)."""
    forged = other.project("forged")
    for topic in (other.topic, PORTFOLIO.topic, "plumbline.inbound.dlq"):
        failure = refusal(entity, topic, forged.data, forged)
        assert failure is not None
        assert failure.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED == 29
    await passes(other)
    assert await other.receipts(event=forged.id) == []


@pytest.mark.parametrize("compression", ["none", "zstd"])
async def test_an_event_of_two_megabytes_is_refused_by_the_broker(entity: Entity, compression: str) -> None:
    """However it is packed: what intake would have to hold is what counts."""
    large = entity.project("large")
    failure = refusal(entity, entity.topic, large.data + b" " * 2 * MIB, large, compression=compression)
    assert failure is not None
    assert failure.code() == KafkaError.MSG_SIZE_TOO_LARGE
    await passes(entity)
    assert await entity.receipts(event=large.id) == []


async def test_records_that_unpack_to_a_gigabyte_are_refused_by_the_broker(entity: Entity) -> None:
    before = memory(entity.stack)
    bomb = entity.project("bomb")
    failure = refusal(entity, entity.topic, b" " * 300 * MIB, bomb, compression="zstd")
    assert failure is not None
    await passes(entity)
    assert memory(entity.stack) - before < 50 * MIB


MIB = 1024 * 1024


def refusal(entity: Entity, topic: str, value: bytes, event: Envelope, compression: str = "none") -> KafkaError | None:
    """What the broker says to one record of this entity, however large the client lets it be."""
    found: list[KafkaError | None] = []
    writer = kafka.producer(entity.stack, entity.user, **{"message.max.bytes": 10**9, "compression.type": compression})
    writer.produce(
        topic, value=value, key=b"key", headers=event.to_headers(), on_delivery=lambda error, _: found.append(error)
    )
    writer.flush(30)
    return found[0]


def memory(stack: Stack) -> int:
    """Bytes that intake and the processes it started hold now."""
    service = psutil.Process(stack.parts["intake"].pid)
    return sum(process.memory_info().rss for process in (service, *service.children(recursive=True)))

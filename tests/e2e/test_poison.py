"""Poison through every door, and past intake: what is good goes on, and what stands is what a replay gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from msgspec.structs import replace
from tests.e2e.test_vintages import told
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.poison import NEVER, POISON, places, poisoned

from contracts.envelope import Envelope
from contracts.streams import PORTFOLIO
from plumbline.stack import Stack
from plumbline.stack.services import kafka_user

pytestmark = pytest.mark.stack

KIBIBYTE = 1024


def poisons(event: Envelope) -> Iterator[Envelope]:
    """The event with everything that can be meant in no field, in each of its fields."""
    data = json.loads(event.data)
    for path in places(data):
        for what in sorted(NEVER):
            if len(POISON[what]) < 100 * KIBIBYTE:
                yield replace(event, id=f"{event.id}-{'-'.join(map(str, path))}-{what}"[:200].replace(" ", "-"),
                              data=poisoned(data, path, POISON[what]))  # fmt: skip


async def test_poison_delays_nobody_and_leaves_no_trace(system: Stack, entity: Entity, secretariat: Person) -> None:
    entity.publish(entity.project(), entity.indicator(), entity.observation("40"))
    await secretariat.figure_of("M4", f"project:{entity.user}-P1", 400_000)
    bad = list(poisons(entity.observation("55")))
    # By the entity's own topic, by HTTP as it stands in the body, and past intake, as only intake's own key can.
    project = f"{entity.user}-P1"
    kafka.send(system, entity.user, entity.topic, [(project, event.data, event.to_headers()) for event in bad])
    for event in bad[::7]:
        body = b'{"specversion":"1.0","id":"%s","source":"/s","type":"%s","data":%s}' % (
            f"http-{event.id}".encode(), event.type.encode(), event.data,
        )  # fmt: skip
        kind = {"Content-Type": "application/cloudevents+json"}
        answer = await entity.call("POST", "intake", "/v1/events", content=body, headers=kind)
        assert answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}, answer.text
        assert all(found["message"] and found["remedy"] for found in answer.json().get("errors", []))
    now = datetime.now(UTC)
    stamped = [replace(e, id=f"past-{e.id}"[:200], recordedtime=now, sequence=f"{n:010d}") for n, e in enumerate(bad)]
    past = [(project, event.data, event.to_headers()) for event in stamped]
    kafka.send(system, kafka_user("intake"), PORTFOLIO.topic, past)
    entity.publish(entity.observation("60"))
    await secretariat.figure_of("M4", f"project:{entity.user}-P1", 600_000)
    for event in bad[::20]:
        receipt = await entity.receipt(event=event.id)
        assert receipt["outcome"] == "quarantined"
        assert all(found["message"] and found["remedy"] for found in receipt["findings"])
    found = told(system, "rebuild")
    assert found["standing"] == found["rebuilt"]
    assert (found["mended_projects"], found["mended_cells"]) == ([], [])

"""What IATI has no place for comes as a table; what no project owns comes from an office, and from nobody else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.waiting import until

from contracts import schemas
from contracts.streams import CONTEXT, PORTFOLIO, Stream
from contracts.tables import KINDS, cells, template

pytestmark = pytest.mark.stack


def table(kind: str, *rows: dict[str, str]) -> bytes:
    """Rows like the template's, changed in some columns."""
    model = KINDS[kind]
    example = schemas.newest_example(model.TYPE)
    assert example is not None
    columns = template(model, example)
    usual = dict(zip([c.name for c in columns], cells(columns, example), strict=True))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(usual))
    writer.writeheader()
    writer.writerows([usual | row for row in rows])
    return out.getvalue().encode("utf-8-sig")


def like(type_: str, **over: Any) -> dict[str, Any]:
    example = schemas.newest_example(type_)
    assert example is not None
    return {k: v for k, v in (example | over).items() if k != "origin"}


async def sent(person: Person, content: bytes) -> dict[str, Any]:
    """The receipt of a table, as its sender reads it."""
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    answer = await person.call("POST", "intake", "/v1/files", content=content, headers=headers)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    async def done() -> dict[str, Any] | None:
        found: dict[str, Any] = await person.get("intake", answer.json()["receipt"])
        return found if found["state"] == "done" else None

    return await until(done, seconds=60, what="a table to be judged")  # type: ignore[return-value]


async def published(entity: Entity, stream: Stream, count: int, word: str, type_: str = "") -> list[Any]:
    """The records of a stream that hold a word, once there are so many: attributes and data."""

    async def there() -> list[Any] | None:
        records = await asyncio.to_thread(kafka.read_from_the_start, entity.stack, stream, "scoring")
        found = [r for r in records if word in json.dumps(r[1]) and r[0]["type"].endswith(type_)]
        return found if len(found) >= count else None

    return await until(there, what=f"{count} records on {stream.topic}")  # type: ignore[return-value]


async def test_a_table_of_evaluations_becomes_receipts_and_events(entity: Entity) -> None:
    assert (await entity.post(entity.project("t"))).is_success
    project = f"{entity.user}-t"
    content = table(
        "evaluations",
        {"project_id": project, "evaluation_id": "E1"},
        {"project_id": project, "evaluation_id": "E2", "scale": "4"},
        {"project_id": project, "evaluation_id": "E3", "stage": "EXPOST"},
    )
    receipt = await sent(entity, content)
    assert (receipt["outcome"], receipt["accepted"], receipt["quarantined"]) == ("partly-quarantined", 2, 1)
    assert [f["path"] for f in receipt["findings"]] == ["row 3, column ratings.relevance"]
    again = await sent(entity, content)
    assert (again["accepted"], again["amended"], again["unchanged"]) == (0, 0, 2)

    facts = await published(entity, PORTFOLIO, 2, f'"{project}"', "evaluation.published.v1")
    assert [data["evaluation_id"] for _, data in facts] == ["E1", "E3"]
    assert [data["origin"]["line"] for _, data in facts] == [2, 4]
    assert {attributes["partitionkey"] for attributes, _ in facts} == {project}
    assert {attributes["causationid"] for attributes, _ in facts} == {receipt["submission_id"]}


async def test_a_member_state_speaks_of_itself_and_an_entity_of_no_state(entity: Entity) -> None:
    delegate = Person.appear(entity.stack, entity.http, "member-state", "ML")
    secretariat = Person(entity.stack, "secretariat", entity.http)
    word = uuid4().hex
    provision, need = f"provision-{word}", f"need-{word}"

    async def post(person: Person, type_: str, **over: Any) -> httpx.Response:
        event = kafka.an_event("office", like(type_, **over), type_)
        return await person.call("POST", "intake", "/v1/events", json=event.to_structured())

    assert (await post(secretariat, "resolution.provision-defined.v1", provision_id=provision)).is_success
    level = {"provision_id": provision, "assessor": "STATE"}
    mine = await post(delegate, "resolution.implementation-assessed.v1", **level)
    assert mine.status_code == httpx.codes.ACCEPTED, mine.text
    other = await post(
        delegate, "resolution.implementation-assessed.v1", country="NE", classification="state:NE", **level
    )
    assert other.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [e["rule"] for e in other.json()["errors"]] == ["plumbline:OTHER_COUNTRY"]
    receipt = await delegate.get("intake", f"/v1/submissions/{mine.json()['receipts'][0]['submission_id']}")
    assert (receipt["entity"], receipt["outcome"]) == ("state:ML", "accepted")

    # A table of needs, from the State itself; its receipt is the State's, not every State's.
    needs = await sent(delegate, table("needs", {"need_id": need, "entity": "state:ML"}))
    assert (needs["outcome"], needs["accepted"]) == ("accepted", 1), needs["findings"]
    stranger = Person.appear(delegate.stack, delegate.http, "member-state", "NE")
    answer = await stranger.call("GET", "intake", f"/v1/submissions/{needs['submission_id']}")
    assert answer.status_code == httpx.codes.NOT_FOUND

    # An entity that says it over Kafka hears why not.
    said = kafka.an_event(entity.user, like("need.registered.v1", need_id=f"{need}-2"), "need.registered.v1")
    entity.publish(said)
    refused = await entity.receipt(event=said.id)
    assert refused["outcome"] == "quarantined"
    assert [f["rule"] for f in refused["findings"]] == ["plumbline:NOT_YOURS_TO_SAY"]

    facts = await published(entity, CONTEXT, 3, word)
    assert [a["type"].removeprefix("org.plumbline.") for a, _ in facts] == [
        "resolution.provision-defined.v1", "resolution.implementation-assessed.v1", "need.registered.v1",
    ]  # fmt: skip
    assert [a["partitionkey"] for a, _ in facts] == ["S/RES/2396 (2017)", "ML", "ML"]
    assert [a["dataclassification"] for a, _ in facts] == ["public", "state:ML", "state:ML"]


async def test_the_same_in_binary_mode_and_in_a_batch(entity: Entity) -> None:
    secretariat = Person(entity.stack, "secretariat", entity.http)
    assert (await entity.post(entity.project("b"))).is_success
    risk = kafka.an_event(entity.user, like("risk.assessed.v1", project_id=f"{entity.user}-b"), "risk.assessed.v1")
    binary = {"ce-specversion": "1.0", "ce-id": risk.id, "ce-source": risk.source, "ce-type": risk.type}
    answer = await entity.call(
        "POST", "intake", "/v1/events", content=risk.data, headers={**binary, "Content-Type": "application/json"}
    )
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    bad = kafka.an_event(entity.user, like("marker.assigned.v1", project_id=f"{entity.user}-b", significance=4),
                         "marker.assigned.v1")  # fmt: skip
    again = kafka.an_event(entity.user, json.loads(risk.data), "risk.assessed.v1")
    receipts = (await entity.post([again, bad])).json()["receipts"]
    assert [r["outcome"] for r in receipts] == ["unchanged", "quarantined"]
    assert [f["path"] for f in receipts[1]["findings"]] == ["data/significance"]

    duty = like("obligation.scheduled.v1", obligation_id=uuid4().hex, entity=entity.user)
    met = like("report.received.v1", obligation_id=duty["obligation_id"], entity=entity.user)
    said = (("obligation.scheduled.v1", duty), ("report.received.v1", met))
    batch = [kafka.an_event("office", data, type_) for type_, data in said]
    answer = await secretariat.call(
        "POST", "intake", "/v1/events", content=json.dumps([e.to_structured() for e in batch]),
        headers={"Content-Type": "application/cloudevents-batch+json"},
    )  # fmt: skip
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted", "accepted"], answer.text

"""Events from entities: identity, version clock, corrections, refusals; on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.intake import said
from tests.support.kafka import an_event
from tests.support.stack import fresh_database

from contracts.envelope import PREFIX, Envelope
from contracts.streams import PORTFOLIO, RECEIPTS
from intake.store import entities
from intake.usecases import events
from intake.usecases.item import Item
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake", clock=lambda: NOW)
    async with opened.transaction(SYSTEM) as tx:
        await entities.save(tx.conn, "XM-A", "A", ["XM-A-OLD"])
        await entities.save(tx.conn, "XM-B", "B", [])
    yield opened
    await opened.close()


async def receive(database: Database, *envelopes: Envelope, entity: str = "XM-A") -> list[Item]:
    async with database.transaction(SYSTEM) as tx:
        everyone = await entities.every(tx.conn)
        return await events.receive(tx, everyone[entity], everyone, envelopes, "kafka", 1_000_000)


def a_project(project: str = "XM-A-1", **over: Any) -> Envelope:
    data = {
        "project_id": project,
        "entity": "XM-A",
        "title": {"en": "Border security"},
        "status": "2",
        "allocations": [{"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}],
        **over,
    }
    return an_event("XM-A", data, "project.submitted.v1")


def an_indicator(**over: Any) -> Envelope:
    data = {
        "project_id": "XM-A-1",
        "indicator_id": "I1",
        "result_id": "R1",
        "result_type": "1",
        "measure": "1",
        "targets": [{"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "10"}],
        **over,
    }
    return an_event("XM-A", data, "indicator.defined.v1")


def an_observation(value: str | None = "5", type_: str = "observation.recorded.v1", **over: Any) -> Envelope:
    data = {
        "project_id": "XM-A-1",
        "indicator_id": "I1",
        "period": {"start": "2025-01-01", "end": "2025-06-30"},
        **({"value": value} if value is not None else {}),
        **over,
    }
    return an_event("XM-A", data, type_)


def rules(item: Item) -> set[str]:
    return {f["rule"].removeprefix("plumbline:") for f in item.faults}


async def test_what_is_accepted_is_stamped_and_published_with_its_receipt(database: Database) -> None:
    items = await receive(database, a_project(), an_indicator(), an_observation())
    assert [i.submission.outcome for i in items] == ["accepted"] * 3
    found = await said(database)
    facts = found[PORTFOLIO.topic]
    assert [f["type"].removeprefix(PREFIX) for f in facts] == [
        "project.submitted.v1",
        "indicator.defined.v1",
        "observation.recorded.v1",
    ]
    assert [f["sequence"] for f in facts] == ["0000000001", "0000000002", "0000000003"]
    assert [f["recordedtime"] for f in facts] == sorted({f["recordedtime"] for f in facts})
    assert {f["key"] for f in facts} == {"XM-A-1"}
    assert [f["causationid"] for f in facts] == [i.envelope.id for i in items]
    assert facts[2]["data"]["origin"] == {"submission_id": items[2].submission.id}
    assert [r["data"]["outcome"] for r in found[RECEIPTS.topic]] == ["accepted"] * 3
    assert {r["key"] for r in found[RECEIPTS.topic]} == {"XM-A"}


async def test_the_same_content_under_a_new_id_changes_nothing_and_says_so(database: Database) -> None:
    await receive(database, a_project(), an_indicator(), an_observation())
    await said(database)
    items = await receive(database, a_project(), an_indicator(), an_observation(), an_observation("5"))
    assert [i.submission.outcome for i in items] == ["unchanged"] * 4
    found = await said(database)
    assert PORTFOLIO.topic not in found
    assert len(found[RECEIPTS.topic]) == 4


async def test_corrections_retractions_and_a_second_life(database: Database) -> None:
    await receive(database, a_project(), an_indicator())
    await said(database)
    await receive(
        database,
        an_observation("30"),
        an_observation("55"),
        an_observation(None, "observation.retracted.v1"),
        an_observation(None, "observation.retracted.v1", reason="again"),
        an_observation("50"),
    )
    facts = (await said(database))[PORTFOLIO.topic]
    assert [(f["type"].split(".")[3], f["data"].get("value")) for f in facts] == [
        ("recorded", "30"),
        ("corrected", "55"),
        ("retracted", None),
        ("recorded", "50"),
    ]


async def test_a_changed_project_names_its_changes_and_a_changed_target_is_a_revision(database: Database) -> None:
    await receive(database, a_project(), an_indicator())
    await said(database)
    target = [{"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "8"}]
    await receive(database, a_project(status="3", title={"en": "Borders"}), an_indicator(targets=target))
    amended, revised = (await said(database))[PORTFOLIO.topic]
    assert amended["type"].endswith("project.amended.v1")
    assert amended["data"]["changed_fields"] == ["status", "title"]
    assert revised["type"].endswith("indicator.target-revised.v1")


async def test_percentages_near_a_hundred_are_normalised_and_others_refused(database: Database) -> None:
    def countries(*shares: int) -> list[dict[str, Any]]:
        return [{"dim": "COUNTRY", "code": c, "ppm": s} for c, s in zip(("ML", "NE", "BF"), shares, strict=False)]

    near, far = await receive(
        database,
        a_project("XM-A-1", allocations=countries(333_000, 333_000, 333_000)),
        a_project("XM-A-2", allocations=countries(500_000, 400_000)),
    )
    assert near.submission.outcome == "accepted"
    assert rules(far) == {"PERCENT_SUM"}
    fact = (await said(database))[PORTFOLIO.topic][0]
    assert {a["code"]: a["ppm"] for a in fact["data"]["allocations"]} == {"BF": 333_334, "ML": 333_333, "NE": 333_333}
    assert fact["data"]["flags"] == ["PERCENT_NORMALISED"]


async def test_nobody_speaks_for_another(database: Database) -> None:
    await receive(database, a_project())
    foreign_source = an_event("XM-B", {"project_id": "XM-A-1"}, "project.withdrawn.v1")
    (claimed,) = await receive(database, foreign_source)
    assert rules(claimed) == {"IDENTITY"}
    (stated,) = await receive(database, a_project("XM-A-9", entity="XM-B"))
    assert rules(stated) == {"IDENTITY"}
    (former,) = await receive(database, a_project("XM-A-9", entity="XM-A-OLD"))
    assert former.submission.outcome == "accepted"
    theirs = an_event("XM-B", {"project_id": "XM-A-1", "reason": "mine now"}, "project.withdrawn.v1")
    (stolen,) = await receive(database, theirs, entity="XM-B")
    assert rules(stolen) == {"NOT_OWNER"}
    (unknown,) = await receive(database, an_observation(project_id="XX-1"))
    assert rules(unknown) == {"PROJECT_UNKNOWN"}


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        (an_observation("30,6"), {"SCHEMA_STRING_PATTERN_MISMATCH"}),
        (an_observation("NaN"), {"SCHEMA_STRING_PATTERN_MISMATCH"}),
        (an_observation("1e9"), {"SCHEMA_STRING_PATTERN_MISMATCH"}),
        (an_observation("1" * 25), {"SCHEMA_STRING_PATTERN_MISMATCH"}),
        (an_observation(vaule="5"), {"SCHEMA_EXTRA_FORBIDDEN"}),
        (an_observation(period={"start": "2025-12-31", "end": "2025-01-01"}), {"PERIOD_ORDER"}),
        (an_observation(period={"start": "1900-01-01", "end": "2200-01-01"}), {"PERIOD_LENGTH"}),
        (an_observation(period={"start": "9999-01-01", "end": "9999-12-31"}), {"SCHEMA_LESS_THAN_EQUAL"}),
        (an_observation(rubric="FULL", assessor="P"), {"VALUE_TWICE"}),
        (an_observation(None, rubric="FULL"), {"RUBRIC_ASSESSOR"}),
        (an_observation(None, numerator="1"), {"RATIO_HALF"}),
        (an_observation(None, numerator="1", denominator="0.00"), {"RATIO_ZERO"}),
        (an_event("XM-A", {}, "observation.recorded.v2"), {"TYPE_UNKNOWN"}),
        (an_event("XM-A", {}, "metric.updated.v1"), {"TYPE_UNKNOWN"}),
        (an_event("XM-A", {}, dataschema="https://x.example/observation/2-0-0.json"), {"SCHEMA_UNKNOWN"}),
        (an_event("XM-A", {}), {"SCHEMA_MISSING"}),
        (Envelope(id="x", source="/XM-A", type=PREFIX + "observation.recorded.v1", data=b"["), {"SCHEMA_JSON_INVALID"}),
        (an_event("XM-A", {"x": "y" * 1_000_001}), {"TOO_LARGE"}),
    ],
)
async def test_a_bad_event_is_refused_with_its_reason_and_the_next_one_passes(
    database: Database, envelope: Envelope, expected: set[str]
) -> None:
    bad, good = await receive(database, envelope, a_project())
    assert bad.submission.outcome == "quarantined"
    assert rules(bad) == expected
    assert all(f["remedy"] and f["message"] for f in bad.faults)
    assert good.submission.outcome == "accepted"
    receipts = [r["data"] for r in (await said(database))[RECEIPTS.topic] if "outcome" in r["data"]]
    assert [r["outcome"] for r in receipts] == ["quarantined", "accepted"]


async def test_a_qualitative_indicator_takes_no_figure(database: Database) -> None:
    qualitative = an_indicator(measure="5", targets=[])
    *_, figure, rubric = await receive(
        database, a_project(), qualitative, an_observation("3"), an_observation(None, rubric="FULL", assessor="Panel")
    )
    assert rules(figure) == {"QUALITATIVE_VALUE"}
    assert rubric.submission.outcome == "accepted"

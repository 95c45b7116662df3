"""Judgements, and what no single project owns: who may say it, whether it can be meant, what it replaces."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.intake import said
from tests.support.kafka import an_event
from tests.support.stack import fresh_database

from contracts import schemas
from contracts.envelope import Envelope
from contracts.streams import CONTEXT, PORTFOLIO, RECEIPTS
from intake.domain.rights import OFFICES
from intake.store import entities
from intake.store.entities import Entity, office
from intake.usecases import events
from intake.usecases.calendar import publish_crosswalk
from intake.usecases.item import Item
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLES = {
    name: json.loads(path.read_bytes()) | {"origin": None} for name, _, path in schemas.examples()
}  # the newest of each
SENT = sorted(name.removeprefix("org.plumbline.") for name in events.TYPES)
MALI = office("member-state", "ML")
SECRETARIAT = office("secretariat", "")
PATTERN, ABOVE = "SCHEMA_STRING_PATTERN_MISMATCH", "SCHEMA_LESS_THAN_EQUAL"


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake", clock=lambda: NOW)
    async with opened.transaction(SYSTEM) as tx:
        for n in (1, 2, 8):
            await entities.save(tx.conn, f"XM-DEMO-{n}", f"Demonstration {n}", [])
    yield opened
    await opened.close()


async def receive(database: Database, *envelopes: Envelope, by: Entity | None = None) -> list[Item]:
    async with database.transaction(SYSTEM) as tx:
        everyone = await entities.every(tx.conn)
        return await events.receive(tx, by or everyone["XM-DEMO-1"], everyone, envelopes, "http", 1_000_000)


def like(type_: str, **over: Any) -> Envelope:
    """An event as contracts shows it, changed here and there; a field set to ``...`` is left out."""
    data = {k: v for k, v in (EXAMPLES[type_] | over).items() if v is not ...}
    return an_event("ours", data, type_)


def rules(item: Item) -> set[str]:
    return {f["rule"].removeprefix("plumbline:") for f in item.faults if f["severity"] == "error"}


def speaker(type_: str) -> Entity | None:
    return SECRETARIAT if type_ in OFFICES else None


def before(type_: str) -> Iterator[str]:
    """What must be known before an example of this type."""
    leans = {
        "need.support-linked.v1": "need.registered.v1",
        "resolution.implementation-assessed.v1": "resolution.provision-defined.v1",
        "report.received.v1": "obligation.scheduled.v1",
        "dialect.withdrawn.v1": "dialect.adopted.v1",
        "risk.closed.v1": "risk.assessed.v1",
        "project.withdrawn.v1": "project.submitted.v1",
        "indicator.withdrawn.v1": "indicator.defined.v1",
        "observation.retracted.v1": "observation.recorded.v1",
        "transaction.reversed.v1": "transaction.posted.v1",
    }
    if type_ in leans:
        yield leans[type_]


@pytest.mark.parametrize("type_", SENT)
async def test_every_example_is_accepted_once_and_then_unchanged(database: Database, type_: str) -> None:
    by = speaker(type_)
    for earlier in before(type_):
        same = {n: v for n, v in EXAMPLES[type_].items() if n in EXAMPLES[earlier] and n.endswith("_id")}
        assert [i.faults for i in await receive(database, like(earlier, **same), by=by)] == [[]]
    await said(database)
    first, again = await receive(database, like(type_), like(type_), by=by)
    assert first.submission.outcome == "accepted", first.faults
    assert again.submission.outcome == "unchanged"
    found = await said(database)
    stream = CONTEXT if type_ in OFFICES else PORTFOLIO
    (fact,) = found[stream.topic]
    assert fact["recordedtime"].startswith("2026-01-01T00:00:00")
    assert int(fact["sequence"]) >= 1
    assert fact["data"]["origin"] == {"submission_id": first.submission.id}
    assert fact["causationid"] == first.envelope.id
    assert fact["key"] == fact["partitionkey"]
    assert [r["data"]["outcome"] for r in found[RECEIPTS.topic]] == ["accepted", "unchanged"]


@pytest.mark.parametrize("type_", sorted(OFFICES))
async def test_what_an_office_says_nobody_else_says(database: Database, type_: str) -> None:
    """Deny first: an entity, a Member State, operations; each gets the reason and who may say it."""
    for role, by in (("entity", None), ("operator", office("operator", "")), ("member-state", MALI)):
        (item,) = await receive(database, like(type_), by=by)
        allowed = role in OFFICES[type_]
        assert (rules(item) == {"NOT_YOURS_TO_SAY"}) is not allowed, (role, item.faults)
        if not allowed:
            assert item.faults[0]["path"] == "type"
            assert item.submission.outcome == "quarantined"


async def test_an_office_says_nothing_of_a_project(database: Database) -> None:
    for by in (SECRETARIAT, MALI, office("operator", "")):
        (item,) = await receive(database, like("evaluation.published.v1"), by=by)
        assert rules(item) == {"NOT_YOURS_TO_SAY"}
        assert "?entity=REF" in item.faults[0]["remedy"]


async def test_a_member_state_speaks_of_itself(database: Database) -> None:
    await receive(database, like("resolution.provision-defined.v1"), by=SECRETARIAT)
    mine, another, as_cted, need = await receive(
        database,
        like("resolution.implementation-assessed.v1", assessor="STATE"),
        like("resolution.implementation-assessed.v1", assessor="STATE", country="NE", classification="state:NE"),
        like("resolution.implementation-assessed.v1", country="NE", classification="state:NE"),
        like("need.registered.v1", entity="state:ML"),
        by=MALI,
    )
    assert mine.faults == []
    assert rules(another) == {"OTHER_COUNTRY"}
    assert rules(as_cted) == {"OTHER_COUNTRY", "ASSESSOR"}
    assert need.faults == []


async def test_what_says_no_class_is_for_the_state_concerned(database: Database) -> None:
    need, link, other = await receive(
        database,
        like("need.registered.v1", classification=...),
        like("need.support-linked.v1"),
        like("need.registered.v1", need_id="N-2", classification="state:NE"),
        by=SECRETARIAT,
    )
    assert rules(need) == rules(link) == set()
    assert rules(other) == {"CLASS_OTHER_STATE"}
    facts = (await said(database))[CONTEXT.topic]
    assert [f["dataclassification"] for f in facts] == ["state:ML", "state:ML"]
    assert facts[0]["data"]["classification"] == "state:ML"
    (refused,) = await receive(database, like("need.registered.v1", classification="restricted"), by=SECRETARIAT)
    assert "state:ML" in refused.faults[0]["remedy"]


async def test_a_fact_leans_on_what_is_known(database: Database) -> None:
    """A misspelt identifier would count nothing, silently."""
    for type_ in ("need.support-linked.v1", "resolution.implementation-assessed.v1", "report.received.v1"):
        (item,) = await receive(database, like(type_), by=SECRETARIAT)
        assert rules(item) == {"NOT_KNOWN"}, type_
    (need,) = await receive(database, like("need.registered.v1", entity="XM-NOBODY"), by=SECRETARIAT)
    assert rules(need) == {"ENTITY_UNKNOWN"}


async def test_a_need_keeps_its_country_and_a_table_its_content(database: Database) -> None:
    await receive(database, like("need.registered.v1"), like("fx.rates-published.v1"), by=SECRETARIAT)
    rows = [{"currency": "EUR", "valid_from": "2026-01-01", "units_per_usd": "0.93"}]
    moved, changed = await receive(
        database,
        like("need.registered.v1", country="NE", classification="state:NE"),
        like("fx.rates-published.v1", rows=rows),
        by=SECRETARIAT,
    )
    assert rules(moved) == {"OTHER_KEY"}
    assert rules(changed) == {"VERSION_TAKEN", "CONTENT_HASH"}


async def test_said_again_withdrawn_and_said_anew(database: Database) -> None:
    steps: list[dict[str, Any]] = [{}, {"severity": 2}, {"withdrawn": True}, {"withdrawn": True}, {}]
    for step in steps:
        await receive(database, like("need.registered.v1", **step), by=SECRETARIAT)
    found = await said(database)
    facts = found[CONTEXT.topic]
    assert [f["type"].split(".")[3] for f in facts] == ["registered", "updated", "updated", "registered"]
    assert [f["data"]["withdrawn"] for f in facts] == [False, False, True, False]
    assert [f["sequence"] for f in facts] == [f"{n:010d}" for n in (1, 2, 3, 4)]
    assert [r["data"]["outcome"] for r in found[RECEIPTS.topic]] == [
        "accepted", "accepted", "accepted", "unchanged", "accepted",
    ]  # fmt: skip


async def test_a_marker_taken_back_says_null(database: Database) -> None:
    await receive(database, like("marker.assigned.v1"), like("marker.assigned.v1", significance=None))
    facts = (await said(database))[PORTFOLIO.topic]
    assert [f["data"]["significance"] for f in facts] == [2, None]


BAD: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "a rating above the scale": (
        "evaluation.published.v1", {"scale": 4, "ratings": {"relevance": 5, "impact": 6}}, {"RATING_SCALE"},
    ),
    "an evaluation in the year 9999": ("evaluation.published.v1", {"completed_on": "9999-12-31"}, {ABOVE}),
    "a scale nobody uses": ("evaluation.published.v1", {"scale": 10}, {"SCHEMA_LITERAL_ERROR"}),
    "quality 7": ("evaluation.quality-rated.v1", {"quality": 7}, {ABOVE}),
    "quality rated by oneself": ("evaluation.quality-rated.v1", {"rated_by": "XM-DEMO-1"}, {"FOUR_EYES"}),
    "evidence verified by oneself": ("evidence.verified.v1", {"verifier": "XM-DEMO-1"}, {"FOUR_EYES"}),
    "likelihood 6": ("risk.assessed.v1", {"likelihood": 6}, {ABOVE}),
    "a residual risk above the inherent one": (
        "risk.assessed.v1", {"residual_likelihood": 5, "residual_impact": 5}, {"RESIDUAL_RISK"},
    ),
    "a clearance that ends before it begins": ("hrddp.decided.v1", {"expires_on": "2026-01-01"}, {"DATE_ORDER"}),
    "mitigation that is not said": ("hrddp.decided.v1", {"conditions": {}}, {"CONDITIONS"}),
    "person-days below nought": ("effort.reported.v1", {"person_days": "-1"}, {"NEGATIVE"}),
    "person-days that are no number": ("effort.reported.v1", {"person_days": "NaN"}, {PATTERN}),
    "person-days with an exponent": ("effort.reported.v1", {"person_days": "1e9999"}, {PATTERN}),
    "infinite person-days": ("effort.reported.v1", {"person_days": "Infinity"}, {PATTERN}),
    "a period backwards": (
        "effort.reported.v1", {"period": {"start": "2026-06-30", "end": "2026-01-01"}}, {"PERIOD_ORDER"},
    ),
    "DAC gender 3": ("marker.assigned.v1", {"scheme": "DAC", "significance": 3}, {"MARKER_SCALE"}),
    "DAC gender 4 in the project": (
        "project.submitted.v1", {"markers": [{"scheme": "DAC", "code": "1", "significance": 4}]}, {"MARKER_SCALE"},
    ),
    "HRM 4": ("marker.assigned.v1", {"scheme": "HRM", "significance": 4}, {"MARKER_SCALE"}),
    "a share above the whole": (
        "shared-result.claims-changed.v1", {"claims": [{"project_id": "P", "share": 1_000_001}]}, {ABOVE},
    ),
    "a claim twice": (
        "shared-result.claims-changed.v1", {"claims": [{"project_id": "P"}, {"project_id": "P"}]}, {"CLAIM_TWICE"},
    ),
    "adequacy below nought": ("need.support-linked.v1", {"adequacy": -1}, {"SCHEMA_GREATER_THAN_EQUAL"}),
    "a country that is none": ("need.registered.v1", {"country": "Mali"}, {PATTERN}),
    "a rate of nought, twice": (
        "fx.rates-published.v1",
        {"rows": [{"currency": "EUR", "valid_from": "2026-01-01", "units_per_usd": "0"}] * 2},
        {"RATE", "RATE_TWICE", "CONTENT_HASH"},
    ),
    "a list that is not what was hashed": ("codelist.published.v1", {"codes": {"1": "P1"}}, {"CONTENT_HASH"}),
    "a release of what the method does not have, under a name that is taken": (
        "method.released.v1",
        {"version": "1.0.0", "parameters": {"coverage": "1", "risk.high": "9.5"}},
        {"METHOD_VERSION", "PARAMETER"},
    ),
    "a release whose parameters contradict each other": (
        "method.released.v1", {"parameters": {"coverage.published": "0.4", "weight.output": "1"}}, {"PARAMETER"},
    ),
    "a version that figures cannot carry": ("method.released.v1", {"version": "one~two"}, {"METHOD_VERSION"}),
    "regions that lie nowhere": (
        "codelist.published.v1", {"list_id": "regions", "codes": {"ML": "011"}}, {"CODE", "CONTENT_HASH"},
    ),
    "a misspelt field": ("risk.assessed.v1", {"likelyhood": 3}, {"SCHEMA_EXTRA_FORBIDDEN"}),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_what_cannot_be_meant_is_refused_with_its_place(database: Database, case: str) -> None:
    type_, over, wanted = BAD[case]
    bad, good = await receive(database, like(type_, **over), like("marker.assigned.v1"), by=speaker(type_))
    assert rules(bad) == wanted, bad.faults
    assert all(f["path"].startswith("data/") and f["remedy"] for f in bad.faults if f["severity"] == "error")
    assert bad.submission.outcome == "quarantined"
    if speaker(type_) is None:
        assert good.submission.outcome == "accepted"


async def test_every_error_at_once(database: Database) -> None:
    over = {"likelihood": 0, "impact": 9, "residual_likelihood": "high", "category": "", "colour": "red"}
    (item,) = await receive(database, like("risk.assessed.v1", **over))
    assert {f["path"] for f in item.faults} == {f"data/{name}" for name in over}


@pytest.mark.parametrize("figure", [b"1e999", b"-1e999", b"1e400", b"NaN", b"Infinity", b"9" * 400, b"4.5"])
async def test_a_figure_that_is_none_is_refused(database: Database, figure: bytes) -> None:
    event = like("evaluation.quality-rated.v1", quality="here")
    raw = event.data.replace(b'"here"', figure)
    (item,) = await receive(database, Envelope(id=event.id, source=event.source, type=event.type, data=raw))
    assert item.submission.outcome == "quarantined"
    assert item.faults[0]["rule"].startswith("plumbline:SCHEMA_")


async def test_the_crosswalk_is_said_once_and_stamped_as_a_fact(database: Database) -> None:
    """Scoring refuses a list of which it is not said when it was accepted."""
    for _again in range(2):
        async with database.transaction(SYSTEM) as tx:
            await publish_crosswalk(tx, "crosswalk-0", {"15220": "P1"})
    (fact,) = (await said(database))[CONTEXT.topic]
    assert (fact["recordedtime"], fact["sequence"], fact["key"]) == (
        "2026-01-01T00:00:00.000000Z",
        "0000000001",
        "crosswalk-0",
    )

"""Every field of every event poisoned in every way: a finding, or a fact that scoring keeps; never a fault."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.intake import said
from tests.support.kafka import an_event
from tests.support.poison import NEVER, POISON, places, poisoned
from tests.support.scoring_facts import a_project, apply_all, version
from tests.support.stack import fresh_database

from contracts import schemas
from contracts.envelope import PREFIX, Envelope
from contracts.streams import CONTEXT, PORTFOLIO
from intake.domain.rights import OFFICES
from intake.store import entities
from intake.store.entities import office
from intake.usecases import events
from intake.usecases.item import Item
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database
from scoring import codec
from scoring.domain.method import FIRST_METHOD
from scoring.domain.state import ProjectState
from scoring.domain.subjects import KINDS, home
from scoring.domain.subjects.subject import step
from scoring.usecases.heard import problems_of

pytestmark = pytest.mark.stack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = b"XM-DEMO-1-BORDER-07"
EXAMPLES: dict[str, dict[str, Any]] = {
    name: {key: value for key, value in json.loads(path.read_bytes()).items() if key != "origin"}
    for name, _, path in schemas.examples()
}  # the newest of each
SENT = sorted(name.removeprefix(PREFIX) for name in events.TYPES)
SECRETARIAT = office("secretariat", "")
A_BATCH = 100


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake", clock=lambda: NOW)
    async with opened.transaction(SYSTEM) as tx:
        for n in (1, 2, 8):
            await entities.save(tx.conn, f"XM-DEMO-{n}", f"Demonstration {n}", [])
    yield opened
    await opened.close()


def poisons(type_: str) -> list[tuple[str, str, Envelope]]:
    """For each place and poison an event, each about a project of its own; the largest in one place only."""
    example = EXAMPLES[type_]
    found = []
    for n, path in enumerate(places(example)):
        for what, poison in POISON.items():
            if len(poison) > 100_000 and n:
                continue
            body = poisoned(example, path, poison).replace(PROJECT, f"XM-DEMO-1-{len(found)}".encode())
            found.append(("/".join(["data", *map(str, path)]), what, replace(an_event("ours", {}, type_), data=body)))
    return found


@pytest.mark.parametrize("type_", SENT)
async def test_a_poisoned_field_is_a_finding_or_a_fact_that_scoring_keeps(database: Database, type_: str) -> None:
    bad = poisons(type_)
    items: list[Item] = []
    async with database.transaction(SYSTEM) as tx:
        everyone = await entities.every(tx.conn)
        by = SECRETARIAT if type_ in OFFICES else everyone["XM-DEMO-1"]
        for start in range(0, len(bad), A_BATCH):
            batch = [envelope for _, _, envelope in bad[start : start + A_BATCH]]
            *judged, good = await events.receive(tx, by, everyone, [*batch, a_good_one(start)], "kafka", 900_000)
            assert type_ in OFFICES or good.submission.outcome == "accepted"
            items += judged
    for (place, what, _), item in zip(bad, items, strict=True):
        assert item.refused or what not in NEVER, f"{place}: {what}"
        assert all(found["message"] and found["remedy"] for found in item.faults)
        told = {found.get("path", "data") for found in item.faults if found["rule"].startswith("plumbline:SCHEMA")}
        assert all(path in {"data", place} or path.startswith(place) or place.startswith(path) for path in told)
    found = await said(database)
    for fact in [*found.get(PORTFOLIO.topic, ()), *found.get(CONTEXT.topic, ())]:
        scoring_keeps(Envelope(id="e", source="/s", type=fact["type"], data=json.dumps(fact["data"]).encode()))


def a_good_one(n: int) -> Envelope:
    """A project, with no fault in it."""
    project = {"project_id": f"XM-DEMO-1-GOOD-{n}", "entity": "XM-DEMO-1", "title": {"en": "Good"}, "status": "2"}
    return an_event("ours", project, "project.submitted.v1")


def scoring_keeps(event: Envelope) -> None:
    """What intake published can be scored, and written down."""
    assert problems_of(event) == []
    if codec.is_fact(event.type):
        fact = codec.fact_of(event)
        state = ProjectState(fact.project_id)
        first = a_project(project_id=fact.project_id, start="2025-01-01", end="2026-12-31")
        change = apply_all(state, [(first, version("2025-01-01")), (fact, version("2026-01-01"))])
        assert change.refused == []
        codec.unpack_state(codec.pack_state(state))
    elif codec.is_subject_fact(event.type):
        about = codec.subject_fact_of(event.type, event.data)
        kind, name = home(about)
        subject = KINDS[kind](name)
        subject.enter(about, version())
        step(subject, NOW.date().toordinal(), FIRST_METHOD)
        codec.unpack_subject(kind, codec.pack_subject(subject))

"""The golden tests of the methodology (§4) that concern which fact is newer: G1, as of two days, and G5, in any order.

Through the real door the days of recording are today's instants, because intake stamps them; so each case is delivered
once more as intake would have stamped it on the method's own days, on the stream that scoring reads.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from tests.support import kafka
from tests.support.people import Entity, Person, project_of
from tests.support.periods import aim, year
from tests.support.waiting import until

from contracts.envelope import Envelope
from contracts.streams import PORTFOLIO
from plumbline.stack import Stack

pytestmark = pytest.mark.stack

DOWN: dict[str, Any] = {"ascending": False, "baselines": [{"year": 2017, "value": "120"}]}
"""Days to process a request, of which fewer are better (G1)."""


def accepted(entity: Entity, facts: list[tuple[Envelope, str]]) -> list[Envelope]:
    """Facts as intake publishes them, recorded on these days: what the version clock of the method goes by."""
    return [
        msgspec.structs.replace(
            event,
            source=f"/svc/intake/{entity.user}",
            recordedtime=datetime.fromisoformat(recorded).replace(tzinfo=UTC),
            sequence=f"{n:010d}",
        )
        for n, (event, recorded) in enumerate(facts, 1)
    ]


def deliver(stack: Stack, events: list[Envelope]) -> None:
    """Write accepted facts to the stream that scoring reads, in this order."""
    kafka.send(stack, "intake", PORTFOLIO.topic, [(project_of(e), e.data, e.to_headers()) for e in events])


async def test_g1_a_correction_leaves_what_was_known_before(entity: Entity, secretariat: Person) -> None:
    name, scope = "g1", f"indicator:{entity.user}-g1|I1"
    first_half = {"start": "2019-01-01", "end": "2019-06-30"}
    entity.publish(
        entity.project(name, dates={"planned_start": "2018-01-01", "planned_end": "2020-12-31"}),
        entity.indicator(name, **DOWN, targets=[aim(year(2018, 2020), "60")]),
    )
    nothing = await secretariat.figure_of("M1", scope, None)
    entity.publish(entity.observation("90", name, period=first_half))
    first = await secretariat.figure_of("M1", scope, 500_000)
    snapshot = f"golden-{entity.user}"
    begun = await secretariat.call("POST", "scoring", f"/v1/snapshots/{snapshot}", params={"valid_to": "2019-12-31"})
    assert begun.status_code == httpx.codes.ACCEPTED, begun.text
    await until(lambda: _done(secretariat, snapshot), what=f"snapshot {snapshot}")

    entity.publish(entity.observation("105", name, period=first_half, type_="observation.corrected.v1"))
    corrected = await secretariat.figure_of("M1", scope, 250_000)
    entity.publish(entity.observation("84", name, period={"start": "2019-07-01", "end": "2019-12-31"}))
    late = await secretariat.figure_of("M1", scope, 600_000)

    for valid, known, value in (
        ("2019-12-31", first, 500_000),
        ("2019-12-31", corrected, 250_000),
        ("2019-12-31", late, 600_000),
        ("2019-06-30", late, 250_000),
        ("2019-06-30", nothing, None),
    ):
        then = {"known_as_of": known["known_as_of"], "valid_as_of": valid}
        assert (await secretariat.get("scoring", "/v1/metrics/M1", scope=scope, **then))["value"] == value
        tree = await secretariat.explanation("M1", scope, **then)
        assert tree is not None
        assert tree["value"] == value
    kept = await secretariat.get("scoring", f"/v1/snapshots/{snapshot}/metrics/M1", scope=scope)
    assert kept["value"] == 500_000

    found = await secretariat.get("scoring", "/v1/revisions/M1", scope=scope, **{"from": first["known_as_of"]})
    assert [(row["cause"]["kind"], row["effect"]) for row in found["items"]] == [
        ("CORRECTION", -250_000), ("LATE_DATA", 350_000),
    ]  # fmt: skip
    assert found["total"] == 100_000


async def _done(person: Person, snapshot: str) -> bool:
    return bool((await person.get("scoring", f"/v1/snapshots/{snapshot}"))["state"] == "done")


async def test_g1_by_its_own_days(entity: Entity, secretariat: Person) -> None:
    """The same facts as intake would have stamped them then, delivered in the opposite order."""
    name, scope = "g1-days", f"indicator:{entity.user}-g1-days|I1"
    first_half, second_half = (
        {"start": a, "end": b} for a, b in (("2019-01-01", "2019-06-30"), ("2019-07-01", "2019-12-31"))
    )
    facts = [
        (entity.project(name, dates={"planned_start": "2018-01-01", "planned_end": "2020-12-31"}), "2018-01-05"),
        (entity.indicator(name, **DOWN, targets=[aim(year(2018, 2020), "60")]), "2018-01-05"),
        (entity.observation("90", name, period=first_half), "2019-07-20"),
        (entity.observation("105", name, period=first_half, type_="observation.corrected.v1"), "2020-03-10"),
        (entity.observation("84", name, period=second_half), "2020-04-01"),
    ]
    deliver(entity.stack, accepted(entity, facts)[::-1])
    await secretariat.figure_of("M1", scope, 600_000)
    for valid, known, value in (
        ("2019-12-31", "2020-02-15", 500_000),
        ("2019-12-31", "2020-03-31", 250_000),
        ("2019-12-31", "2020-04-30", 600_000),
        ("2019-06-30", "2020-04-30", 250_000),
        ("2019-06-30", "2019-07-01", None),
    ):
        then = {"known_as_of": known, "valid_as_of": valid}
        assert (await secretariat.get("scoring", "/v1/metrics/M1", scope=scope, **then))["value"] == value


async def test_g5_duplicates_and_a_retraction_in_order(entity: Entity, secretariat: Person) -> None:
    """In order, each fact twice, and all of them once more at the end."""
    name, scope = "g5", f"indicator:{entity.user}-g5|I1"
    assert await secretariat.figure("M1", scope) is None
    retraction = entity.says("observation.retracted.v1", name, indicator_id="I1", period=year(2025))
    entity.publish(entity.project(name))
    steps: list[tuple[Envelope, int | None]] = [
        (entity.indicator(name), None),
        (entity.observation("30", name), 300_000),
        (entity.observation("55", name), 550_000),
        (retraction, None),
        (entity.observation("50", name), 500_000),
    ]
    revision = 0
    for event, a in steps:
        entity.publish(event, event)
        found = await secretariat.figure_of("M1", scope, a)
        assert found["revision"] == revision + 1
        revision = found["revision"]
    # All of it once more; a fact elsewhere ends the wait, because a topic keeps its order.
    end = [entity.project("g5-end"), entity.indicator("g5-end"), entity.observation("10", "g5-end")]
    entity.publish(*(event for event, _ in steps), *end)
    await secretariat.figure_of("M1", f"indicator:{entity.user}-g5-end|I1", 100_000)
    for event, _ in steps:
        assert len(await entity.receipts(event=event.id)) == 1
    # And by the other door, as a client does that is not sure of the first: an old value does not come back.
    again = await entity.post([event for event, _ in steps])
    assert [r["outcome"] for r in again.json()["receipts"]] == ["duplicate"] * len(steps)
    last = await secretariat.figure("M1", scope)
    assert last is not None
    assert (last["value"], last["revision"]) == (500_000, revision)


@pytest.fixture
async def shuffled(entity: Entity) -> list[str]:
    """Twenty projects with G5's facts, each in an order of its own and with three facts twice."""
    chance, names = random.Random(5), [f"g5-{n}" for n in range(20)]
    for name in names:
        events = accepted(
            entity,
            [
                (entity.project(name), "2026-01-01"),
                (entity.indicator(name), "2026-01-01"),
                (entity.observation("30", name), "2026-02-01"),
                (entity.observation("55", name, type_="observation.corrected.v1"), "2026-03-01"),
                (
                    entity.says("observation.retracted.v1", name, indicator_id="I1", period=year(2025)),
                    "2026-04-01",
                ),
                (entity.observation("50", name), "2026-05-01"),
            ],
        )
        stream = events + chance.sample(events, 3)
        chance.shuffle(stream)
        deliver(entity.stack, stream)
    return names


async def test_g5_any_order_ends_in_one_state(entity: Entity, secretariat: Person, shuffled: list[str]) -> None:
    for name in shuffled:
        scope = f"{entity.user}-{name}"
        own = await secretariat.figure_where("M1", f"indicator:{scope}|I1", lambda f: f["value"] == 500_000)
        assert (own["parts"]["actual"], own["flags"]) == ("50", [])
        await secretariat.figure_of("M4", f"project:{scope}", 500_000)

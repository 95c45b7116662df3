"""Poisoned facts that came past intake: rejected with their place, or scored as a rebuild would; never a fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.poison import NEVER, POISON, places, poisoned
from tests.support.scoring_feed import PROJECT, Feed, a_project, an_actual, an_indicator, record

from contracts import schemas
from contracts.base import Payload
from contracts.catalogue import BY_TYPE
from contracts.coordination import Claim, NeedSupportLinked, SharedResultClaimsChanged
from contracts.envelope import PREFIX, Envelope
from contracts.portfolio import Link, TransactionPosted
from runtime.access import SYSTEM
from scoring import codec

pytestmark = pytest.mark.stack

EXAMPLES: dict[str, dict[str, Any]] = {
    name: json.loads(path.read_bytes()) for name, _, path in schemas.examples() if codec.is_heard(PREFIX + name)
}
"""The newest of each."""
EXAMPLES["method.released.v1"]["parameters"] = {}

UNREAD = {"an integer beyond 64 bits", "an integer of ten thousand digits"}
"""What stands in fields that scoring does not read: the number of a line, of a version."""

CLOSES_DAYS = {"clock.day.closed.v1"}
"""Whatever follows a day that was closed in the year 2200 is judged on that day: for a test of its own."""


def poisons(feed: Feed, type_: str) -> list[tuple[str, str, Envelope]]:
    """An event for each place and poison; the largest in one place only."""
    model = BY_TYPE[type_].model_validate(EXAMPLES[type_])
    return [
        ("/".join(["data", *map(str, path)]), what, feed.stamped(model, data=poisoned(EXAMPLES[type_], path, poison)))
        for n, path in enumerate(places(EXAMPLES[type_]))
        for what, poison in POISON.items()
        if not (n and len(poison) > 100_000)
    ]


@pytest.mark.parametrize("type_", sorted(EXAMPLES.keys() - CLOSES_DAYS))
async def test_a_poisoned_fact_is_rejected_or_scored_as_a_rebuild_would(feed: Feed, type_: str) -> None:
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    bad = poisons(feed, type_)
    async with feed.database.transaction(SYSTEM) as tx:
        await feed.handle(tx, [record(event) for _, _, event in bad] + [record(feed.stamped(an_actual("50")))])
        rejected = {r.envelope.id: (code, message) for r, code, message, _ in tx.rejected}
    for place, what, event in bad:
        if event.id in rejected:
            code, message = rejected[event.id]
            assert code in {"PAYLOAD", "VALUE"}
            assert message
            # Of what is no JSON at all, and of U+0000, no place can be said; of a code or a rate, its own name.
            where = {place, place.rpartition("/")[2], "JSON", "U+0000", "EUR: a rate of"}
            assert code == "VALUE" or any(name in message for name in where), (place, what, message)
        else:
            assert what not in NEVER - UNREAD, f"{place}: {what}"
    said = await feed.say(an_actual("60"))
    assert said[f"M1 indicator:{PROJECT}|I1"].previous == 500_000
    found = await feed.rebuilt()
    assert found.equal, (found.projects_that_differ, found.subjects_that_differ, found.cells_that_differ)


async def test_days_at_the_end_of_time_are_days(feed: Feed) -> None:
    """The last day that may be said: what comes a day, a month or four years after it must be no fault."""
    last = datetime(2200, 12, 31, 23, 59, 59, 999_999, UTC)
    facts = [BY_TYPE[name].model_validate(data) for name, data in EXAMPLES.items() if name not in CLOSES_DAYS]
    await feed.say(*(feed.stamped(fact, recordedtime=last) for fact in facts))
    said = await feed.close("2200-12-31")
    assert said.rejected == []
    assert (await feed.rebuilt()).equal
    await feed.say(a_project(), an_indicator(), an_actual("40"))
    assert (await feed.rebuilt()).equal


async def test_a_period_of_three_hundred_years_takes_no_longer_than_one_of_a_day(feed: Feed) -> None:
    """Time is counted, not walked through: from 1900 to 2200 there are a hundred thousand days."""
    whole = {"period_start": "1900-01-01", "period_end": "2200-12-31", "value": "100"}
    moment = {"period_start": "2025-01-01", "period_end": "2025-01-01", "value": "1"}
    dates = {"planned_start": "1900-01-01", "planned_end": "2200-12-31"}
    facts: list[Payload] = [a_project(dates=dates), an_indicator(targets=[whole, moment])]
    facts += [an_actual(str(n), end=f"{2025 + n}-12-31") for n in range(100)]
    said = await feed.say(*facts)
    assert said.rejected == []
    assert said[f"M2 indicator:{PROJECT}|I1"].parts["elapsed"] > 400_000
    assert (await feed.rebuilt()).equal


async def test_no_sum_of_money_outgrows_what_a_number_is_said_in(feed: Feed) -> None:
    """The largest amounts that can be meant, of many projects; those that cannot be meant are left out and named."""
    line = {"period_start": "2025-01-01", "period_end": "2025-12-31", "currency": "USD", "value_date": "2025-01-01"}
    great = [a_project(f"P-{n}", budgets=[line | {"amount": "9" * 12}]) for n in range(100)]
    absurd = [a_project(f"Q-{n}", budgets=[line | {"amount": "9" * digits}]) for n, digits in enumerate(range(13, 25))]
    said = await feed.say(*great, *absurd)
    assert said.rejected == []
    assert sum(said["M7 global"].parts["budget"].values()) == 100 * (10**14 - 100)
    assert all("FX_RATE_MISSING" in said[f"M4 project:Q-{n}"].flags for n in range(len(absurd)))
    assert (await feed.rebuilt()).equal
    assert (await feed.say(*(a_project(f"P-{n}") for n in range(100)))).rejected == []
    assert (await feed.rebuilt()).equal


async def test_what_leans_on_itself_or_on_what_never_comes_is_harmless(feed: Feed) -> None:
    """A project that is its own parent and pays itself, two that pay each other, claims and needs of one unknown."""

    def paid(project: str, to: str) -> TransactionPosted:
        return TransactionPosted.model_validate(
            {"project_id": project, "transaction_id": f"to {to}", "type": "3", "date": "2025-05-05", "amount": "10",
             "currency": "USD", "value_date": "2025-05-05", "receiver_activity_id": to}
        )  # fmt: skip

    mine = a_project(links=[Link(ref=PROJECT, type="1"), Link(ref="XM-DEMO-1-P2", type="2")])
    other = a_project("XM-DEMO-1-P2", links=[Link(ref=PROJECT, type="2"), Link(ref=PROJECT, type="1")])
    claims = [Claim(project_id=name, share=1_000_000, strength=500_000) for name in (PROJECT, "XM-DEMO-9-NEVER")]
    link = NeedSupportLinked.model_validate(EXAMPLES["need.support-linked.v1"] | {"project_id": "XM-DEMO-9-NEVER"})
    need = BY_TYPE["need.registered.v1"].model_validate(EXAMPLES["need.registered.v1"])
    said = await feed.say(
        mine, other, paid(PROJECT, PROJECT), paid(PROJECT, "XM-DEMO-1-P2"), paid("XM-DEMO-1-P2", PROJECT),
        paid("XM-DEMO-1-P2", "XM-DEMO-9-NEVER"), need, link,
        SharedResultClaimsChanged(shared_result_ref="S", claims=claims),
    )  # fmt: skip
    assert said.rejected == []
    assert not [scope for _, scope in said.figures if "NEVER" in scope]
    assert (await feed.rebuilt()).equal

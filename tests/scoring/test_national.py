"""What a Member State itself allots to the pillars: laid over the figures of the country, counted in none (¶70)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_project

from contracts.context import Rate, RatesPublished
from contracts.coordination import NationalResourcesAllocated
from runtime.access import SYSTEM, Principal
from scoring import store
from scoring.domain.method import FIRST_METHOD
from scoring.domain.subjects.subject import register_hash
from scoring.usecases.national import national
from scoring.usecases.replaying_subjects import replay_subjects

pytestmark = pytest.mark.stack

SECRETARIAT = Principal(subject="s", role="secretariat")
MALI = Principal(subject="m", role="member-state", country="ML")
NIGER = Principal(subject="n", role="member-state", country="NE")
DONOR = Principal(subject="d", role="donor")


def allotted(pillar: str | None, amount: str, **over: Any) -> NationalResourcesAllocated:
    """Mali in 2025, in dollars."""
    fields = {"country": "ML", "year": 2025, "currency": "USD", "value_date": "2025-07-01", **over}
    return NationalResourcesAllocated.model_validate({"pillar": pillar, "amount": amount, **fields})


async def _read(feed: Feed, who: Principal) -> dict[str, Any] | None:
    async with feed.database.transaction(who) as tx:
        return await national(tx, "ML")


async def test_a_state_reads_its_shares_and_nobody_else_does(feed: Feed) -> None:
    said = await feed.say(
        allotted("P1", "20"), allotted("P2", "50"), allotted("P3", "25"), allotted("P4", "5"), allotted(None, "10")
    )
    assert said.figures == {}  # it counts in no figure
    for who in (MALI, SECRETARIAT):
        found = await _read(feed, who)
        assert found is not None
        (year,) = found["years"]
        assert (year["year"], found["classification"]) == (2025, "state:ML")
        assert year["shares"] == {"P1": 200_000, "P2": 500_000, "P3": 250_000, "P4": 50_000}
        # The worked table of M7: shares of 20, 50, 25 and 5.
        assert year["indices"]["J"] == 840_200
        assert (year["unallocated"], year["least"]) == (1_000, 50_000)
    assert await _read(feed, NIGER) is None
    assert await _read(feed, DONOR) is None


async def test_what_is_shared_is_open_and_the_newest_word_counts(feed: Feed) -> None:
    await feed.say(allotted("P1", "20", classification="public"), allotted("P2", "80", classification="public"))
    await feed.say(allotted("P2", "20", classification="public"), allotted("P1", "20", classification="public"))
    found = await _read(feed, DONOR)
    assert found is not None
    assert found["years"][0]["shares"] == {"P1": 500_000, "P2": 500_000, "P3": 0, "P4": 0}
    await feed.say(
        allotted("P1", "20", classification="public", withdrawn=True),
        allotted("P2", "20", classification="public", withdrawn=True),
    )
    assert await _read(feed, DONOR) is None


async def test_another_currency_is_converted_at_its_day_or_left_out_and_said(feed: Feed) -> None:
    await feed.say(allotted("P1", "600", currency="XOF"), allotted("P2", "1"))
    found = await _read(feed, MALI)
    assert found is not None
    assert found["years"][0]["other_currencies"] == [{"pillar": "P1", "currency": "XOF", "amount": "600"}]
    rates = [Rate(currency="XOF", valid_from="2025-07-01", units_per_usd="600")]  # type: ignore[arg-type]
    await feed.say(
        RatesPublished(
            table_id="t", version="1", source="s", published_on="2025-07-01", rows=rates, content_sha256="0" * 64
        )  # type: ignore[arg-type]
    )
    found = await _read(feed, MALI)
    assert found is not None
    assert found["years"][0]["pillars"] == {"P1": 100, "P2": 100, "P3": 0, "P4": 0}
    assert (found["years"][0]["other_currencies"], found["years"][0]["rates"]) == ([], ["t 1"])


async def test_it_is_the_same_from_the_log_and_leaves_the_figures_alone(feed: Feed) -> None:
    before = (await feed.say(a_project(PROJECT))).figures["M7", "country:ML"]
    await feed.say(allotted("P1", "20"), allotted("P4", "5"), allotted("P1", "30"))
    async with feed.database.transaction(SYSTEM) as tx:
        stands = await store.subject(tx.conn, "state", "ML")
        again = (await replay_subjects(tx, {}, await store.closed_day(tx.conn), FIRST_METHOD)).subjects["state", "ML"]
    assert stands is not None
    assert register_hash(stands) == register_hash(again)
    assert before.parts["budget"]["P2"] == 75_000_000 * 6 // 10

"""The proof obligation of methodology §0.4 over whole portfolios: every type of event, and what ties them together."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.support.drawn import DRAWN
from tests.support.portfolios import Portfolio, Said, a_portfolio, arrivals, shrunk
from tests.support.scoring_feed import Feed, record
from tests.support.scoring_line import batch, disagreement
from tests.support.stack import fresh_database

from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX, Envelope
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database
from scoring import codec

CASES = Path(__file__).parent / "cases"
"""Portfolios that once came out differently, as they were shrunk. A new one is written here, and stays."""

HEARD = {name for name in BY_TYPE if codec.is_heard(PREFIX + name)}


def test_portfolios_are_made_of_every_type_of_event_that_scoring_hears() -> None:
    """The next type that scoring learns to hear fails here until portfolios are made of it too."""
    assert DRAWN.keys() == HEARD


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_came_out_differently_does_so_no_more(case: Path) -> None:
    assert disagreement(Portfolio.read(case.read_text())) is None


def test_any_order_and_any_duplication_equal_a_batch_rebuild() -> None:
    """As many as PORTFOLIOS says, from the seed SEED on; ``make portfolios`` makes ten thousand, others each time."""
    wanted, first = int(os.environ.get("PORTFOLIOS", "300")), int(os.environ.get("SEED", "0"))
    drawn: Counter[str] = Counter()
    for seed in range(first, first + wanted):
        portfolio = a_portfolio(seed)
        drawn.update({one.type for one in portfolio.said})
        why = disagreement(portfolio)
        if why is not None:
            kept = _keep(shrunk(portfolio, lambda one, why=why: disagreement(one) == why))  # type: ignore[misc]
            pytest.fail(f"Seed {seed}: {why}. Shrunk to {kept}")
    rarest = min(drawn.items(), key=lambda found: found[1])
    sys.stdout.write(f"\n{wanted} portfolios from seed {first} on; {rarest[0]}, the rarest event, in {rarest[1]}\n")
    assert drawn.keys() >= HEARD


@pytest.mark.stack
async def test_the_running_service_keeps_what_a_rebuild_gives(stack: Stack) -> None:
    """The same portfolios through the handlers on PostgreSQL: one in a hundred, for each takes a database."""
    wanted, first = int(os.environ.get("PORTFOLIOS", "1000")) // 100, int(os.environ.get("SEED", "0"))
    for seed in range(first, first + wanted):
        portfolio = a_portfolio(seed)
        database = await Database.connect((await fresh_database(stack, "scoring")).run_dsn, "scoring")
        try:
            feed = Feed(database)
            for said in arrivals(portfolio):
                # Not by ``say``: where a rate and a fact come together, a figure is said after each of the two.
                async with database.transaction(SYSTEM) as tx:
                    await feed.handle(tx, [record(_published(one)) for one in said])
            found, expected = await feed.rebuilt(), batch(portfolio.said)
        finally:
            await database.close()
        assert found.equal, (seed, found.projects_that_differ, found.subjects_that_differ, found.cells_that_differ)
        assert found.standing == f"{expected.cells} {expected.families}", seed


def _published(said: Said) -> Envelope:
    return Envelope(
        id=said.version.id,
        source="/svc/intake/XM-DEMO-1",
        type=PREFIX + said.type,
        data=said.body,
        recordedtime=codec.instant(said.version.recorded),
        sequence=said.version.sequence,
    )


def _keep(portfolio: Portfolio) -> Path:
    text = portfolio.text()
    CASES.mkdir(exist_ok=True)
    path = CASES / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"
    path.write_text(text)
    return path

"""Scoring's database of each test's own, and accepted facts as intake publishes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.scoring_feed import Feed
from tests.support.stack import fresh_database

from plumbline.stack import Stack
from runtime.db import Database


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """A migrated database, entered as scoring's run role: it owns nothing."""
    found = await Database.connect((await fresh_database(stack, "scoring")).run_dsn, "scoring")
    yield found
    await found.close()


@pytest.fixture
def feed(database: Database) -> Feed:
    """Facts in, figures out, without Kafka between."""
    return Feed(database)

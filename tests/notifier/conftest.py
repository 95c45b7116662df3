"""A notifier's database of each test's own, and messages as the streams carry them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.stack import fresh_database

from plumbline.stack import Stack
from runtime.db import Database


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """A migrated database, entered as the notifier's run role: it owns nothing."""
    found = await Database.connect((await fresh_database(stack, "notifier")).run_dsn, "notifier")
    yield found
    await found.close()

"""A gateway of each test's own: its database, its stream, its HTTP door, without Kafka in between."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.gateway import Gateway, serving
from tests.support.stack import fresh_database

from plumbline.stack import Stack
from runtime.db import Database


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """A migrated database, entered as the gateway's run role: it owns nothing."""
    found = await Database.connect((await fresh_database(stack, "portal_gateway")).run_dsn, "portal-gateway")
    yield found
    await found.close()


@pytest.fixture
async def gateway(stack: Stack) -> AsyncIterator[Gateway]:
    """The gateway, answering on a port of its own; other services are not there."""
    async with serving(stack) as found:
        yield found

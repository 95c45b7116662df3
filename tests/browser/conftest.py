"""A browser for all, and a gateway with a portfolio for each test that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser
from tests.support.browser import started
from tests.support.gateway import Gateway, serving
from tests.support.people import Entity
from tests.support.portfolio import everything

from plumbline.stack import Stack


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    async with started() as found:
        yield found


@pytest.fixture(scope="session")
async def portal(stack: Stack) -> AsyncIterator[Gateway]:
    """A gateway with one of everything a page can show; tests that change it use one of their own."""
    async with serving(stack) as found:
        await found.tell(*everything())
        yield found


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """One client for everybody; a token says who calls."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def entity(system: Stack, http: httpx.AsyncClient) -> AsyncIterator[Entity]:
    """An entity of this test's own."""
    made = await Entity.register(system, http)
    yield made
    await made.retire()

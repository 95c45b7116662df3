"""Fixtures of the journey: the whole system, seen from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.people import Entity, Person

from plumbline.stack import Stack


@pytest.fixture(scope="session")
def intake(stack: Stack) -> Stack:
    """The stack with intake in it, whose spans go to the viewer."""
    stack.extend(["zipkin", "intake"])
    return stack


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """One client for everybody; a token says who calls."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
async def entity(intake: Stack, http: httpx.AsyncClient) -> Entity:
    """An entity of these tests' own. Intake finds the topic of a new entity within five seconds, so make few."""
    return await Entity.register(intake, http)


@pytest.fixture(scope="module")
async def other(intake: Stack, http: httpx.AsyncClient) -> Entity:
    """Another entity."""
    return await Entity.register(intake, http)


@pytest.fixture(scope="session")
def secretariat(system: Stack, http: httpx.AsyncClient) -> Person:
    """Who reads everything that is not an entity's own."""
    return Person(system, "secretariat", http)

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
async def entity(intake: Stack, http: httpx.AsyncClient) -> AsyncIterator[Entity]:
    """An entity of these tests' own. Intake finds the topic of a new entity within five seconds, so make few."""
    made = await Entity.register(intake, http)
    yield made
    await made.retire()


@pytest.fixture(scope="module")
async def other(intake: Stack, http: httpx.AsyncClient) -> AsyncIterator[Entity]:
    """Another entity."""
    made = await Entity.register(intake, http)
    yield made
    await made.retire()


@pytest.fixture(scope="session")
def secretariat(system: Stack, http: httpx.AsyncClient) -> Person:
    """Who reads everything that is not an entity's own."""
    return Person(system, "secretariat", http)


@pytest.fixture(scope="module")
def donor(system: Stack, http: httpx.AsyncClient) -> Person:
    """Who reads what is public; a person of these tests' own, with an empty inbox."""
    return Person.appear(system, http, "donor")


@pytest.fixture(scope="module")
def delegate(system: Stack, http: httpx.AsyncClient) -> Person:
    """A Member State's delegate: Mali's."""
    return Person.appear(system, http, "member-state", "ML")

"""Fixtures only; what they are made of is in ``tests/support``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from tests.support.stack import free_port_base

from plumbline import stack as embedded
from plumbline.stack import Stack, services

# How long an example takes says more about the machine's other work than about the code.
hypothesis.settings.register_profile("plumbline", deadline=None)
hypothesis.settings.load_profile("plumbline")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Kafka, PostgreSQL and the issuer, started once for all tests that ask.

    Not below pytest's own folder: each run of pytest closes that one to PostgreSQL's account, whoever else uses it.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-tests-") as folder:
        running = embedded.start(Path(folder), free_port_base(), only=["kafka", "postgres", "issuer"])
        yield running
        running.stop()


@pytest.fixture(scope="session")
def system(stack: Stack) -> Stack:
    """The same stack with every service running in it, and the trace viewer for their spans."""
    stack.extend(["zipkin", *(services.kafka_user(name) for name in services.existing())])
    return stack

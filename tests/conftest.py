"""Fixtures only; what they are made of is in ``tests/support``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.stack import free_port_base

from plumbline import stack as embedded
from plumbline.stack import Stack, services


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka, PostgreSQL and the issuer, started once for all tests that ask."""
    data_dir: Path = tmp_path_factory.mktemp("stack")
    running = embedded.start(data_dir, free_port_base(), only=["kafka", "postgres", "issuer"])
    yield running
    running.stop()


@pytest.fixture(scope="session")
def system(stack: Stack) -> Stack:
    """The same stack with every service running in it, and the trace viewer for their spans."""
    stack.extend(["zipkin", *(services.kafka_user(name) for name in services.existing())])
    return stack

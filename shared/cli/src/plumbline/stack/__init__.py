"""The embedded stack: Kafka, PostgreSQL, an OpenID Connect issuer, a trace viewer and the services.

``start`` is what tests and benchmarks call; ``plumbline up`` is the same for people.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from plumbline.stack.errors import (
    AccessRefused,
    AlreadyRunning,
    DataDirUnusable,
    NotRunning,
    PartFailed,
    PortTaken,
    StackError,
)
from plumbline.stack.supervisor import INFRASTRUCTURE, Stack, Tell

__all__ = [
    "INFRASTRUCTURE",
    "AccessRefused",
    "AlreadyRunning",
    "DataDirUnusable",
    "NotRunning",
    "PartFailed",
    "PortTaken",
    "Stack",
    "StackError",
    "start",
]


def start(
    data_dir: Path,
    port_base: int | None = None,
    *,
    only: Collection[str] | None = None,
    tell: Tell = lambda _: None,
) -> Stack:
    """Start a stack and return when everything answers; ``Stack.stop`` ends it."""
    return Stack(data_dir, port_base, only).start(tell)

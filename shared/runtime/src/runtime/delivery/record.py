"""What a service is given: an event and where it stood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.envelope import Envelope
from runtime.db import Tx
from runtime.errors import Reject


@dataclass(slots=True)
class Record:
    """One event and where it stood; ``envelope.traceparent`` is the span that processes it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    envelope: Envelope
    raw: Any


Handle = Callable[[Tx, Sequence[Record]], Awaitable[None]]
"""Applies a batch within the transaction; duplicates and unreadable records are already gone."""

OnReject = Callable[[Tx, Any, Reject], Awaitable[None]]
"""Told of each record that could not be read, within the same transaction, e.g. to write a receipt."""

"""What a record says, and its version: read once here, whatever it is about; what cannot be read is rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from contracts.envelope import Envelope
from runtime.db import Tx
from runtime.delivery import Record
from scoring.codec import version_of
from scoring.domain.facts import Version

T = TypeVar("T")


def heard(tx: Tx, record: Record, read: Callable[[Envelope], T]) -> tuple[T, Version] | None:
    """The payload as ``read`` makes it, and its version; None for a record that was just rejected."""
    try:
        said = read(record.envelope)
    except msgspec.DecodeError as error:
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} scoring can read: {error}")
        return None
    version = version_in(tx, record)
    return (said, version) if version is not None else None


def version_in(tx: Tx, record: Record) -> Version | None:
    """What intake stamped on the event; None for a record that was just rejected."""
    version = version_of(record.envelope)
    if version is None:
        tx.reject(record, "NO_VERSION", "An accepted fact carries recordedtime; intake stamps it")
    return version

"""The chain of hashes in the audit log, read again from its first row: what was changed, removed or put elsewhere.

It is the database that makes the chain, in ``audit_append``; this is the same rule a second time (ADR 0088).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

GENESIS: Final = bytes(32)
"""What the first row is chained to."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain is broken, and how."""

    seq: int
    text: str


@dataclass(slots=True)
class Chain:
    """A chain as it is read, row after row from the first."""

    seq: int = 0
    hash: bytes = GENESIS
    fault: Fault | None = None
    heads: dict[int, str] = field(default_factory=dict)
    """Of the rows in ``wanted``: what their hash is now."""
    wanted: frozenset[int] = frozenset()

    def read(self, row: Mapping[str, Any]) -> None:
        """Check the next row: its number, its link, and its hash made again."""
        seq = int(row["seq"])
        if self.fault is None:
            if seq != self.seq + 1:
                missing = f"row {self.seq + 1} is missing" if seq > self.seq + 1 else f"row {seq} stands twice"
                self.fault = Fault(self.seq + 1 if seq > self.seq else seq, missing)
            elif row["prev"] != self.hash.hex():
                self.fault = Fault(seq, f"row {seq} is not linked to row {self.seq}")
            elif hash_of(row) != row["hash"]:
                self.fault = Fault(seq, f"row {seq} was changed")
        self.seq, self.hash = seq, bytes.fromhex(row["hash"])
        if seq in self.wanted:
            self.heads[seq] = str(row["hash"])


def hash_of(row: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the row's canonical encoding, as the database makes it."""
    at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"])
    since = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    names = ("actor", "role", "organisation", "action", "object", "class", "detail", "trace")
    digest = hashlib.sha256(bytes.fromhex(row["prev"]))
    for text in (str(row["seq"]), str(micros), *(str(row[name]) for name in names)):
        encoded = text.encode()
        digest.update(b"%d:%s," % (len(encoded), encoded))
    return digest.hexdigest()


async def check(pages: AsyncIterable[Sequence[Mapping[str, Any]]]) -> Chain:
    """Read a whole chain."""
    chain = Chain()
    async for page in pages:
        for row in page:
            chain.read(row)
    return chain

"""PostgreSQL: one pool a process, one principal a transaction, and the only commit there is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import lz4.block
import msgspec

from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope
from contracts.streams import Stream
from runtime import audit
from runtime.access import Principal
from runtime.clock import Clock, system_clock
from runtime.ids import new_id as new_id  # the name services know it by

if TYPE_CHECKING:
    from runtime.delivery import Record

TRANSIENT: Final = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says where a connection is lost in the midst of a statement
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""Faults of the moment: the same transaction may be tried again. Anything else needs a person."""

UNSTORABLE: Final = (asyncpg.DataError, asyncpg.ProgramLimitExceededError, UnicodeEncodeError)
"""What PostgreSQL says to content it can never keep: a NUL in a text, a key too long for its index."""

_CHUNK: Final = 1_000_000  # bytes of packed records in one outbox row
Packed = tuple[str, bytes, list[tuple[str, bytes]], bytes | None, str | None]
"""A record on its way out: topic, key, headers, value, traceparent."""

_packer: Final = msgspec.msgpack.Encoder()
_unpacker: Final = msgspec.msgpack.Decoder(list[Packed])


def event_key(source: str, id_: str, sender: str | None = None) -> bytes:
    """The digest by which an inbox knows a CloudEvent: 16 bytes of BLAKE2b over (source, id).

    ``sender`` goes before them where several are heard, none of whom may take an id from another (ADR 0076).
    """
    named = source if sender is None else f"{sender}|{source}"
    return hashlib.blake2b(f"{named}\0{id_}".encode(), digest_size=16).digest()


@dataclass(slots=True)
class Tx:
    """One transaction: the connection, and what will leave through the outbox if it commits."""

    conn: Any  # asyncpg's connection proxy; typed loosely because its stubs disagree with the pool's proxy
    service: str
    clock: Clock
    emitted: list[Packed] = field(default_factory=list)
    rejected: list[tuple[Record, str, str, list[tuple[str, str]]]] = field(default_factory=list)

    def emit(
        self,
        stream: Stream,
        key: str,
        payload: Payload,
        *,
        cause: Envelope | None = None,
        subject: str | None = None,
        classification: str | None = None,
        recordedtime: datetime | None = None,
        sequence: str | None = None,
        time: datetime | None = None,
        source: str | None = None,
        event_id: str | None = None,
    ) -> Envelope:
        """Say a fact on a stream, if and when this transaction commits; returns the event.

        ``cause`` is the event that led to it: correlation, causation and trace follow from it.
        """
        event = Envelope(
            id=event_id or new_id(),
            source=source or f"/svc/{self.service}",
            type=PREFIX + payload.TYPE,
            data=payload.to_json(),
            subject=subject,
            time=time or self.clock(),
            recordedtime=recordedtime,
            sequence=sequence,
            partitionkey=key,
            correlationid=(cause.correlationid or cause.id) if cause else None,
            causationid=cause.id if cause else None,
            dataclassification=classification,
            traceparent=cause.traceparent if cause else None,
            tracestate=cause.tracestate if cause else None,
        )
        self.send(stream, key, event)
        return event

    def send(self, stream: Stream, key: str, event: Envelope) -> None:
        """Put a finished event into the outbox: for the hot path, where the payload is already bytes."""
        self.emitted.append((stream.topic, key.encode(), event.to_headers(), event.data or None, event.traceparent))

    def reject(self, record: Record, code: str, message: str, problems: list[tuple[str, str]] | None = None) -> None:
        """Quarantine one record of the batch for good; the others go on."""
        self.rejected.append((record, code, message, problems or []))

    async def first_time(self, consumer: str, key: bytes) -> bool:
        """Whether a CloudEvent of this key is new to the consumer; remembers it."""
        return bool(await self.first_times(consumer, [key]))

    async def first_times(self, consumer: str, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that are new to the consumer; remembers them all."""
        rows = await self.conn.fetch(
            "insert into inbox (consumer, event_key) select $1, key from unnest($2::bytea[]) as key"
            " on conflict do nothing returning event_key",
            consumer,
            list(keys),
        )
        return {row["event_key"] for row in rows}

    async def forget(self, consumer: str, keys: Sequence[bytes]) -> None:
        """Take keys out of the inbox: a refused event, mended and sent again under its id, must be read."""
        await self.conn.execute(
            "delete from inbox where consumer = $1 and event_key = any($2::bytea[])", consumer, list(keys)
        )


class Database:
    """A service's own database, entered as its run role."""

    def __init__(self, pool: Any, service: str, clock: Clock) -> None:
        self._pool = pool
        self.service = service
        self.clock = clock
        self._on_emit: list[Callable[[], None]] = []

    @classmethod
    async def connect(cls, dsn: str, service: str, *, clock: Clock = system_clock, size: int = 6) -> Database:
        """Open the pool. Every statement has a time limit, so that a silent network cannot hold a worker."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=5,
            command_timeout=30,
            reset=_leave_as_it_is,
            server_settings={
                "application_name": service,
                "statement_timeout": "30s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "60s",
            },
        )
        return cls(pool, service, clock)

    async def close(self) -> None:
        """Close the pool; a connection that will not end is cut off."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    def on_emit(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` after each commit that left something in the outbox."""
        self._on_emit.append(wake)

    @asynccontextmanager
    async def transaction(self, principal: Principal, *, snapshot: bool = False) -> AsyncIterator[Tx]:
        """One transaction as this principal: row-level security sees nothing else.

        What was emitted is written as outbox rows just before the commit. With ``snapshot`` it only reads, and every
        statement of it reads what was committed when the first one began.
        """
        kind: dict[str, Any] = {"isolation": "repeatable_read", "readonly": True} if snapshot else {}
        async with self._pool.acquire() as connection, connection.transaction(**kind):
            await connection.execute(
                "select set_config('app.subject', $1, true), set_config('app.role', $2, true),"
                " set_config('app.org', $3, true), set_config('app.country', $4, true)",
                principal.subject,
                principal.role,
                principal.organisation,
                principal.country,
            )
            tx = Tx(audit.watched(connection, principal), self.service, self.clock)
            yield tx
            if tx.emitted:
                await connection.execute(
                    "insert into outbox (records) select unnest($1::bytea[])", list(pack(tx.emitted))
                )
            act = await audit.in_transaction(connection)  # last: it holds the chain to the commit
        if act is not None:
            act.written = True
        if tx.emitted:
            for wake in self._on_emit:
                wake()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        """A connection of its own for a session-wide lock or LISTEN, outside the pool's limits of time."""
        async with self._pool.acquire() as connection:
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.reset()


async def _leave_as_it_is(_connection: Any) -> None:
    """A transaction leaves nothing behind: its settings are local. To undo nothing would be one more round trip."""


def pack(records: Sequence[Packed]) -> list[bytes]:
    """Pack records in order into rows of about a megabyte before compression.

    Headers of a batch are nearly the same, so lz4 leaves an eighth for half a microsecond a record; writing
    the rest to the database and its log would cost forty times that.
    """
    rows: list[bytes] = []
    chunk: list[Packed] = []
    size = 0
    for record in records:
        chunk.append(record)
        size += 400 + len(record[3] or b"")
        if size >= _CHUNK:
            rows.append(lz4.block.compress(_packer.encode(chunk)))
            chunk, size = [], 0
    if chunk:
        rows.append(lz4.block.compress(_packer.encode(chunk)))
    return rows


def unpack(row: bytes) -> list[Packed]:
    """The records of one outbox row, in order."""
    return _unpacker.decode(lz4.block.decompress(row))

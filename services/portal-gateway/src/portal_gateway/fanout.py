"""The live half of the stream: one reader of the feed in each process, many listeners.

The feed is in PostgreSQL and its order is that of commits, so the reader only remembers how far it came.
NOTIFY wakes it; if a wake-up is lost, it looks every second anyway. What a listener may see is decided by
the same policy as in the database, in its pure form.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from typing import Any, Final

from opentelemetry.trace import SpanKind

from portal_gateway.store import feed
from portal_gateway.store.feed import Entry
from runtime import names, telemetry
from runtime.access import SYSTEM, Principal, may_read
from runtime.db import TRANSIENT, Database

log = logging.getLogger(__name__)

_LOOK: Final = 1.0  # seconds between looks without a wake-up
_PAGE: Final = 1000
_BESIDE: Final = "beside:"


def may_see(principal: Principal, entry: Entry) -> bool:
    """Whether this principal may be sent an entry: the policies of the read model's tables, again."""
    if entry.kind == "receipt":
        return may_read(principal, "support", entry.owner)
    if entry.subscriber is not None and entry.subscriber != principal.subject and principal.role != "system":
        return False
    if entry.classification.startswith(_BESIDE):
        hidden = entry.classification.removeprefix(_BESIDE)
        return may_read(principal, "public", None) and not may_read(principal, hidden, entry.owner)
    return may_read(principal, entry.classification, entry.owner)


def class_of(entry: Entry) -> str:
    """The class of what an entry shows; what stands in the place of something withheld shows nothing of it."""
    if entry.kind == "receipt":
        return "support"
    return "public" if entry.classification.startswith(_BESIDE) else entry.classification


def name_of(entry: Entry) -> str:
    """What the audit log calls what an entry shows."""
    if entry.kind == "metric":
        return entry.key.replace("|", " ", 1)
    return f"{'message' if entry.kind == 'notification' else entry.kind}:{entry.key}"


class Listener:
    """What waits for one connection: the last entry of each key, in the order of the feed.

    What does not fit its queue is not kept: ``behind`` is set, and the reader goes on from the feed in the database.
    """

    def __init__(self, principal: Principal, queue: int) -> None:
        self.principal = principal
        self.behind = False
        self._queue = queue
        self._waiting: dict[tuple[str, str], Entry] = {}
        self._ready = asyncio.Event()

    def offer(self, entry: Entry) -> None:
        """Keep an entry for this reader, in place of an older one of the same key."""
        if self.behind:
            return
        key = (entry.kind, entry.key)
        self._waiting.pop(key, None)
        self._waiting[key] = entry
        if len(self._waiting) > self._queue:
            self._waiting.clear()
            self.behind = True
        self._ready.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until something is there; False where nothing came in this time."""
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def take(self, after: int) -> list[Entry]:
        """Everything that waits, less what the reader has seen."""
        found = [entry for entry in self._waiting.values() if entry.seq > after]
        self._waiting.clear()
        self._ready.clear()
        return found

    def keep_again(self) -> None:
        """Keep what comes from now on; to be called before the feed is read for what was not kept."""
        self.behind = False
        self._ready.clear()


class Fanout:
    """All listeners of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._people: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self.seq = 0

    def add(self, listener: Listener) -> None:
        """From now on, offer entries to this listener."""
        self._listeners.add(listener)
        self._people[listener.principal.subject] += 1

    def remove(self, listener: Listener) -> None:
        """Stop offering."""
        self._listeners.discard(listener)
        self._people[listener.principal.subject] -= 1
        if self._people[listener.principal.subject] <= 0:
            del self._people[listener.principal.subject]

    def open_for(self, subject: str) -> int:
        """How many streams this person has open here."""
        return self._people[subject]

    @property
    def open(self) -> int:
        """How many streams are open here."""
        return len(self._listeners)

    async def run(self) -> None:
        """Read the feed for ever; a fault of the moment is waited out."""
        async with self._database.transaction(SYSTEM) as tx:
            self.seq = await feed.last(tx.conn)
        while True:
            try:
                async with self._database.session() as connection:
                    await connection.add_listener(feed.CHANNEL, self._woken)
                    try:
                        await self._follow(connection)
                    finally:
                        await connection.remove_listener(feed.CHANNEL, self._woken)
            except TRANSIENT as error:
                log.warning("the feed cannot be read now: %r", error)
                await asyncio.sleep(0.5)

    def _woken(self, *_: object) -> None:
        self._wake.set()

    async def _follow(self, connection: Any) -> None:
        while True:
            if connection.is_closed():  # it would go unnoticed: nothing is sent on it
                raise ConnectionResetError("the connection that listens is gone")
            async with self._database.transaction(SYSTEM) as tx:
                entries = await feed.after(tx.conn, self.seq, _PAGE)
            for entry in entries:
                self._hand_out(entry)
            if len(entries) == _PAGE:
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK)
            self._wake.clear()

    def _hand_out(self, entry: Entry) -> None:
        self.seq = entry.seq
        readers = [listener for listener in self._listeners if may_see(listener.principal, entry)]
        for listener in readers:
            listener.offer(entry)
        if readers and entry.traceparent and telemetry.sampled(entry.traceparent):
            with telemetry.tracer.start_as_current_span(
                f"push {entry.kind}",
                context=telemetry.parent(entry.traceparent),
                kind=SpanKind.PRODUCER,
                attributes={names.EVENT_SUBJECT: entry.key},
            ):
                pass

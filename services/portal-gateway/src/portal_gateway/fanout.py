"""The live half of the stream: one reader of the feed in each process, many listeners.

The feed is in PostgreSQL and its order is that of commits, so the reader only remembers how far it came.
NOTIFY wakes it; if a wake-up is lost, it looks every second anyway. What a listener may see is decided by
the same policy as in the database, in its pure form.

An entry finds its readers by its names (``domain/watch.py``), is written for the wire once, and is judged once for all
readers of the same rights: what is left for each of them is to keep a reference.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import math
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.trace import SpanKind

from portal_gateway.domain.watch import EVERYTHING, Watch, names_of
from portal_gateway.store import feed
from portal_gateway.store.feed import Entry
from runtime import names, telemetry
from runtime.access import SYSTEM, Principal, may_read
from runtime.db import TRANSIENT, Database

log = logging.getLogger(__name__)

_LOOK: Final = 1.0  # seconds between looks without a wake-up
_PAGE: Final = 1000
_BESIDE: Final = "beside:"
_SWEEP: Final = 0.2  # seconds between looks for readers who are due a ping or their end
_AT_EASE: Final = 250
"""Streams up to which the window is as set; with more it widens, and a process sends no more often."""
_AT_ONCE: Final = 32
"""Readers woken in one round of the event loop: what brings the next figures goes on between two rounds."""


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


@dataclass(frozen=True, slots=True)
class Told:
    """An entry ready to be sent to any reader: as the stream writes it, and as the audit log names it."""

    seq: int
    key: tuple[str, str]
    wire: bytes
    name: str
    classification: str


def told(entry: Entry) -> Told:
    """Write an entry for the wire. PostgreSQL writes jsonb on one line."""
    wire = f"id: {entry.seq}\r\nevent: {entry.kind}\r\ndata: {entry.data}\r\n\r\n".encode()
    return Told(entry.seq, (entry.kind, entry.key), wire, name_of(entry), class_of(entry))


class Listener:
    """What waits for one connection: the last entry of each key, in the order of the feed.

    What does not fit its queue is not kept: ``behind`` is set, and the reader goes on from the feed in the database.
    """

    def __init__(self, principal: Principal, queue: int, watch: Watch = EVERYTHING) -> None:
        self.principal = principal
        self.watch = watch
        self.rights = (principal.role, principal.organisation, principal.country)
        self.behind = False
        self._queue = queue
        self._waiting: dict[tuple[str, str], Told] = {}
        self.sent_at = 0.0  # by the event loop's clock, as all below
        self.until = math.inf
        self.called = False
        self._sleeper: asyncio.Future[None] | None = None

    def offer(self, one: Told) -> bool:
        """Keep an entry, in place of an older one of the same key; whether the reader must be called for it."""
        if self.behind:
            return False
        waiting = self._waiting
        waiting.pop(one.key, None)
        waiting[one.key] = one
        if len(waiting) > self._queue:
            waiting.clear()
            self.behind = True
        return self._sleeper is not None and not self.called

    @property
    def ready(self) -> bool:
        """Whether something is there to be sent."""
        return self.behind or bool(self._waiting)

    async def sleep(self, until: float) -> None:
        """Until somebody wakes this reader; ``until`` is when it wants to be woken for nothing."""
        sleeper = asyncio.get_running_loop().create_future()  # asyncio.wait_for would make a task of each wait
        self._sleeper, self.until = sleeper, until
        try:
            await sleeper
        finally:
            self._sleeper, self.until = None, math.inf

    def wake(self) -> None:
        """Let the reader go on; it is called anew once it waits again."""
        self.called = False
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)
        self._sleeper, self.until = None, math.inf

    def take(self, after: int) -> list[Told]:
        """Everything that waits, less what the reader has seen."""
        found = [one for one in self._waiting.values() if one.seq > after]
        self._waiting.clear()
        return found

    def keep_again(self) -> None:
        """Keep what comes from now on; to be called before the feed is read for what was not kept."""
        self.behind = False


class Fanout:
    """All listeners of this process, and the one clock that wakes them.

    A reader is called when there is something for it and its window is over. Timers of their own, and a burst in which
    all send at once, would cost as much as sending.
    """

    def __init__(self, database: Database, window: float = 0.0) -> None:
        self._database = database
        self._window = window
        self._listeners: set[Listener] = set()
        self._by_name: dict[tuple[str, str], set[Listener]] = {}
        self._people: Counter[str] = Counter()
        self._due: list[tuple[float, int, Listener]] = []
        self._calls = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._sweeping: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self.seq = 0

    def add(self, listener: Listener) -> None:
        """From now on, offer entries to this listener."""
        self._listeners.add(listener)
        for name in listener.watch.names():
            self._by_name.setdefault(name, set()).add(listener)
        self._people[listener.principal.subject] += 1
        if self._sweeping is None:
            self._sweep()

    def remove(self, listener: Listener) -> None:
        """Stop offering."""
        self._listeners.discard(listener)
        for name in listener.watch.names():
            self._by_name[name].discard(listener)
            if not self._by_name[name]:
                del self._by_name[name]
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

    async def wait(self, listener: Listener, seconds: float) -> bool:
        """Wait until something is there to be sent, and may be; False where nothing came in this time."""
        if listener.ready:
            self._call([listener])
        await listener.sleep(asyncio.get_running_loop().time() + seconds)
        return listener.ready

    def _call(self, listeners: Iterable[Listener]) -> None:
        window = self._window * max(1.0, self.open / _AT_EASE)
        for listener in listeners:
            listener.called = True
            heapq.heappush(self._due, (listener.sent_at + window, next(self._calls), listener))
        self._set_timer()

    def _set_timer(self) -> None:
        if not self._due or (self._timer is not None and self._timer_at <= self._due[0][0]):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._due[0][0]
        self._timer = asyncio.get_running_loop().call_at(self._timer_at, self._wake_some)

    def _wake_some(self) -> None:
        self._timer, now = None, asyncio.get_running_loop().time()
        for _ in range(_AT_ONCE):
            if not self._due or self._due[0][0] > now:
                break
            heapq.heappop(self._due)[2].wake()
        self._set_timer()

    def _sweep(self) -> None:
        """Wake those who have waited long enough for nothing."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for listener in self._listeners:
            if listener.until <= now and not listener.called:
                listener.wake()
        self._sweeping = loop.call_later(_SWEEP, self._sweep) if self._listeners else None

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

    def _watching(self, entry: Entry) -> Iterable[Listener]:
        found = [by for name in names_of(entry.kind, entry.key) if (by := self._by_name.get(name))]
        return found[0] if len(found) == 1 else set[Listener]().union(*found)

    def _hand_out(self, entry: Entry) -> None:
        self.seq = entry.seq
        allowed: dict[tuple[str, str, str], bool] = {}
        ready, calls = None, []
        for listener in self._watching(entry):
            if entry.subscriber is not None:
                may = may_see(listener.principal, entry)
            elif (known := allowed.get(listener.rights)) is not None:
                may = known
            else:
                may = allowed[listener.rights] = may_see(listener.principal, entry)
            if may:
                ready = ready or told(entry)
                if listener.offer(ready):
                    calls.append(listener)
        if ready is None:
            return
        self._call(calls)
        if entry.traceparent and telemetry.sampled(entry.traceparent):
            with telemetry.tracer.start_as_current_span(
                f"push {entry.kind}",
                context=telemetry.parent(entry.traceparent),
                kind=SpanKind.PRODUCER,
                attributes={names.EVENT_SUBJECT: entry.key},
            ):
                pass

"""The stream: server-sent events with resume, under the same policy as every list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from portal_gateway.api.caller import Api, Caller, lasts, transaction
from portal_gateway.domain.speech.language import _
from portal_gateway.fanout import Fanout, Listener, class_of, name_of
from portal_gateway.settings import Settings
from portal_gateway.store import feed
from portal_gateway.store.feed import Entry
from runtime import audit
from runtime.access import SYSTEM
from runtime.db import Database
from runtime.http import Problem

router = APIRouter(prefix="/api/v1")

_PAGE: Final = 500
_RETRY_MS: Final = 3000
_SEND_S: Final = 10.0
_CHUNK: Final = 32_768  # characters
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_DESCRIPTION: Final = """
What changes, as it changes, as `text/event-stream`. Event names: `metric`, `notification`, `receipt`, `alert`,
`project`; `data` is the resource as its own address serves it, `id` its place in the feed.

* `Last-Event-ID`, or `?after=ID` for a first connection, continues behind that place: what was missed comes first,
  the last state of each thing once. `?after=0` sends everything, then goes on live. Without either: from now on.
* A figure that changes faster than the window (100 ms) is sent once, with its last value.
* `reset`: the place you came from is not known any more, so what you hold may be old. Read the lists anew.
* `end`: your token or session is over. `ping`: nothing happened for a while.
"""


@router.get(
    "/stream",
    tags=["stream"],
    summary="Everything that changes",
    description=_DESCRIPTION,
    responses={200: {"content": {"text/event-stream": {"schema": {"description": "events as above"}}}}},
    response_class=EventSourceResponse,
)
async def stream(
    request: Request,
    who: Api,
    after: Annotated[int | None, Query(ge=0, description="continue behind this place")] = None,
) -> EventSourceResponse:
    """Open a stream for the caller."""
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    header = request.headers.get("last-event-id", "").strip()
    if header:
        if not header.isdigit() or len(header) > 18:
            raise Problem(
                400, "bad-event-id", _("The Last-Event-ID is not one of ours"), _("Leave it out to start anew.")
            )
        after = int(header)
    if fanout.open_for(who.principal.subject) >= settings.stream_per_person or fanout.open >= settings.stream_total:
        raise Problem(
            429,
            "too-many-streams",
            _("Too many streams are open"),
            _("One person may have %(most)s; close a window.", most=settings.stream_per_person),
            headers={"Retry-After": "30"},
        )
    database: Database = request.app.state.database
    async with database.transaction(SYSTEM) as tx:
        newest = await feed.last(tx.conn)
    return EventSourceResponse(
        _events(request, who, newest if after is None else after, newest),
        ping=24 * 3600,  # our own pings carry an event, so that a script sees them too
        send_timeout=_SEND_S,
        headers=_HEADERS,
    )


async def _events(request: Request, who: Caller, after: int, newest: int) -> AsyncIterator[ServerSentEvent | bytes]:
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    if after > newest:
        yield ServerSentEvent(event="reset", data='{"reason":"unknown-place"}', retry=_RETRY_MS)
        return
    listener = Listener(who.principal, settings.stream_queue)
    fanout.add(listener)
    try:
        yield ServerSentEvent(event="ping", data=_now(), retry=_RETRY_MS)
        async for entries in _missed(request, who, after):
            after = entries[-1].seq
            for chunk in _chunks(entries):
                yield chunk
        async for said in _live(request, listener, after, who):
            yield said
    finally:
        fanout.remove(listener)


async def _missed(request: Request, who: Caller, after: int) -> AsyncIterator[list[Entry]]:
    """What happened behind a place, page by page, as the database lets this caller see it."""
    while True:
        async with transaction(request, who) as tx:
            entries = await feed.after(tx.conn, after, _PAGE)
        if entries:
            yield entries
            after = entries[-1].seq
        if len(entries) < _PAGE:
            return


async def _live(
    request: Request, listener: Listener, after: int, who: Caller
) -> AsyncIterator[ServerSentEvent | bytes]:
    settings: Settings = request.app.state.settings
    window, sent_at, looked = settings.stream_window_ms / 1000, 0.0, time.monotonic()
    right = time.monotonic() + (who.until - datetime.now(UTC)).total_seconds()
    until = min(right, time.monotonic() + settings.stream_lifetime_s)
    while True:
        left = until - time.monotonic()
        if left <= 0:
            # A reader whose right goes on simply comes back, and is looked at anew.
            if until == right:
                yield ServerSentEvent(event="end", data="{}")
            return
        if looked + settings.stream_ping_s <= time.monotonic():
            looked = time.monotonic()
            if not await lasts(request, who):
                yield ServerSentEvent(event="end", data="{}")
                return
        if not await listener.wait(min(settings.stream_ping_s, left)):
            yield ServerSentEvent(event="ping", data=_now())
            continue
        # The first change goes out at once; what follows within the window waits, and only its last state is sent.
        await asyncio.sleep(max(0.0, sent_at + window - time.monotonic()))
        if listener.behind:
            listener.keep_again()
            async for entries in _missed(request, who, after):
                after = entries[-1].seq
                for chunk in _chunks(entries):
                    yield chunk
        elif entries := listener.take(after):
            after = entries[-1].seq
            for chunk in _chunks(entries):
                yield chunk
        sent_at = time.monotonic()


def _chunks(entries: list[Entry]) -> Iterator[bytes]:
    """Entries as the stream writes them, many in one send: a send each would cost more than all the rest.

    A chunk stays small enough for a slow reader's time limit. PostgreSQL writes jsonb on one line.
    """
    chunk: list[str] = []
    size = 0
    for entry in entries:
        audit.seen(name_of(entry), class_of(entry))
        text = f"id: {entry.seq}\r\nevent: {entry.kind}\r\ndata: {entry.data}\r\n\r\n"
        chunk.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield "".join(chunk).encode()
            chunk, size = [], 0
    if chunk:
        yield "".join(chunk).encode()


def _now() -> str:
    return f'{{"at":"{datetime.now(UTC).isoformat()}"}}'

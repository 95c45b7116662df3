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
from portal_gateway.domain.errors import FigureError, ScopeError
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.watch import Kind, Watch, watch
from portal_gateway.fanout import Fanout, Listener, Told, told
from portal_gateway.settings import Settings
from portal_gateway.store import feed
from runtime import audit
from runtime.access import SYSTEM
from runtime.db import Database
from runtime.http import Problem

router = APIRouter(prefix="/api/v1")

_PAGE: Final = 500
_RETRY_MS: Final = 3000
_AGAIN_MS: Final = 200
"""Who is asked to come back finds us here: unlike after a fault, nobody need wait."""
_SEND_S: Final = 10.0
_CHUNK: Final = 32_768  # bytes
_MOST: Final = 400
"""Figures, or projects, that one stream names."""
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_DESCRIPTION: Final = """
What changes, as it changes, as `text/event-stream`. Event names: `metric`, `notification`, `receipt`, `alert`,
`project`; `data` is the resource as its own address serves it, `id` its place in the feed.

* `Last-Event-ID`, or `?after=ID` for a first connection, continues behind that place: what was missed comes first,
  the last state of each thing once. `?after=0` sends everything, then goes on live. Without either: from now on.
* `figure`, repeated, narrows `metric` to these figures: `M4|pillar:P2`. A star stands for every metric, `*|pillar:P2`,
  and ends what scopes have in common: `M4|country:*`, `M4|*`, `M1|indicator:PROJECT|*`. `project`, repeated, narrows
  `project` to these identifiers, `kind`, repeated, leaves all other events out. What is missed is narrowed alike.
  Up to 400 of each; a figure there is none of, or that is not yours to read, is silent.
* A figure that changes faster than the window (100 ms, more where many read) is sent once, with its last value.
* `reset`: the place you came from is not known any more, so what you hold may be old. Read the lists anew.
* `end`: your token or session is over. `ping`: nothing happened for a while; its `id` is how far you have come.
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
    figure: Annotated[
        list[Annotated[str, Query(max_length=600)]],
        Query(max_length=_MOST, description="only these figures, METRIC|SCOPE", examples=[["M4|pillar:P2"]]),
    ] = [],  # noqa: B006  FastAPI copies it
    project: Annotated[
        list[Annotated[str, Query(max_length=600)]], Query(max_length=_MOST, description="only these projects")
    ] = [],  # noqa: B006
    kind: Annotated[list[Kind], Query(max_length=_MOST, description="only these events")] = [],  # noqa: B006
) -> EventSourceResponse:
    """Open a stream for the caller."""
    wanted = _watch(kind, figure, project)
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    header = request.headers.get("last-event-id", "").strip()
    if header:
        if not header.isdecimal() or len(header) > 18:
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
        _events(request, who, newest if after is None else after, newest, wanted),
        ping=24 * 3600,  # our own pings carry an event, so that a script sees them too
        send_timeout=_SEND_S,
        headers=_HEADERS,
    )


def _watch(kinds: list[Kind], figures: list[str], projects: list[str]) -> Watch:
    try:
        return watch(kinds, figures, projects)
    except FigureError as error:
        raise Problem(400, error.code, _("That names no figure"), str(error)) from None
    except ScopeError as error:
        raise Problem(400, error.code, _("The scope is not valid"), str(error)) from None


async def _events(
    request: Request, who: Caller, after: int, newest: int, wanted: Watch
) -> AsyncIterator[ServerSentEvent | bytes]:
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    if after > newest:
        yield ServerSentEvent(event="reset", data='{"reason":"unknown-place"}', retry=_RETRY_MS)
        return
    listener = Listener(who.principal, settings.stream_queue, wanted)
    fanout.add(listener)
    try:
        yield ServerSentEvent(event="ping", data=_now(), retry=_RETRY_MS)
        async for entries in _missed(request, who, after, wanted):
            after = entries[-1].seq
            for chunk in _chunks(entries):
                yield chunk
        async for said in _live(request, listener, after, who):
            yield said
    finally:
        fanout.remove(listener)


async def _missed(request: Request, who: Caller, after: int, wanted: Watch) -> AsyncIterator[list[Told]]:
    """What happened behind a place, page by page, as the database lets this caller see it."""
    while True:
        async with transaction(request, who) as tx:
            entries = await feed.after(tx.conn, after, _PAGE, wanted)
        if entries:
            yield [told(entry) for entry in entries]
            after = entries[-1].seq
        if len(entries) < _PAGE:
            return


async def _live(
    request: Request, listener: Listener, after: int, who: Caller
) -> AsyncIterator[ServerSentEvent | bytes]:
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    looked, now = time.monotonic(), datetime.now(UTC)
    # What the issuer says of a person is asked anew when their token ends: whoever only listens must come back for it.
    token = who.session.token_expires_at if who.session is not None else who.until
    right, renewal = (looked + (moment - now).total_seconds() for moment in (who.until, token))
    until = min(right, renewal, looked + settings.stream_lifetime_s)
    while True:
        left = until - time.monotonic()
        if left <= 0:
            # A reader whose right goes on simply comes back, and is looked at anew.
            over = until == right
            yield ServerSentEvent(event="end" if over else "ping", data="{}" if over else _now(), retry=_AGAIN_MS)
            return
        if looked + settings.stream_ping_s <= time.monotonic():
            looked = time.monotonic()
            if not await lasts(request, who):
                yield ServerSentEvent(event="end", data="{}")
                return
        # The first change comes at once; what follows within the window waits, and only its last state is sent.
        if not await fanout.wait(listener, min(settings.stream_ping_s, left)):
            after = max(after, fanout.seq)  # nothing waits: what was handed out up to here was sent, or not for them
            yield ServerSentEvent(event="ping", data=_now(), id=str(after))
            continue
        if listener.behind:
            listener.keep_again()
            async for entries in _missed(request, who, after, listener.watch):
                after = entries[-1].seq
                for chunk in _chunks(entries):
                    yield chunk
        elif entries := listener.take(after):
            after = entries[-1].seq
            for chunk in _chunks(entries):
                yield chunk
        listener.sent_at = asyncio.get_running_loop().time()


def _chunks(waiting: list[Told]) -> Iterator[bytes]:
    """Entries many in one send: a send each would cost more than all the rest.

    A chunk stays small enough for a slow reader's time limit.
    """
    chunk: list[bytes] = []
    size = 0
    for one in waiting:
        audit.seen(one.name, one.classification)
        chunk.append(one.wire)
        size += len(one.wire)
        if size >= _CHUNK:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)


def _now() -> str:
    return f'{{"at":"{datetime.now(UTC).isoformat()}"}}'

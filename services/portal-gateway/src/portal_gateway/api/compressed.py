"""Answers on a slow line: pages, style and JSON leave compressed, streams as they come."""

from __future__ import annotations

import gzip
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KINDS: Final = frozenset(
    {"text/html", "text/css", "text/javascript", "application/json", "application/problem+json", "image/svg+xml"}
)
_LEAST: Final = 1_000
"""Bytes from which on it is worth the while."""
_LEVEL: Final = 5


class Compressed:
    """gzip for answers that are sent in one piece, where the browser takes it.

    Lengths of compressed answers tell of their content whoever can watch the line and have the reader's browser ask
    for addresses of their choosing (BREACH). What another site had the browser ask for, or may have, leaves plain
    where its address could put words into the page: with a query, or in an answer other than 200.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        ours = _ours(Headers(scope=scope))
        begun: Message | None = None

        async def in_one_piece(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                kind = headers.get("content-type", "").partition(";")[0]
                if kind in _KINDS and "content-encoding" not in headers:
                    begun = message  # held back until its body says whether it is all
                else:
                    await send(message)
                return
            if begun is not None:
                start, begun = begun, None
                safe = ours or (start["status"] == 200 and not scope["query_string"])
                message = _packed(start, message, safe)
                await send(start)
            await send(message)

        await self._app(scope, receive, in_one_piece)


def _packed(start: Message, message: Message, safe: bool) -> Message:
    """The body compressed, where it is whole and worth it; the headers of ``start`` say so."""
    if message.get("more_body"):
        return message
    headers = MutableHeaders(scope=start)
    headers.add_vary_header("Accept-Encoding")
    body = message.get("body", b"")
    if not safe or len(body) < _LEAST:
        return message
    body = gzip.compress(body, _LEVEL, mtime=0)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    if "etag" in headers:  # no longer of these very bytes
        headers["ETag"] = "W/" + headers["etag"].removeprefix("W/")
    return {**message, "body": body}


def _ours(headers: Headers) -> bool:
    """Whether the reader, a page of ours or a program asks; a browser sends its cookie for another site's links too."""
    if "cookie" not in headers:
        return True
    return headers.get("sec-fetch-site") in {"same-origin", "none"}

"""What every answer carries: what a browser may do with it; and static files."""

from __future__ import annotations

import mimetypes
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_gateway.api.caller import cookie_name, secure
from portal_gateway.api.faults import in_html
from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from portal_gateway.web.render import release, static_files
from runtime.http import Problem, ProblemResponse

_YEAR: Final = "public, max-age=31536000, immutable"


def policy(settings: Settings) -> str:
    """The content security policy: this origin alone, no inline script or style; forms may lead to the issuer."""
    parts = urlsplit(settings.issuer)
    return (
        "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; "
        f"form-action 'self' {parts.scheme}://{parts.netloc}; frame-ancestors 'none'; base-uri 'none'"
    )


def headers_of(settings: Settings) -> dict[str, str]:
    """What every answer says of itself to a browser."""
    found = {
        "Content-Security-Policy": policy(settings),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if secure(settings):
        found["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return found


class Edge:
    """Sets the headers on everything that leaves, and turns away what no address of ours can hold."""

    def __init__(self, app: ASGIApp, settings: Settings, portal: Any = None) -> None:
        self._app = app
        self._portal = portal
        self._largest = settings.body_bytes
        self._cookie = f"{cookie_name(settings)}="
        self._headers = headers_of(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                renamed = scope.get("state", {}).get("session_cookie")
                if renamed and not any(value.startswith(self._cookie) for value in headers.getlist("set-cookie")):
                    headers.append("Set-Cookie", renamed)
            await send(message)

        # PostgreSQL has no text with a zero byte in it, and so nothing here is named by one.
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = await self._refused(scope, Problem(400, "bad-address", "The address holds a zero byte"))
            await answer(scope, receive, with_headers)
            return
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdigit() and int(stated) > self._largest:
            answer = await self._refused(scope, self._too_large())
            await answer(scope, receive, with_headers)
            return
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                raise self._too_large()
            return message

        scope.setdefault("state", {})
        await self._app(scope, limited, with_headers)

    async def _refused(self, scope: Scope, problem: Problem) -> Response:
        """What never reaches the portal is refused as it refuses: people get a page in their language."""
        answer: Response = await in_html(_plain)(Request({**scope, "app": self._portal}), problem)
        return answer

    def _too_large(self) -> Problem:
        return Problem(413, "too-large", "That is too large", f"Send {self._largest} bytes at most.")


async def _plain(_request: Request, problem: Problem) -> Response:
    return ProblemResponse(problem)


async def answer_static(request: Request) -> Response:
    """A file of the portal itself; under its release's address it may be kept for a year."""
    found = static_files().get(request.path_params["name"])
    if found is None:
        return ProblemResponse(Problem(404, "not-found", _("Nothing is here")))
    body, digest = found
    kind = mimetypes.guess_type(request.path_params["name"])[0] or "application/octet-stream"
    kind = {"application/javascript": "text/javascript"}.get(kind, kind)
    current = request.path_params["release"] == release()
    headers = {"ETag": f'"{digest}"', "Cache-Control": _YEAR if current else "no-cache"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)

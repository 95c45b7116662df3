"""HTTP as every service speaks it: problem+json, health, conditional answers, pages of a list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import audit
from runtime.db import UNSTORABLE
from runtime.openapi import describe

log = logging.getLogger(__name__)

_REFUSALS: Final = {401, 403, 429}
"""Answers that are noted in the service's log: somebody was not let in, or not that far."""

_CAREFUL: Final = {
    "Content-Security-Policy": "default-src 'none'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Problem(Exception):
    """An answer of RFC 9457: status, stable code, what happened, and the remedy.

    ``errors`` lists every fault of the request at once.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.errors = errors or []
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(f"{status} {code}: {title}")

    def body(self) -> dict[str, Any]:
        """The problem document."""
        found: dict[str, Any] = {
            "type": f"urn:plumbline:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            found["detail"] = self.detail
        if self.errors:
            found["errors"] = self.errors
        return found | self.extra


class ProblemResponse(Response):
    """A problem document on its way out."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem) -> None:
        super().__init__(orjson.dumps(problem.body()), status_code=problem.status, headers=problem.headers)


class Json(Response):
    """JSON with an ETag of its bytes; answers 304 where the caller has it already."""

    media_type = "application/json"

    def __init__(
        self, content: Any, request: Request | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        body = orjson.dumps(content, default=str)
        restricted = body.count(b'"classification":') != body.count(b'"classification":"public"')
        if restricted:
            audit.seen_in(content)
        tag = '"' + hashlib.blake2b(body, digest_size=12).hexdigest() + '"'
        # What is not for everybody is kept on no disk, a browser's neither.
        found = {"ETag": tag, "Cache-Control": "no-store" if restricted else "private, no-cache", **(headers or {})}
        known = request.headers.get("if-none-match", "") if request is not None else ""
        if known and tag in [part.strip().removeprefix("W/") for part in known.split(",")]:
            super().__init__(b"", status_code=304, headers=found)
        else:
            super().__init__(body, headers=found)


class Careful:
    """ASGI: what every answer says to a browser, where a route says nothing else: nothing in it runs or is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _CAREFUL.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


Check = Callable[[], Awaitable[dict[str, str]]]
"""Returns what is not ready, by part, in words; empty when all is well."""


def create_app(title: str, description: str, *, version: str = "0.1.0") -> FastAPI:
    """A FastAPI application that answers every fault as problem+json and has health endpoints.

    ``app.state.checks`` is a list of Check; the service fills it.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host a request names
        # FastAPI's own spans: a command is where a trace begins; reading is not worth one, a stream lasts hours.
        telemetry={"operation_spans": False, "logs": False, "exclude": _only_reads},
    )
    app.state.checks = []
    describe(app)

    app.add_middleware(Careful)

    @app.exception_handler(Problem)
    async def on_problem(request: Request, problem: Problem) -> Response:
        if problem.status in _REFUSALS:
            # The template of the address and no content of it: an identifier asked for may itself be a secret.
            template = getattr(request.scope.get("route"), "path", request.url.path[:200])
            log.info("refused %d %s: %s %s", problem.status, problem.code, request.method, template)
        return ProblemResponse(problem)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"place": "/".join(str(part) for part in e["loc"]), "message": e["msg"], "rule": e["type"]}
            for e in error.errors()
        ]
        return ProblemResponse(Problem(422, "invalid-request", "The request is not valid", errors=errors))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            problem = Problem(
                404, "not-found", "Nothing is here", f"{request.url.path} is not known, or not yours to read."
            )
        else:
            problem = Problem(error.status_code, "http", str(error.detail), headers=error.headers)
        return ProblemResponse(problem)

    async def on_unstorable(_request: Request, error: Exception) -> Response:
        log.info("refused: %r", error)
        return ProblemResponse(
            Problem(422, "unstorable", "Something in the request cannot be stored or looked up", str(error))
        )

    for unstorable in UNSTORABLE:
        app.add_exception_handler(unstorable, on_unstorable)

    @app.exception_handler(Exception)
    async def on_fault(_request: Request, error: Exception) -> Response:
        log.error("unexpected: %r", error, exc_info=error)
        return ProblemResponse(
            Problem(
                500,
                "unexpected",
                "Something failed on our side",
                "Nothing was half done. Try again; if it stays, tell operations.",
                # The framework answers this outside every middleware, and so outside ``Careful``.
                headers=_CAREFUL,
            )
        )

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        missing: dict[str, str] = {}
        for check in app.state.checks:
            missing |= await check()
        # How far each consumer is behind makes no service unready; operators see it beside.
        behind = {consumer.name: consumer.behind for consumer in getattr(app.state, "consumers", ())}
        body = {
            "status": "not ready" if missing else "ready",
            **({"missing": missing} if missing else {}),
            **({"behind": behind} if behind else {}),
        }
        return Response(orjson.dumps(body), status_code=503 if missing else 200, media_type="application/json")

    return app


def _only_reads(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("method") in {"GET", "HEAD", "OPTIONS"}


def cursor(*parts: Any) -> str:
    """An opaque cursor for the next page of a list."""
    return base64.urlsafe_b64encode(orjson.dumps(list(parts), default=str)).decode().rstrip("=")


def read_cursor(text: str, size: int) -> list[Any]:
    """The parts of a cursor. Raises Problem 400 for one that was not made by ``cursor``."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        parts = None
    if not isinstance(parts, list) or len(parts) != size:
        raise Problem(400, "bad-cursor", "The cursor is not valid", "Take it from the last answer's next link.")
    return parts

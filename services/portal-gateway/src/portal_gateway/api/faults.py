"""A fault as people see it: a page in their language, with what to do and the id to ask operations about."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import Request
from opentelemetry import trace
from starlette.responses import Response

from portal_gateway.api.caller import of_session
from portal_gateway.api.pages.frame import render
from portal_gateway.api.speaking import as_asked
from portal_gateway.domain.heard import Heard, heard
from portal_gateway.domain.speech.language import N_, said
from runtime import telemetry
from runtime.db import TRANSIENT
from runtime.http import Problem

log = logging.getLogger(__name__)

_HTTP = {
    401: N_("You are not signed in"),
    405: N_("This address does not take that"),
    413: N_("That is too large"),
    415: N_("That cannot be read"),
}
"""What the framework itself refuses, in the portal's words."""


def in_html(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The same answer as a page where a person asked for one."""

    async def answer(request: Request, error: Exception) -> Response:
        # What nobody foresaw is answered where no language is spoken any more.
        with as_asked(request):
            return await shown(request, error)

    async def shown(request: Request, error: Exception) -> Response:
        plain: Response = await handler(request, error)
        wants = request.headers.get("accept", "")
        if "text/html" not in wants or request.url.path.startswith(("/api/", "/static/", "/health/", "/v1/")):
            return plain
        problem = error if isinstance(error, Problem) else _read(plain)
        try:
            who = await of_session(request)
        except TRANSIENT:
            who = None
        page = render(
            request, "error.html", who, status=plain.status_code, problem=_told(problem), trace=_noted(request, problem)
        )
        if "retry-after" in plain.headers:
            page.headers["Retry-After"] = plain.headers["retry-after"]
        return page

    return answer


def _read(plain: Response) -> Problem:
    found = orjson.loads(plain.body)
    title = said(_HTTP[plain.status_code]) if found["code"] == "http" and plain.status_code in _HTTP else found["title"]
    return Problem(plain.status_code, found["code"], title, found.get("detail", ""), errors=found.get("errors"))


def _told(problem: Problem) -> dict[str, Any]:
    """A problem as its page says it: the runtime's words in the reader's language, a library's as they came.

    The portal's own words are in the language of the page already, and follow no message of others.
    """
    faults = [
        {
            "place": one.get("place", ""),
            # The frameworks' own checks speak English alone.
            "message": heard(one["message"]) if problem.code == "invalid-request" else one.get("message", ""),
        }
        for one in problem.errors
    ]
    return {
        "status": problem.status,
        "code": problem.code,
        "title": _own(problem.title),
        "detail": _own(problem.detail),
        "errors": faults,
    }


def _own(text: str) -> str:
    return text if isinstance(text, Heard) else str(heard(text))


def _noted(request: Request, problem: Problem) -> str:
    """The trace id of the fault, which the log has too; one of its own where nothing was traced, as reading is not."""
    told = telemetry.traceparent_of(trace.get_current_span())
    told = told or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    # The template of the address, as in every other line: an identifier asked for may itself be a secret.
    template = getattr(request.scope.get("route"), "path", request.url.path[:200])
    log.info("shown as a page: %s %s of %s", problem.status, problem.code, template, extra={"traceparent": told})
    return told.split("-")[1]

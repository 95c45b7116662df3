"""Answers every door gives in the same words: what is not there, what is refused, where a list goes on."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request

from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import scope as scopes
from portal_gateway.domain.errors import ScopeError
from portal_gateway.domain.heard import heard
from portal_gateway.domain.speech.language import _
from runtime.http import Problem, read_cursor


def parsed(scope: str) -> str:
    """The scope, if it follows the grammar. Raises Problem 400 with the grammar."""
    try:
        return scopes.parse(scope).text
    except ScopeError as error:
        raise Problem(400, error.code, _("The scope is not valid"), str(error)) from None


def nothing(what: str) -> Problem:
    """One answer for what is not there and for what may not be read."""
    return Problem(
        404, "not-found", _("Nothing is here"), _("%(what)s is not known, or not yours to read.", what=what[:300])
    )


def upstream_problem(error: UpstreamError) -> Problem:
    """Another service's refusal as ours; its silence as 503. Where no page says it better, the portal answers so."""
    if error.status is not None and 400 <= error.status < 500:
        return Problem(
            error.status,
            str(error.problem.get("code", "refused")),
            heard(str(error.problem["title"])) if error.problem.get("title") else _("Refused"),
            heard(str(error.problem.get("detail", ""))),
            errors=[one | {"message": heard(str(one.get("message", "")))} for one in error.problem.get("errors", [])],
        )
    return Problem(
        503,
        "service-unavailable",
        error.said.rstrip("."),
        _("Figures shown before still hold. Try again in a moment."),
        headers={"Retry-After": "5"},
    )


def instant_cursor(text: str | None) -> tuple[datetime, str] | None:
    """A cursor of an instant and an id. Raises Problem 400 for another."""
    if not text:
        return None
    at, key = read_cursor(text, 2)
    try:
        return datetime.fromisoformat(str(at)), str(key)
    except ValueError:
        raise Problem(
            400, "bad-cursor", _("The cursor is not valid"), _("Take it from the last answer's next link.")
        ) from None


def place_of(text: str | None) -> int:
    """A cursor that is a place in a search. Raises Problem 400 for another."""
    if not text:
        return 0
    (place,) = read_cursor(text, 1)
    if not isinstance(place, int) or not 0 <= place <= 1_000_000:
        raise Problem(400, "bad-cursor", _("The cursor is not valid"), _("Take it from the last answer's next link."))
    return place


def next_address(request: Request, following: str) -> str:
    """This request's own address with another cursor."""
    query = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"] + [("cursor", following)]
    return f"{request.url.path}?{urlencode(query)}"


def inside(address: str) -> str:
    """A place on this site, whatever was asked for: nobody is sent elsewhere after signing in, or a form."""
    plain = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if plain and all(ord(c) >= 32 for c in address) else "/"

"""What every page has: who reads it, what waits in the inbox, where the stream goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portal_gateway.api.caller import Caller, admitted, bound, of_session
from portal_gateway.api.pages import notice
from portal_gateway.domain import scope as scopes
from portal_gateway.domain.heard import Heard
from portal_gateway.domain.speech.language import language
from portal_gateway.domain.view import narrative
from portal_gateway.fanout import Fanout
from portal_gateway.settings import Settings
from portal_gateway.store import messages, projects, visits
from portal_gateway.web import render as web

router = APIRouter(include_in_schema=False)

KEYS: Final = "plumbline_keys"
"""The cookie that says ``off`` where a reader wants no single-key shortcuts (WCAG 2.1.4)."""


class SignInFirst(Exception):
    """A page was asked for without a session; the reader is led to the sign-in and back."""

    def __init__(self, address: str) -> None:
        self.address = address

    def answer(self) -> Response:
        """The way to the sign-in page."""
        return RedirectResponse(f"/login?next={quote(self.address, safe='')}", 303)


async def reader(request: Request) -> Caller:
    """FastAPI dependency of every page: the signed-in reader. Raises SignInFirst without one."""
    found = await of_session(request)
    if found is None:
        query = f"?{request.url.query}" if request.url.query else ""
        raise SignInFirst(request.url.path + query if request.method == "GET" else "/")
    return admitted(request, found)


async def frame(conn: Any, request: Request, who: Caller) -> dict[str, Any]:
    """The frame's own data; read before the page's, so that the stream begins before what the page shows."""
    settings: Settings = request.app.state.settings
    fanout: Fanout = request.app.state.fanout
    seq = fanout.seq
    unread, due = await messages.standing(conn, who.principal.subject)
    return {
        "seq": seq,
        "unread": unread,
        "due": due,
        "visit": await visits.note(conn, who.principal.subject, seq),
        "demonstration": await _invented(conn) or ("people" if settings.demonstration else ""),
    }


async def _invented(conn: Any) -> str:
    """How much of what this reader is shown is invented: nothing (empty), ``some`` of the projects, or ``all``."""
    some, others = await projects.invented(conn)
    return "" if not some else "some" if others else "all"


async def titles(conn: Any, wanted: Iterable[str]) -> Mapping[str, Heard]:
    """Names of the entities, projects and indicators that these scopes speak of, where the caller may know them; each
    knows its language where it is not the page's.
    """
    projects_, entities, indicators = set(), set(), set()
    for text in wanted:
        scope = scopes.parse(text)
        match scope.kind:
            case "project":
                projects_.add(scope.first)
            case "indicator":
                projects_.add(scope.first)
                indicators.add((scope.first, scope.second))
            case "entity" | "entity-pillar":
                entities.add(scope.first)
    return await names(conn, projects_, entities, indicators)


async def names(
    conn: Any,
    projects_: Iterable[str] = (),
    entities: Iterable[str] = (),
    indicators: Iterable[tuple[str, str]] = (),
) -> Mapping[str, Heard]:
    """Names by code, as :func:`titles` gives them; codes that nobody may know, or that name nothing, are left out."""
    of_projects, of_entities, of_indicators = list(projects_), list(entities), list(indicators)
    if not (of_projects or of_entities or of_indicators):
        return {}
    rows = await projects.titles(conn, projects=of_projects, entities=of_entities, indicators=of_indicators)
    return {code: named for code, title in rows if (named := _named(title))}


async def results(conn: Any, project_id: str) -> list[tuple[str, Heard]]:
    """Titles of a project's results by their identifier, where the caller may know them."""
    rows = await projects.results(conn, project_id)
    return [(code, named) for code, title in rows if (named := _named(title))]


def _named(title: str | Mapping[str, str]) -> Heard:
    text, lang = (title, None) if isinstance(title, str) else narrative(title, language())
    return Heard(text, lang or "")


def now() -> datetime:
    """The present instant, to the second: what a page says of itself."""
    return datetime.now(UTC).replace(microsecond=0)


def query_of(request: Request) -> dict[str, str]:
    """The query of the address without the language."""
    return {name: value for name, value in request.query_params.items() if name != "lang"}


def render(request: Request, template: str, who: Caller | None, *, status: int = 200, **data: Any) -> Response:
    """A page, never kept by anybody on the way."""
    settings: Settings = request.app.state.settings
    query = f"?{request.url.query}" if request.url.query else ""
    done = notice.pending(request)
    found: dict[str, Any] = {
        "now": now(),
        "in_language": lambda code: f"{request.url.path}?{urlencode(query_of(request) | {'lang': code})}",
        "address": settings.gateway_url.rstrip("/") + request.url.path + query,
        "here": request.url.path + query,
        "done": done,
        "keys": request.cookies.get(bound(settings, KEYS)) != "off",
        "user": who.principal if who else None,
        "csrf": who.session.csrf if who and who.session else "",
        "demonstration": "people" if settings.demonstration else "",
        **data,
    }
    answer = HTMLResponse(web.page(template, **found), status, {"Cache-Control": "no-store"})
    if done:
        notice.forget(answer, settings)
    return answer

"""Saved views over REST, and what the page's forms share with it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from portal_gateway.api import models
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Api, Caller, same_origin, transaction
from portal_gateway.api.finding import REFUSED, problem_of
from portal_gateway.domain.errors import WishError
from portal_gateway.domain.search.wish import parse
from portal_gateway.domain.speech.language import _
from portal_gateway.store import saved_views
from runtime.http import Json, Problem

router = APIRouter(prefix="/api/v1", responses=REFUSED, tags=["views"])

_Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]


class NewView(BaseModel):
    """A view to keep; another query under a name one has takes its place."""

    name: _Name
    query: str = Field(max_length=8000, description="as in the address of /projects")
    shared: bool = Field(default=False, description="with the caller's organisation")


class ChangedView(BaseModel):
    """What to change of a view."""

    name: _Name | None = None
    shared: bool | None = None
    standard: bool | None = Field(default=None, description="what /projects shows by itself")


@router.get("/views", response_model=models.SavedViews)
async def list_views(request: Request, who: Api) -> Response:
    """The caller's views, and those shared with the caller's organisation."""
    async with transaction(request, who) as tx:
        found = await saved_views.readable(tx.conn)
    return Json({"items": found}, request)


@router.post("/views", status_code=201, response_model=models.SavedViews)
async def save_view(request: Request, who: Api, new: NewView) -> Response:
    """Keep a search under a name."""
    _command(request, who)
    await keep(request, who, new.name, new.query, shared=new.shared)
    answer = await list_views(request, who)
    answer.status_code = 201
    return answer


@router.patch("/views/{view_id}", status_code=204)
async def change_view(request: Request, who: Api, view_id: str, wish: ChangedView) -> Response:
    """Rename a view of the caller's, share it, or make it the default."""
    _command(request, who)
    await change(request, who, view_id, name=wish.name, shared=wish.shared, standard=wish.standard)
    return Response(status_code=204)


@router.delete("/views/{view_id}", status_code=204)
async def delete_view(request: Request, who: Api, view_id: str) -> Response:
    """Forget a view of the caller's."""
    _command(request, who)
    await forget(request, who, view_id)
    return Response(status_code=204)


async def keep(request: Request, who: Caller, name: str, query: str, *, shared: bool) -> None:
    """Keep a query, as far as it is a wish. Raises Problem where it is none, or there are too many."""
    try:
        plain = urlencode(parse(parse_qsl(query.removeprefix("?"))).pairs())
    except WishError as error:
        raise problem_of(error) from None
    organisation = who.principal.organisation
    async with transaction(request, who) as tx:
        done = await saved_views.save(
            tx.conn, secrets.token_urlsafe(9), _named(name), plain, shared=shared, organisation=organisation
        )
    if not done:
        raise Problem(
            409,
            "too-many-views",
            _("You keep too many views"),
            _("Delete one: %(most)s are kept.", most=saved_views.MOST),
        )


async def change(request: Request, who: Caller, view_id: str, **what: Any) -> None:
    """Change a view of the caller's. Raises Problem where there is none, or another has the name."""
    if what.get("name"):
        what["name"] = _named(what["name"])
    async with transaction(request, who) as tx:
        taken = {view.name for view in await saved_views.readable(tx.conn) if view.own and view.view_id != view_id}
        if what.get("name") in taken:
            raise Problem(409, "name-taken", _("Another of your views has this name"), _("Choose another name."))
        done = await saved_views.change(tx.conn, view_id, **what)
    if not done:
        raise nothing(_("View %(id)s", id=view_id))


async def forget(request: Request, who: Caller, view_id: str) -> None:
    """Forget a view of the caller's. Raises Problem where there is none."""
    async with transaction(request, who) as tx:
        done = await saved_views.delete(tx.conn, view_id)
    if not done:
        raise nothing(_("View %(id)s", id=view_id))


def _named(name: str) -> str:
    found = " ".join(name.split())[:80]
    if not found or any(ord(c) < 32 for c in found):
        raise Problem(422, "no-name", _("The view has no name"), _("Give it a name of up to 80 characters."))
    return found


def _command(request: Request, who: Caller) -> None:
    if who.session is not None:
        same_origin(request)

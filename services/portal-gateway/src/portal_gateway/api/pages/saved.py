"""The forms of saved views: keep, rename, share, make the default, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api import views
from portal_gateway.api.answers import inside
from portal_gateway.api.caller import Caller, form_of
from portal_gateway.api.pages.frame import reader, router

Reader = Annotated[Caller, Depends(reader)]


@router.post("/projects/views")
async def keep(request: Request, who: Reader) -> Response:
    """Keep what the page shows under a name."""
    form = await form_of(request, who)
    await views.keep(request, who, form.get("name", ""), form.get("query", ""), shared="shared" in form)
    return RedirectResponse(inside(f"/projects?{form.get('query', '')}"), 303)


@router.post("/projects/views/{view_id}")
async def change(request: Request, who: Reader, view_id: str) -> Response:
    """What the button says: rename, share or not, default or not, delete."""
    form = await form_of(request, who)
    match form.get("do"):
        case "delete":
            await views.forget(request, who, view_id)
        case "rename":
            await views.change(request, who, view_id, name=form.get("name", "") or " ")
        case "share" | "unshare" as do:
            await views.change(request, who, view_id, shared=do == "share")
        case "standard" | "ordinary" as do:
            await views.change(request, who, view_id, standard=do == "standard")
    return RedirectResponse(inside(form.get("next") or "/projects"), 303)

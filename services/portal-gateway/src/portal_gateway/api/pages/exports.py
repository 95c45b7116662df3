"""The files of the list of projects, by the reader's session."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.responses import Response

# The module, not its names: it says a filter in the words of this package, so each of them imports the other.
from portal_gateway.api import export
from portal_gateway.api.caller import Caller
from portal_gateway.api.pages.frame import reader, router

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects/export.{form}")
async def export_projects(request: Request, who: Reader, form: Literal["csv", "xlsx", "json", "xml"]) -> Response:
    """The list as a file."""
    return await export.answer(request, who, form)

"""The files of the lists of projects and of figures, by the reader's session."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.responses import Response

# The module, not its names: it says a filter in the words of this package, so each of them imports the other.
from portal_gateway.api import export, export_figures, listing
from portal_gateway.api.caller import Caller
from portal_gateway.api.pages.frame import reader, router

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects/export.{form}")
async def export_projects(request: Request, who: Reader, form: Literal["csv", "xlsx", "json", "xml"]) -> Response:
    """The list as a file."""
    return await export.answer(request, who, form)


@router.get("/metrics/export.{form}")
async def export_metrics(
    request: Request,
    who: Reader,
    form: export_figures.Form,
    metric: listing.Metric = None,
    kind: listing.Kind = None,
    q: listing.Words = "",
) -> Response:
    """The list of figures as a file."""
    return await export_figures.answer(request, who, form, metric, kind, q)

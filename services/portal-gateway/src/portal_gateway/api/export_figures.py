"""Figures as a file: exactly those that the list shows at the same address, in its order, to the same reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_gateway.api import export, listing
from portal_gateway.api.caller import Api, Caller
from portal_gateway.api.pages import frame
from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.figures import COLUMNS, Row, told
from portal_gateway.domain.export.texts import Csv, Document
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import _, said
from portal_gateway.domain.speech.names import KINDS, scope_name
from portal_gateway.domain.view import figure
from portal_gateway.settings import Settings
from portal_gateway.store import export as store
from portal_gateway.store import figures
from portal_gateway.web.render import areas, figure_address
from runtime.db import Database

Form = Literal["csv", "json"]

_TOGETHER: Final = 500  # figures read at once

router = APIRouter(prefix="/api/v1")


@router.get(
    "/metrics/export.{form}",
    tags=["figures"],
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {export.KINDS[form].partition(";")[0]: {"schema": {}} for form in ("csv", "json")},
        },
        503: {"description": "Other files are being made"},
    },
)
async def export_figures(
    request: Request,
    who: Api,
    form: Form,
    metric: listing.Metric = None,
    kind: listing.Kind = None,
    q: listing.Words = "",
) -> Response:
    """Every figure of a metric over a kind of scope, as CSV or JSON, streamed: what the list of figures shows.

    One consistent reading under the caller's rights. The file says its filter, instant, licence and method.
    """
    return await answer(request, who, form, metric, kind, q)


async def answer(request: Request, who: Caller, form: Form, metric: str | None, kind: str | None, q: str) -> Response:
    """The file of what the address asks for."""
    parts = _parts(request, who, form, metric, kind, q)
    return await export.sent(request, parts, "figures", form)


async def _parts(
    request: Request, who: Caller, form: Form, metric: str | None, kind: str | None, q: str
) -> AsyncGenerator[bytes, None]:
    """The bytes of the file as they are made, all of one snapshot."""
    database: Database = request.app.state.database
    slots: export.Slots = request.app.state.exporting
    writer: Csv[Row] | Document[Row] = Csv(COLUMNS) if form == "csv" else Document("figures", told)
    with slots.held(who.principal.subject):
        async with database.transaction(who.principal, snapshot=True) as tx:
            asked = listing.wanted(await listing.there(tx.conn), metric, kind, q)
            about = await _about(request, tx.conn, who, asked)
            yield writer.begin(about)
            count, after = 0, None
            while some := await listing.page(tx.conn, asked, after=after, limit=_TOGETHER):
                rows = await _rows(tx.conn, some, about.address.removesuffix(asked.address()))
                yield await asyncio.to_thread(writer.part, rows)
                count, after = count + len(some), some[-1]["scope"]
    if closing := writer.end(count):
        yield closing


async def _rows(conn: Any, some: list[dict[str, Any]], portal: str) -> list[Row]:
    scopes = [data["scope"] for data in some]
    beside = await figures.several(conn, [("M3", scope) for scope in scopes])
    names = await frame.titles(conn, scopes)
    return [
        Row(
            figure(data),
            data,
            str(scope_name(scope, areas=areas(), titles=names)),
            figure(beside["M3", scope]) if ("M3", scope) in beside and data["metric"] != "M3" else None,
            portal + figure_address(data["metric"], scope),
        )
        for scope, data in zip(scopes, some, strict=True)
    ]


async def _about(request: Request, conn: Any, who: Caller, asked: listing.Wanted) -> About:
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    overall = await figures.one(conn, "M4", "global")
    of = [f"{said(words.metric(asked.metric).name)} ({asked.metric})", said(KINDS.get(asked.kind, asked.kind))]
    return About(
        as_of=database.clock(),
        revision=await store.revision(conn),
        method_version=overall["method_version"] if overall else None,
        filter="; ".join([*of, *([_("Words: %(q)s", q=asked.q)] if asked.q else [])]),
        order="scope",
        address=settings.gateway_url.rstrip("/") + asked.address(),
        read_as=export.read_as(who.principal),
        records="figures",
        number=await listing.number(conn, asked),
    )

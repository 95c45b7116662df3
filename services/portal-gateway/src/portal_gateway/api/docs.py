"""The interface's own documentation as a page: no script from elsewhere, generated from the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.caller import of_session, transaction
from portal_gateway.api.pages.frame import frame, render

router = APIRouter(include_in_schema=False)


@router.get("/api/v1/openapi.json")
async def document() -> Response:
    """The OpenAPI document stands at one address."""
    return RedirectResponse("/openapi.json", 307)


@router.get("/api/v1/docs")
async def docs(request: Request) -> Response:
    """Every address with its parameters."""
    who = await of_session(request)
    around: dict[str, Any] = {}
    if who is not None:
        async with transaction(request, who) as tx:
            around = await frame(tx.conn, request, who)
    rows = [
        _row(method.upper(), path, operation)
        for path, methods in request.app.openapi()["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
    ]
    origin = request.app.state.settings.gateway_url.rstrip("/")
    return render(request, "docs.html", who, **around, operations=rows, origin=origin)


def _row(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    first, *points = (operation.get("description") or operation.get("summary", "")).split("\n* ")
    return {
        "method": method,
        "path": path,
        "summary": _plain(first),
        "points": [_plain(point) for point in points],
        "parameters": [
            {"name": p["name"], "needed": p.get("required", False)}
            for p in operation.get("parameters", [])
            if p["in"] in {"query", "path"}
        ],
    }


def _plain(text: str) -> str:
    """A docstring's paragraph as one line, without its marks for code."""
    return " ".join(text.replace("`", "").split())

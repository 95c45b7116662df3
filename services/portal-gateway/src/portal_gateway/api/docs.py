"""The interface's own documentation as a page: no script from elsewhere, generated from the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.caller import of_session
from portal_gateway.api.pages.frame import render

router = APIRouter(include_in_schema=False)


@router.get("/api/v1/openapi.json")
async def document() -> Response:
    """The OpenAPI document stands at one address."""
    return RedirectResponse("/openapi.json", 307)


@router.get("/api/v1/docs")
async def docs(request: Request) -> Response:
    """Every address with its parameters."""
    found = request.app.openapi()
    rows = [
        _row(method.upper(), path, operation)
        for path, methods in found["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
    ]
    return render(
        request,
        "docs.html",
        await of_session(request),
        operations=rows,
        seq=request.app.state.fanout.seq,
        origin=request.app.state.settings.gateway_url.rstrip("/"),
    )


def _row(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": method,
        "path": path,
        "summary": operation.get("description") or operation.get("summary", ""),
        "parameters": [
            {"name": p["name"], "needed": p.get("required", False), "text": p.get("description", "")}
            for p in operation.get("parameters", [])
            if p["in"] in {"query", "path"}
        ],
    }

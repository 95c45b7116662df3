"""Quarantined records over HTTP, for operators: list, show, replay."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgpack
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from runtime import audit
from runtime.access import SYSTEM, Principal
from runtime.auth import principal
from runtime.http import Json, Problem

router = APIRouter(prefix="/v1/dlq", tags=["operations"])
Caller = Annotated[Principal, Depends(principal)]


def _operator(caller: Principal) -> None:
    if caller.role != "operator":
        raise Problem(403, "not-operator", "Only operators handle quarantined records")


@router.get("")
async def list_quarantined(
    request: Request, caller: Caller, limit: Annotated[int, Query(ge=1, le=500)] = 100, after: int = 0
) -> Response:
    """Quarantined records, oldest first; bodies are not shown in the list."""
    _operator(caller)
    async with request.app.state.database.transaction(SYSTEM) as tx:
        rows = await tx.conn.fetch(
            'select id, consumer, topic, partition, "offset", code, message, quarantined_at, replayed_at, traceparent'
            " from quarantine where id > $1 order by id limit $2",
            after,
            limit,
        )
    return Json({"items": [dict(row) for row in rows]}, request)


@router.get("/{record}")
async def show(record: int, request: Request, caller: Caller) -> Response:
    """One quarantined record, whole: headers, body, and every problem found."""
    _operator(caller)
    row = await _row(request, record)
    value = bytes(row["value"] or b"")
    try:
        body: dict[str, Any] = {"text": value.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(value).decode()}
    headers = [[name, (content or b"").decode("utf-8", "replace")] for name, content in msgpack.unpackb(row["headers"])]
    shown = {k: v for k, v in dict(row).items() if k not in {"value", "headers", "key"}}
    audit.seen(f"quarantine:{record}", "operators")
    return Json(
        shown | {"headers": headers, "body": body, "key": (row["key"] or b"").decode("utf-8", "replace")},
        request,
    )


@router.post("/{record}/replay")
async def replay(record: int, request: Request, caller: Caller) -> Response:
    """Apply one record again, after a mend, with the same event id."""
    _operator(caller)
    row = await _row(request, record)
    consumer = next((c for c in request.app.state.consumers if c.name == row["consumer"]), None)
    if consumer is None:
        raise Problem(409, "no-consumer", "The consumer that refused it no longer exists")
    async with request.app.state.database.transaction(SYSTEM) as tx:
        still = await consumer.replay(tx, row)
        if not still:
            await tx.conn.execute("update quarantine set replayed_at = clock_timestamp() where id = $1", record)
    if still:
        raise Problem(409, "still-refused", "It is still refused", "; ".join(still))
    return Json({"id": record, "replayed": True})


async def _row(request: Request, record: int) -> Any:
    async with request.app.state.database.transaction(SYSTEM) as tx:
        row = await tx.conn.fetchrow("select * from quarantine where id = $1", record)
    if row is None:
        raise Problem(404, "not-found", "There is no such quarantined record")
    return row

"""Quarantined records over HTTP, for operators: list, show, replay."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgpack
import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from runtime import audit
from runtime.access import SYSTEM, Principal
from runtime.auth import principal
from runtime.http import Json, Problem

router = APIRouter(prefix="/v1/dlq", tags=["operations"])
Caller = Annotated[Principal, Depends(principal)]
Text = Annotated[str | None, Query(max_length=300)]
_NUMBER = 2**62


def _operator(caller: Principal) -> None:
    if caller.role != "operator":
        raise Problem(403, "not-operator", "Only operators handle quarantined records")


@router.get("")
async def list_quarantined(
    request: Request,
    caller: Caller,
    *,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[int, Query(ge=0, le=_NUMBER)] = 0,
    topic: Text = None,
    code: Text = None,
    waiting: Annotated[bool, Query(description="those not replayed only")] = False,
) -> Response:
    """Quarantined records, oldest first; bodies are not shown in the list."""
    _operator(caller)
    return Json(
        {"items": await page(request, after=after, limit=limit, topic=topic, code=code, waiting=waiting)}, request
    )


@router.get("/{record}")
async def show(record: int, request: Request, caller: Caller) -> Response:
    """One quarantined record, whole: headers, body, and every problem found."""
    _operator(caller)
    return Json(await whole(request, record), request)


@router.post("/{record}/replay")
async def replay(record: int, request: Request, caller: Caller) -> Response:
    """Apply one record again, after a mend, with the same event id."""
    _operator(caller)
    await apply_again(request, record)
    return Json({"id": record, "replayed": True})


async def page(
    request: Request, *, after: int = 0, limit: int, topic: str | None, code: str | None, waiting: bool
) -> list[dict[str, Any]]:
    """A page of this service's quarantine; the caller is an operator."""
    async with request.app.state.database.transaction(SYSTEM) as tx:
        rows = await tx.conn.fetch(
            'select id, consumer, topic, partition, "offset", code, message, quarantined_at, replayed_at, traceparent'
            " from quarantine where id > $1 and ($3::text is null or topic = $3) and ($4::text is null or code = $4)"
            " and (not $5 or replayed_at is null) order by id limit $2",
            after,
            limit,
            topic or None,
            code or None,
            waiting,
        )
    return [dict(row) for row in rows]


async def whole(request: Request, record: int) -> dict[str, Any]:
    """One record with its headers, body and problems; the caller is an operator, and the reading is logged."""
    row = await _row(request, record)
    value = bytes(row["value"] or b"")
    try:
        body: dict[str, Any] = {"text": value.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(value).decode()}
    headers = [[name, (content or b"").decode("utf-8", "replace")] for name, content in msgpack.unpackb(row["headers"])]
    shown = {k: v for k, v in dict(row).items() if k not in {"value", "headers", "key"}}
    audit.seen(f"quarantine:{record}", "operators")
    return shown | {"headers": headers, "body": body, "key": (row["key"] or b"").decode("utf-8", "replace")}


async def apply_again(request: Request, record: int) -> None:
    """Apply a record of this service's quarantine. Raises Problem 409 where it is still refused."""
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


def problems_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The problems of a record as ``whole`` gives it: place, text and remedy."""
    found = record["problems"]
    found = orjson.loads(found) if isinstance(found, str) else found
    return [(str(place), str(text)) for place, text in found]


async def _row(request: Request, record: int) -> Any:
    if not 0 <= record <= _NUMBER:
        raise Problem(404, "not-found", "There is no such quarantined record")
    async with request.app.state.database.transaction(SYSTEM) as tx:
        row = await tx.conn.fetchrow("select * from quarantine where id = $1", record)
    if row is None:
        raise Problem(404, "not-found", "There is no such quarantined record")
    return row

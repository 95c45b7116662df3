"""The audit log over HTTP: a person reads the rows of their own name, operators all; heads are signed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.responses import Response

from runtime import audit
from runtime.access import SYSTEM, Principal
from runtime.auth import principal
from runtime.chain import GENESIS, check
from runtime.db import Database
from runtime.http import Json, Problem
from runtime.settings import Settings
from runtime.signing import Signer

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/audit", tags=["operations"])
Caller = Annotated[Principal, Depends(principal)]

_PAGE: Final = 5000
_EVERY: Final = 300.0  # seconds between heads told to the service's own log
_NUMBER: Final = 2**62


@router.get("")
async def list_rows(
    request: Request,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 500,
    after: Annotated[int, Query(ge=0, le=_NUMBER)] = 0,
) -> Response:
    """Rows in the order of the chain, as they were hashed: operators can make every hash again."""
    if caller.role == "operator" and after == 0:
        audit.seen("the audit log", "operators")
    async with request.app.state.database.transaction(caller) as tx:
        rows = await audit.after(tx.conn, after, limit)
    return Json({"items": rows, "next": rows[-1]["seq"] if len(rows) == limit else None}, request)


@router.get("/latest")
async def list_latest(
    request: Request,
    caller: Caller,
    *,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 100,
    before: Annotated[int | None, Query(ge=0, le=_NUMBER)] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: Annotated[str | None, Query(max_length=300)] = None,
    action: Annotated[str | None, Query(max_length=300, description="read, command, or one action")] = None,
) -> Response:
    """Rows the caller may read, the latest first."""
    if caller.role == "operator" and actor != caller.subject:
        audit.seen("the audit log", "operators")
    async with request.app.state.database.transaction(caller) as tx:
        rows = await audit.latest(
            tx.conn, before=before, since=_utc(since), until=_utc(until), actor=actor, action=action, limit=limit
        )
    return Json({"items": rows, "next": rows[-1]["seq"] if len(rows) == limit else None}, request)


@router.get("/head")
async def show_head(request: Request, caller: Caller) -> Response:
    """The last row's number and hash, signed: kept elsewhere, it shows later that nothing was cut off."""
    _operator(caller)
    return Json(await head(request.app.state.database, request.app.state.settings), request)


@router.get("/verification")
async def verify(request: Request, caller: Caller) -> Response:
    """The whole chain made again: how many rows, and the first fault if there is one."""
    _operator(caller)
    return Json(await verification(request.app.state.database, request.app.state.settings), request)


async def verification(database: Database, settings: Settings) -> dict[str, Any]:
    """The whole chain made again in this process, page by page."""
    read = await check(_pages(database))
    fault = {"seq": read.fault.seq, "text": read.fault.text} if read.fault else None
    return {"rows": read.seq, "fault": fault, "head": _signed(read.seq, read.hash.hex(), database, settings)}


async def head(database: Database, settings: Settings) -> dict[str, Any]:
    """The signed head of this service's chain."""
    async with database.transaction(SYSTEM) as tx:
        rows = await audit.latest(tx.conn, limit=1)
    seq, digest = (rows[0]["seq"], rows[0]["hash"]) if rows else (0, GENESIS.hex())
    return _signed(seq, digest, database, settings)


async def keep_head(app: FastAPI, database: Database) -> None:
    """Tell the head to the service's own log, which leaves this machine, whenever it moved."""
    told = -1
    while True:
        found = await head(database, app.state.settings)
        if found["seq"] != told:
            told = found["seq"]
            log.info("audit head %(service)s %(seq)s %(hash)s %(signature)s %(public_key)s", found)
        await asyncio.sleep(_EVERY)


def signed_text(service: str, seq: int, digest: str) -> str:
    """What a head's signature is over."""
    return f"plumbline audit {service} {seq} {digest}"


def _signed(seq: int, digest: str, database: Database, settings: Settings) -> dict[str, Any]:
    found = {"service": database.service, "seq": seq, "hash": digest, "signature": "", "public_key": ""}
    if settings.audit_key_file is not None:
        signer = Signer(settings.audit_key())
        found["signature"] = signer.sign(signed_text(database.service, seq, digest))
        found["public_key"] = signer.public_key
    return found


async def _pages(database: Database) -> AsyncIterator[list[dict[str, Any]]]:
    seq = 0
    while True:
        async with database.transaction(SYSTEM) as tx:
            rows = await audit.after(tx.conn, seq, _PAGE)
        if not rows:
            return
        yield rows
        seq = rows[-1]["seq"]


def _operator(caller: Principal) -> None:
    if caller.role != "operator":
        raise Problem(403, "not-operator", "Only operators verify the audit log")


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at

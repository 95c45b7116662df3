"""HTTP in: a file as the request's body, kept part by part as it comes."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from intake.api.sender import Caller, current_trace, sender_of, settings_of
from intake.settings import Settings
from intake.store import submissions, uploads
from intake.store.submissions import Submission
from intake.usecases import tables
from runtime.access import SYSTEM
from runtime.db import new_id
from runtime.http import Problem

router = APIRouter()
_FILE: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/xml": {"schema": {"type": "string", "format": "binary", "description": "IATI, plain or gzip"}},
        "text/csv": {"schema": {"type": "string", "description": "a table; plumbline template lists them"}},
    },
}
_PART = 1024 * 1024


@router.post("/files", tags=["submissions"], status_code=202, openapi_extra={"requestBody": _FILE})
async def post_file(
    request: Request, caller: Caller, name: str | None = None, entity: str | None = None, dry_run: bool = False
) -> Response:
    """Submit a file as the request's body; 202 with the address of its receipt.

    An IATI activity file, plain or gzip, or a table as text/csv: ``plumbline template`` lists the tables.
    """
    settings = settings_of(request)
    table = request.headers.get("content-type", "").split(";")[0].strip().lower() == "text/csv"
    if name is None:
        name = "upload.csv" if table else "upload.xml"
    if table and not name.lower().endswith(tables.SUFFIX):
        name += tables.SUFFIX
    database = request.app.state.database
    if not re.fullmatch(r"[^\x00-\x1f/\\]{1,200}", name):
        raise Problem(400, "bad-name", "The file's name is not usable", "Use 1 to 200 characters without slashes.")
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > settings.max_upload_bytes:
        raise _too_large(settings)
    async with database.transaction(SYSTEM) as tx:
        sender, _ = await sender_of(tx, caller, entity)
        if sender.role != "entity" and not name.lower().endswith(tables.SUFFIX):
            raise Problem(403, "not-an-entity", "Only entities submit activities", "Sign in as one.")
        submission = Submission(
            new_id(), sender.ref, "file", tx.clock(), state="receiving", file=name, dry_run=dry_run,
            traceparent=current_trace(),
        )  # fmt: skip
        await submissions.add(tx.conn, [submission])
    digest, size, part, held = hashlib.sha256(), 0, 0, bytearray()
    try:
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
            if size > settings.max_upload_bytes:
                raise _too_large(settings)
            held += piece
            if len(held) >= _PART:
                async with database.transaction(SYSTEM) as tx:
                    await uploads.add(tx.conn, submission.id, part, bytes(held))
                part, held = part + 1, bytearray()
    except (Problem, ClientDisconnect):
        async with database.transaction(SYSTEM) as tx:
            await submissions.forget(tx.conn, submission.id)
        raise
    async with database.transaction(SYSTEM) as tx:
        await uploads.add(tx.conn, submission.id, part, bytes(held))
        submission.sha256, submission.bytes, submission.state = digest.hexdigest(), size, "waiting"
        await submissions.update(tx.conn, submission)
    request.app.state.wake_files.set()
    location = f"/v1/submissions/{submission.id}"
    body = {"submission_id": submission.id, "sha256": submission.sha256, "bytes": size, "receipt": location}
    return Response(orjson.dumps(body), 202, {"Location": location}, "application/json")


def _too_large(settings: Settings) -> Problem:
    limit = settings.max_upload_bytes // (1024 * 1024)
    return Problem(
        413, "too-large", f"The file is larger than {limit} MiB", "Split it, or send it compressed with gzip."
    )

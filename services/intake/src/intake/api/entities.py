"""HTTP in: the entities that may send, as the secretariat registers them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from contracts import streams
from intake.api.sender import Caller
from intake.store import entities
from runtime.access import SYSTEM
from runtime.http import Json, Problem

router = APIRouter()


class NewEntity(BaseModel):
    """An entity to register: its organisation reference, name, and other references its files use."""

    ref: str = Field(max_length=100)
    name: str = Field(min_length=1, max_length=300)
    also: list[str] = Field(default_factory=list, max_length=50)


@router.post("/entities", tags=["entities"], status_code=201)
async def register(new: NewEntity, request: Request, caller: Caller) -> Response:
    """Register an entity, or rename it; the secretariat does."""
    if caller.role != "secretariat":
        raise Problem(403, "not-secretariat", "Only the secretariat registers entities")
    try:
        streams.inbound(new.ref)
    except ValueError as error:
        raise Problem(422, "bad-reference", "The reference cannot be used", str(error)) from None
    async with request.app.state.database.transaction(SYSTEM) as tx:
        await entities.save(tx.conn, new.ref, new.name, new.also)
    return Response(new.model_dump_json(), 201, media_type="application/json")


@router.get("/entities", tags=["entities"])
async def list_entities(request: Request, caller: Caller) -> Response:
    """Every registered entity."""
    async with request.app.state.database.transaction(caller) as tx:
        found = await entities.every(tx.conn)
    return Json(
        {"items": [{"ref": e.ref, "name": e.name, "also": sorted(e.names - {e.ref})} for e in found.values()]}, request
    )

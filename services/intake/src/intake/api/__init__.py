"""HTTP in: events and files from entities, receipts back to them, and what the secretariat registers."""

from __future__ import annotations

from fastapi import APIRouter

from intake.api import entities, events, files, receipts

router = APIRouter(prefix="/v1")
for part in (events, files, receipts, entities):
    router.include_router(part.router)

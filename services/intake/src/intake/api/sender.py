"""Who sends, and in which trace."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from opentelemetry import trace

from intake.settings import Settings
from intake.store import entities
from intake.store.entities import Entity
from runtime import telemetry
from runtime.access import Principal
from runtime.auth import principal
from runtime.db import Tx
from runtime.http import Problem

Caller = Annotated[Principal, Depends(principal)]


def settings_of(request: Request) -> Settings:
    """The service's settings."""
    found: Settings = request.app.state.settings
    return found


async def sender_of(tx: Tx, caller: Principal, claimed: str | None) -> tuple[Entity, dict[str, Entity]]:
    """Who sends: the token's organisation, or its office; the secretariat may send on behalf of an entity.

    Raises Problem 403 for who may not send, or not for this entity, and 404 for an entity nobody registered.
    """
    everyone = await entities.every(tx.conn)
    own = None if claimed else entities.office(caller.role, caller.country)
    if own is not None:
        return own, everyone
    if caller.role == "secretariat" and claimed:
        ref = claimed
    elif caller.role == "entity" and caller.organisation:
        ref = caller.organisation
        if claimed and claimed != ref:
            raise Problem(403, "not-yours", f"You send for {ref}, not for {claimed}")
    else:
        raise Problem(
            403,
            "not-an-entity",
            "Only entities and offices submit",
            "Sign in as an entity, the secretariat (with ?entity=REF for one), operations or a Member State.",
        )
    if ref not in everyone:
        raise Problem(404, "entity-unknown", f"{ref} is not registered", f"Register it: plumbline entity add {ref}")
    return everyone[ref], everyone


def current_trace() -> str | None:
    """The request's own trace (W3C traceparent), where it has one."""
    return telemetry.traceparent_of(trace.get_current_span())

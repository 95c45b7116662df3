"""Facts of the world in: rates of exchange, publishers' dialects, and claims on results that projects share."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import msgspec

from runtime.db import Tx
from runtime.delivery import Record
from scoring import store
from scoring.cache import StateCache, WorldCache
from scoring.codec import dialect_of, rates_table_of, shared_result_of
from scoring.domain.causes import METHOD_CHANGE, NEW_DATA
from scoring.domain.facts import Version
from scoring.domain.judgements import SharedClaim
from scoring.domain.rates import rates_of, restated
from scoring.domain.sharing import claims_of, scaled
from scoring.domain.world import NO_WORLD, World
from scoring.usecases.applying import Item, score_again
from scoring.usecases.heard import version_in
from scoring.usecases.method import in_force
from scoring.usecases.publishing import Cause

_PAGE: Final = 500


async def publish_rates(tx: Tx, record: Record, cache: StateCache, known: WorldCache, *, now: datetime) -> None:
    """Keep a table of rates, and convert again what is in another currency than the dollar.

    New months are data like any other; where a rate that held is restated, figures are by another reckoning.
    """
    version = version_in(tx, record)
    if version is None:
        return
    try:
        table = rates_table_of(record.envelope.data)
        rates_of(table.rates())
    except (msgspec.DecodeError, ValueError) as error:
        tx.reject(record, "PAYLOAD", f"Not a table of rates scoring can read: {error}")
        return
    before = await world_now(tx, known)
    if not await store.keep_rates(
        tx.conn, store.Kept(table.table_id, version, record.envelope.data), secrets.randbits(62)
    ):
        return
    world = await world_now(tx, known)
    kind = METHOD_CHANGE if restated(before.rates, world.rates) else NEW_DATA
    cause = Cause(record.envelope, version, kind=kind)
    after = ""
    while projects := await store.projects_with_foreign_money(tx.conn, after, _PAGE):
        after = projects[-1]
        await score_again(tx, projects, cause, cache, world, now=now, money=True)


async def change_dialect(tx: Tx, record: Record, cache: StateCache, known: WorldCache, *, now: datetime) -> None:
    """Keep the word on a publisher's dialect, and read its projects again."""
    version = version_in(tx, record)
    if version is None:
        return
    try:
        entity = dialect_of(record.envelope.data).entity
    except msgspec.DecodeError as error:
        tx.reject(record, "PAYLOAD", f"Not a dialect scoring can read: {error}")
        return
    kept = store.Kept(entity, version, record.envelope.data)
    if not await store.keep_dialect(tx.conn, kept, secrets.randbits(62)):
        return
    world = await world_now(tx, known)
    after = ""
    while projects := await store.projects_of(tx.conn, entity, after, _PAGE):
        after = projects[-1]
        await score_again(tx, projects, Cause(record.envelope, version), cache, world, now=now, reread=True)


async def world_now(tx: Tx, known: WorldCache) -> World:
    """The world as it stands; read again only where another worker, or this one, was told of a change since."""
    token = await store.world_token(tx.conn)
    if not token:
        return NO_WORLD
    world = known.get(token)
    if world is None:
        tables = [rates_table_of(kept.body) for kept in await store.rate_tables(tx.conn)]
        adopted = [dialect_of(kept.body) for kept in await store.dialects(tx.conn)]
        world = World(
            rates_of(row for table in tables for row in table.rates()),
            {dialect.entity: dialect.readings for dialect in adopted},
            await in_force(tx),
        )
        known.put(token, world)
    return world


async def claim_items(tx: Tx, record: Record) -> list[Item]:
    """What a change of claims says to each claimant; nothing where newer claims are known."""
    version = version_in(tx, record)
    if version is None:
        return []
    try:
        result = shared_result_of(record.envelope.data)
    except msgspec.DecodeError as error:
        tx.reject(record, "PAYLOAD", f"Not claims that scoring can read: {error}")
        return []
    kept = store.Kept(result.shared_result_ref, version, record.envelope.data)
    newest, before = await store.keep_shared_result(tx.conn, kept)
    if not newest:
        return []
    known = shared_result_of(before) if before is not None else None
    return [Item(record, claim, version) for claim in claims_of(result, known)]


async def standing_claims(tx: Tx) -> dict[str, list[tuple[SharedClaim, Version]]]:
    """By project, the claims as they stand: for a rebuild."""
    found: dict[str, list[tuple[SharedClaim, Version]]] = {}
    for kept in await store.shared_results(tx.conn):
        for s in scaled(shared_result_of(kept.body).claims):
            claim = SharedClaim(s.project_id, kept.key, s.result_id, s.share, s.strength)
            found.setdefault(s.project_id, []).append((claim, kept.version))
    return found

"""Facts of the world in: rates of exchange, and claims on results that projects share."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import msgspec

from runtime.db import Tx
from runtime.delivery import Record
from scoring import store
from scoring.cache import RatesCache, StateCache
from scoring.codec import rates_table_of, shared_result_of, version_of
from scoring.domain.facts import Version
from scoring.domain.judgements import SharedClaim
from scoring.domain.rates import NO_RATES, Rates, rates_of
from scoring.domain.sharing import claims_of, scaled
from scoring.usecases.applying import Item, convert_again

_PAGE: Final = 500


async def publish_rates(tx: Tx, record: Record, cache: StateCache, known: RatesCache, *, now: datetime) -> None:
    """Keep a table of rates, and convert again what is in another currency than the dollar."""
    version = _version(tx, record)
    if version is None:
        return
    try:
        table = rates_table_of(record.envelope.data)
        rates_of(table.rates())
    except (msgspec.DecodeError, ValueError) as error:
        tx.reject(record, "PAYLOAD", f"Not a table of rates scoring can read: {error}")
        return
    if not await store.keep_rates(
        tx.conn, store.Kept(table.table_id, version, record.envelope.data), secrets.randbits(62)
    ):
        return
    rates = await rates_now(tx, known)
    after = ""
    while projects := await store.projects_with_foreign_money(tx.conn, after, _PAGE):
        after = projects[-1]
        await convert_again(tx, projects, record.envelope, version, cache, rates, now=now)


async def rates_now(tx: Tx, known: RatesCache) -> Rates:
    """The rates as they stand; read again only where another worker, or this one, published a table since."""
    token = await store.rates_token(tx.conn)
    if not token:
        return NO_RATES
    rates = known.get(token)
    if rates is None:
        tables = [rates_table_of(kept.body) for kept in await store.rate_tables(tx.conn)]
        rates = rates_of(row for table in tables for row in table.rates())
        known.put(token, rates)
    return rates


async def claim_items(tx: Tx, record: Record) -> list[Item]:
    """What a change of claims says to each claimant; nothing where newer claims are known."""
    version = _version(tx, record)
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


def _version(tx: Tx, record: Record) -> Version | None:
    version = version_of(record.envelope)
    if version is None:
        tx.reject(record, "NO_VERSION", "An accepted fact carries recordedtime; intake stamps it")
    return version

"""Events in: accepted facts, the world around projects, and the calendar."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from contracts.context import ClockDayClosed
from runtime.db import Tx
from runtime.delivery import Handle, Record
from scoring.cache import StateCache, WorldCache
from scoring.codec import (
    CLAIMS,
    CLOCK,
    CODELIST,
    DIALECTS,
    DUPLICATE,
    RATES,
    RELEASE,
    decision_of,
    fact_of,
    is_fact,
    is_subject_fact,
    subject_fact_of,
)
from scoring.domain.world import World
from scoring.store.method import share_method
from scoring.usecases.applying import Item, accept, close_day
from scoring.usecases.duplicates import DecisionItem
from scoring.usecases.heard import heard
from scoring.usecases.method import keep
from scoring.usecases.subjects import SubjectItem
from scoring.usecases.world import change_dialect, claim_items, publish_rates, world_now


def scoring(cache: StateCache) -> Handle:
    """A handler that scores facts, remembering projects in this cache."""
    known = WorldCache()

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        await share_method(tx.conn)
        items: list[Item] = []
        subjects: list[SubjectItem] = []
        decided: list[DecisionItem] = []
        days: list[Record] = []
        now = tx.clock()
        for record in records:
            if is_fact(record.envelope.type):
                said = heard(tx, record, fact_of)
                if said is not None:
                    items.append(Item(record, *said))
            elif is_subject_fact(record.envelope.type):
                about = heard(tx, record, lambda event: subject_fact_of(event.type, event.data))
                if about is not None:
                    subjects.append(SubjectItem(record, *about))
            elif record.envelope.type == DUPLICATE:
                word = heard(tx, record, lambda event: decision_of(event.data))
                if word is not None:
                    decided.append(DecisionItem(record, *word))
            elif record.envelope.type == CLAIMS:
                items += await claim_items(tx, record)
            elif record.envelope.type == RATES:
                await publish_rates(tx, record, cache, known, now=now)
            elif record.envelope.type in DIALECTS:
                await change_dialect(tx, record, cache, known, now=now)
            elif record.envelope.type in {RELEASE, CODELIST}:
                await keep(tx, record)
            elif record.envelope.type == CLOCK:
                days.append(record)
        world = await world_now(tx, known)
        if items or subjects or decided:
            await accept(tx, items, cache, world, now=now, subjects=subjects, decided=decided)
        for record in days:
            await _close(tx, record, cache, world)

    return handle


async def _close(tx: Tx, record: Record, cache: StateCache, world: World) -> None:
    try:
        day = ClockDayClosed.model_validate_json(record.envelope.data).date
    except ValidationError as error:
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} scoring can read: {error.errors()[0]['msg']}")
        return
    await close_day(tx, day.toordinal(), record.envelope, cache, world, now=tx.clock())

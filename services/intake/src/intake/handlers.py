"""Events in: what entities write to their own inbound topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.streams import entity_of
from intake.settings import Settings
from intake.store import entities, findings, submissions
from intake.store.entities import Entity
from intake.usecases import events
from runtime.db import Database, Tx
from runtime.delivery import Consumer, Record
from runtime.errors import Reject

INBOUND = r"^plumbline\.inbound\.(?!dlq$).+"
"""Every entity's topic, but not the one that mirrors what was quarantined."""


def build_consumer(database: Database, settings: Settings) -> Consumer:
    """The consumer of all inbound topics; the entity is the topic's (architecture §2)."""

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        everyone = await entities.every(tx.conn)
        by_entity: dict[str, list[Record]] = {}
        for record in records:
            by_entity.setdefault(entity_of(record.topic), []).append(record)
        for ref in sorted(by_entity):
            entity = everyone.get(ref)
            if entity is None:
                for record in by_entity[ref]:
                    tx.reject(record, "ENTITY_UNKNOWN", f"{ref} is not registered: plumbline entity add {ref}")
                continue
            items = await events.receive(
                tx, entity, everyone, [r.envelope for r in by_entity[ref]], "kafka", settings.max_event_bytes
            )
            for record, item in zip(by_entity[ref], items, strict=True):
                if item.refused:
                    first = next(f for f in item.faults if f["severity"] == "error")
                    problems = [(f.get("path") or "", f["message"]) for f in item.faults]
                    tx.reject(record, first["rule"], first["message"], problems)

    async def on_reject(tx: Tx, raw: Any, reject: Reject) -> None:
        ref = entity_of(raw.topic)
        entity = (await entities.every(tx.conn)).get(ref) or Entity(ref, ref, frozenset([ref]))
        item = events.unreadable(tx, entity, "kafka", reject.code, str(reject), reject.problems)
        await submissions.add(tx.conn, [item.submission])
        await findings.add(tx.conn, item.submission.id, 1, item.faults)

    # No rejection limit: one entity's broken system must not stop the others.
    return Consumer(database, events.INBOX, handle, pattern=INBOUND, on_reject=on_reject, limit=False, sender=entity_of)

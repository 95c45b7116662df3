"""Facts that no single project owns: decided, versioned and published under what they are about (methodology §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson

from contracts.envelope import PREFIX, Envelope
from contracts.streams import CONTEXT
from intake.domain.acceptance import Fault, fault
from intake.domain.judgements import sense
from intake.domain.ledger import IMMUTABLE, Decision, Known, decide, named
from intake.store import projects, shared
from intake.store.entities import Entity
from intake.store.shared import Clock, SharedRow
from intake.usecases import releases
from intake.usecases.item import Item
from runtime.db import Tx, new_id

_NEED: Final = "need.support-linked.v1"
_LEVEL: Final = "resolution.implementation-assessed.v1"
_NATIONAL: Final = "national.resources-allocated.v1"
_REPORT: Final = "report.received.v1"
_CLAIMS: Final = "shared-result.claims-changed.v1"
_NAMES_ENTITY: Final = ("need.", "obligation.", "report.", "dialect.")
_DECIDED: Final = "duplicate.decided.v1"
_COMPACT: Final = (_CLAIMS, "obligation.scheduled.v1", _REPORT, "dialect.", _DECIDED)


class _Shared:
    """The ordering keys one transaction touches, locked, and what changes under them."""

    def __init__(self, tx: Tx, sender: Entity, clocks: dict[str, Clock]) -> None:
        self.tx, self.sender, self.clocks = tx, sender, clocks
        self.known: dict[str, Known] = {}
        self.ordering: dict[str, str] = {}
        self.rows: list[SharedRow] = []
        self.touched: dict[str, Clock] = {}

    async def load(self, keys: set[str]) -> None:
        """Load the current versions of these facts."""
        for key, (ordering, digest, tombstone) in (await shared.known(self.tx.conn, sorted(keys))).items():
            self.known[key] = Known(digest, tombstone)
            self.ordering[key] = ordering

    def stands(self, key: str, ordering: str) -> bool:
        """Whether this fact was said under this ordering key, and not taken back."""
        known = self.known.get(key)
        return known is not None and not known.tombstone and self.ordering[key] == ordering

    def say(self, item: Item, ordering: str, decision: Decision) -> None:
        """Stamp a fact, keep it and say it on the stream."""
        assert item.data is not None
        clock, now = self.clocks[ordering], self.tx.clock()
        if clock.recordedtime is not None and now <= clock.recordedtime:
            now = clock.recordedtime + timedelta(microseconds=1)  # versions only rise
        clock.recordedtime = now
        clock.sequence += 1
        self.touched[ordering] = clock
        self.rows.append((decision.key, ordering, decision.digest, clock.sequence))
        self.known[decision.key] = Known(decision.digest, decision.tombstone)
        self.ordering[decision.key] = ordering
        cause = item.envelope
        word, _, name = decision.key.partition(":")
        self.tx.send(
            CONTEXT,
            ordering,
            Envelope(
                id=new_id(),
                source=f"/svc/intake/{self.sender.ref}",
                type=PREFIX + decision.type,
                data=orjson.dumps({**decision.data, "origin": item.said_in()}),
                subject=f"{word}/{name}",
                time=cause.time or now,
                recordedtime=now,
                sequence=f"{clock.sequence:010d}",
                partitionkey=ordering,
                correlationid=cause.correlationid or cause.id,
                causationid=cause.id,
                dataclassification=_class(item.type, item.data),
                traceparent=cause.traceparent,
                tracestate=cause.tracestate,
            ),
        )


def _class(type_: str, data: Mapping[str, Any]) -> str:
    """Who may read it: as stated; else a link to a need as the need's State, duties and shares among entities."""
    if type_ == _NEED or (type_ == _NATIONAL and data["classification"] == "owner"):
        return f"state:{data['country']}"
    usual = "compact" if type_.startswith(_COMPACT) else "public"
    return str(data.get("classification", usual))


async def keep(tx: Tx, sender: Entity, everyone: Mapping[str, Entity], items: Sequence[Item]) -> None:
    """Decide about facts no single project owns, in order; publishes what changed. ``items`` passed schema and rights.

    Raises nothing for a bad one: it gets its findings and delays no other.
    """
    if not items:
        return
    ledger = _Shared(tx, sender, await shared.lock(tx.conn, [str(i.shared) for i in items]))
    await ledger.load({i.key for i in items} | {key for i in items for key, _, _ in _leans_on(i)})
    projects_named = {name for i in items for name in _projects_of(i)}
    submitted = await projects.submitted(tx.conn, sorted(projects_named)) if projects_named else set()
    for item in items:
        _keep(item, ledger, everyone, submitted)
    if ledger.rows:
        await shared.save(tx.conn, list(ledger.touched.values()), ledger.rows)


def _keep(item: Item, ledger: _Shared, everyone: Mapping[str, Entity], submitted: set[str]) -> None:
    data, ordering = item.data, str(item.shared)
    assert data is not None
    item.faults += sense(item.type, data) + releases.sense(item.type, data)
    item.faults += _entity(item.type, data, ledger.sender, everyone)
    if not data.get("withdrawn"):
        item.faults += _missing(item, ledger)
        item.faults += _unknown_projects(item, submitted)
    known = ledger.known.get(item.key)
    if known is not None and not known.tombstone and ledger.ordering[item.key] != ordering:
        message = "Its identifier is already taken under another country, organisation or list"
        item.faults.append(
            fault("OTHER_KEY", message, "Use an identifier of its own, or withdraw it there first", "data")
        )
    decision = decide(known, item.key, item.type, data)
    if item.type in IMMUTABLE and decision.outcome == "amended":
        message = f"Version {data['version']} was published with other content"
        item.faults.append(fault("VERSION_TAKEN", message, "Publish it as a new version", "data/version"))
    if item.refused:
        return
    if decision.outcome != "unchanged":
        ledger.say(item, ordering, decision)
    item.count(decision.outcome)


def _entity(type_: str, data: Mapping[str, Any], sender: Entity, everyone: Mapping[str, Entity]) -> list[Fault]:
    """Whether the organisation a fact names is known: misspelt, nobody could read it."""
    if not type_.startswith(_NAMES_ENTITY) or "entity" not in data:
        return []
    if data["entity"] == sender.ref or any(data["entity"] in e.names for e in everyone.values()):
        return []
    return [fault("ENTITY_UNKNOWN", f"{data['entity']} is not registered", "Name a registered entity", "data/entity")]


def _leans_on(item: Item) -> list[tuple[str, str, str]]:
    """What must be known for this fact to count: its business key, its ordering key, and its field."""
    data = item.data or {}
    if item.type == _NEED:
        return [(named("need", data["need_id"]), data["country"], "need_id")]
    if item.type == _REPORT:
        return [(named("obligation", data["obligation_id"]), data["entity"], "obligation_id")]
    if item.type == _LEVEL:
        key = named("provision", data["resolution"], data["provision_id"])
        return [(key, data["resolution"], "provision_id")]
    return []


def _missing(item: Item, ledger: _Shared) -> list[Fault]:
    data = item.data or {}
    return [
        fault(
            "NOT_KNOWN", f"{data[field]} is not known under {ordering}", "State it first, or mend it", f"data/{field}"
        )
        for key, ordering, field in _leans_on(item)
        if not ledger.stands(key, ordering)
    ]


def _projects_of(item: Item) -> list[str]:
    data = item.data or {}
    if item.type == _NEED:
        return [data["project_id"]]
    if item.type == _DECIDED:
        return list(data["projects"])
    return [claim["project_id"] for claim in data.get("claims", [])] if item.type == _CLAIMS else []


def _unknown_projects(item: Item, submitted: set[str]) -> list[Fault]:
    """Projects nobody has submitted yet: the fact stands, and counts once they are."""
    return [
        fault(
            "PROJECT_NOT_YET", f"{name} has not been submitted", "Mend it, or wait for its entity", severity="warning"
        )
        for name in dict.fromkeys(_projects_of(item))
        if name not in submitted
    ]

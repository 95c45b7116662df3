"""Events from entities' systems, by Kafka and by HTTP: judged one by one, answered one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, get_args

from pydantic import ValidationError

from contracts.base import Payload
from contracts.catalogue import EVENTS
from contracts.context import ClockDayClosed
from contracts.envelope import PREFIX, Envelope, parse_rfc3339
from contracts.streams import CONTEXT, PORTFOLIO
from intake.domain import judgements
from intake.domain.acceptance import Fault, fault, identity, naming, naming_shared, normalise, ownership, sense, whole
from intake.domain.ledger import business_key, indicator_key, shared_key
from intake.domain.rights import may_say
from intake.store import findings, submissions
from intake.store.entities import Entity
from intake.store.submissions import Submission
from intake.usecases import receipts, shared
from intake.usecases.item import Item
from intake.usecases.ledger import Ledger
from runtime.db import Tx, new_id

INBOX: Final = "intake"
"""The consumer under which events are remembered, whichever door they came by (ADR 0076)."""

SHARED: Final[dict[str, type[Payload]]] = {
    PREFIX + model.TYPE: model for model in EVENTS[CONTEXT] if model is not ClockDayClosed
}
"""The event types about what no single project owns. That a day is over, intake says itself."""

TYPES: Final[dict[str, type[Payload]]] = {PREFIX + model.TYPE: model for model in EVENTS[PORTFOLIO]} | SHARED
"""The event types that may be sent; ``domain.rights`` says by whom."""

_NULLABLE: Final = {
    type_: names
    for type_, model in TYPES.items()
    if (names := [n for n, f in model.model_fields.items() if f.is_required() and NoneType in get_args(f.annotation)])
}
"""The fields that must be sent, and may be null."""

_LONG: Final = re.compile(rb"[0-9]{19}")
"""Digits that may be a whole number beyond 64 bits."""

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 as JSON writes it; two backslashes before it are a backslash of the text."""


async def receive(
    tx: Tx, entity: Entity, everyone: dict[str, Entity], envelopes: Sequence[Envelope], channel: str, max_bytes: int
) -> list[Item]:
    """Judge and keep a batch of one entity's events, in order; publishes facts and receipts.

    The caller has dropped duplicates. Bad events are quarantined with every finding; they delay no other.
    """
    now = tx.clock()
    items = [
        Item(
            envelope,
            Submission(
                new_id(), entity.ref, channel, now, event_id=envelope.id, processed_at=now,
                activities=0, traceparent=envelope.traceparent,
            ),
        )
        for envelope in envelopes
    ]  # fmt: skip
    await judge(tx, entity, everyone, items, max_bytes)
    for item in items:
        _finish(item)
        receipts.say(tx, item.submission, item.faults, now=now, cause=item.envelope)
    if items:
        await submissions.add_events(tx.conn, [i.submission for i in items])
    for item in items:
        if item.faults:
            await findings.add(tx.conn, item.submission.id, 1, item.faults)
    return items


async def judge(tx: Tx, entity: Entity, everyone: dict[str, Entity], items: Sequence[Item], max_bytes: int) -> None:
    """Judge one sender's facts, in order, and keep and publish the good ones; each item gets its findings."""
    others = frozenset(name for e in everyone.values() for name in e.names)
    for item in items:
        _read(item, max_bytes)
        claimed = item.data if item.data is not None and item.shared is None else {}
        item.faults += identity(entity.ref, entity.names, item.envelope.source, others, claimed)
        if item.data is not None:
            item.faults += may_say(entity.role, entity.names, entity.country, item.type, item.data)
    well = [i for i in items if i.data is not None and not i.refused]
    await _keep_projects(tx, entity, [i for i in well if i.shared is None])
    await shared.keep(tx, entity, everyone, [i for i in well if i.shared is not None])


async def _keep_projects(tx: Tx, entity: Entity, well: list[Item]) -> None:
    """Decide about projects' facts; ``well`` are those that passed schema and rights."""
    if not well:
        return
    ledger = await Ledger.open(tx, entity, (i.data["project_id"] for i in well if i.data), from_file=False)
    for item in well:
        assert item.data is not None
        project = item.data["project_id"]
        item.faults += ownership(entity.ref, entity.names, project, ledger.owner(project), item.type)
    well = [i for i in well if not i.refused]
    await ledger.claim(i.data["project_id"] for i in well if i.data)
    await ledger.load((i.submission.project_id or "", i.key) for i in well)
    await ledger.load_measures(_indicator(i) for i in well if i.type.startswith("observation."))
    for item in well:
        _apply(item, entity, ledger)
    await ledger.save()


def unreadable(tx: Tx, entity: Entity, channel: str, code: str, message: str, problems: list[tuple[str, str]]) -> Item:
    """The receipt of something that is no CloudEvent at all."""
    now = tx.clock()
    faults = [fault(code, text, "Mend it and send the event again", place) for place, text in problems] or [
        fault(code, message, "Send a CloudEvent 1.0 with a JSON body")
    ]
    submission = Submission(new_id(), entity.ref, channel, now, outcome="quarantined", processed_at=now, quarantined=1)
    item = Item(Envelope(id=submission.id, source="/unreadable", type="unreadable"), submission, faults=faults)
    receipts.say(tx, submission, faults, now=now)
    return item


def _read(item: Item, max_bytes: int) -> None:
    envelope = item.envelope
    model = TYPES.get(envelope.type)
    if len(envelope.data) > max_bytes:
        item.faults.append(
            fault(
                "TOO_LARGE",
                f"The event has {len(envelope.data)} bytes",
                f"Send {max_bytes} at most; use a file",
                "data",
            )
        )
        return
    if b"\\u0000" in envelope.data and _NUL.search(envelope.data):
        item.faults.append(
            fault("CHARACTER", "A text holds the character U+0000, which no database keeps", "Leave it out", "data")
        )
        return
    if model is None:
        known = ", ".join(sorted(t.removeprefix(PREFIX) for t in TYPES))
        item.faults.append(
            fault(
                "TYPE_UNKNOWN", f"{envelope.type[:120]!r} is not a type entities send", f"Use one of: {known}", "type"
            )
        )
        return
    if envelope.dataschema and not _same_major(envelope.dataschema, envelope.type):
        item.faults.append(
            fault(
                "SCHEMA_UNKNOWN",
                f"dataschema {envelope.dataschema[:120]!r} is of another major version than the type",
                "Send version 1 of the schema, or wait until the new type is announced",
                "dataschema",
            )
        )
        return
    try:
        # Unknown fields are refused here, at the door: a misspelt "vaule" must not become a missing value.
        # Nothing is taken for what it is not: true is no 1, and 86400 no day. In a table every cell is text.
        strict = item.origin is None
        payload = model.model_validate_json(envelope.data or b"null", extra="forbid", strict=strict)
    except ValidationError as error:
        for e in error.errors(include_url=False, include_input=False):
            place = "/".join(["data", *map(str, e["loc"])])
            item.faults.append(fault(f"SCHEMA_{e['type'].upper()}", e["msg"], _remedy(e["type"], model, place), place))
        return
    item.type = model.TYPE
    item.data = payload.model_dump(mode="json", by_alias=True, exclude_none=True)
    item.data.pop("origin", None)
    for name in _NULLABLE.get(envelope.type, ()):
        item.data.setdefault(name, None)  # said to be none, which is not the same as left out
    if _LONG.search(envelope.data):
        item.faults += whole(item.data)
    item.faults += _edition(item.data)
    if item.refused:
        return
    if envelope.type in SHARED:
        if "classification" in model.model_fields and "classification" not in payload.model_fields_set:
            item.data["classification"] = f"state:{item.data['country']}"  # restricted to the State concerned (M13)
        item.shared, item.key = shared_key(item.type, item.data)
        item.faults += naming_shared(item.shared, item.key)
        return
    item.key = business_key(item.type, item.data)
    item.faults += naming(item.data, item.key)
    item.submission.project_id = item.data["project_id"]


def _edition(data: Mapping[str, Any]) -> list[Fault]:
    """An edition is an instant: which of two is the later is read from it."""
    edition = data.get("edition")
    if edition:
        try:
            parse_rfc3339(edition)
        except ValueError:
            message = f"edition is {edition[:40]!r}, which is no instant"
            return [fault("EDITION", message, "Write it as 2026-06-30T08:00:00Z, or leave it out", "data/edition")]
    return []


def _same_major(dataschema: str, type_: str) -> bool:
    version = dataschema.rstrip("/").rsplit("/", 1)[-1].removesuffix(".json")
    major = version.split("-")[0].split(".")[0].removeprefix("v")
    return not major.isdigit() or f".v{major}" == type_[type_.rfind(".") :]


_WRITTEN: Final = {
    "int": "Write a whole number, without quotes: 5",
    "bool": "Write true or false, without quotes",
    "date": 'Write a day in quotes: "2026-06-30"',
    "string": 'Write it in quotes: "12.5"',
}
"""How a value is written, by the first word of what pydantic found."""


def _remedy(kind: str, model: type[Payload], place: str) -> str:
    if place.endswith("/classification"):
        return "Use public, member-states, compact, owner or state:ML; what is restricted to Mali is state:ML"
    if kind == "extra_forbidden":
        return f"Known fields: {', '.join(sorted(f.alias or n for n, f in model.model_fields.items()))}"
    if kind == "missing":
        return "Add it"
    if kind == "string_pattern_mismatch":
        return "Write it as the pattern says, e.g. 12.5 for a decimal"
    if kind.startswith(("int", "bool", "date", "string_type")):
        return _WRITTEN[kind.split("_")[0]]
    return f"See the schema of {model.TYPE}"


def _indicator(item: Item) -> tuple[str, str]:
    assert item.data is not None
    return item.data["project_id"], indicator_key(item.data["indicator_id"])


def _apply(item: Item, entity: Entity, ledger: Ledger) -> None:
    data = item.data
    assert data is not None
    project = data["project_id"]
    if ledger.owner(project) != entity.ref:  # another transaction claimed it a moment ago
        item.faults += ownership(entity.ref, entity.names, project, ledger.owner(project), item.type)
        return
    measure = ledger.measure(project, data["indicator_id"]) if item.type.startswith("observation.") else None
    item.faults += sense(item.type, data, measure)
    item.faults += judgements.sense(item.type, data)
    item.faults += judgements.four_eyes(item.type, data, entity.names)
    if item.refused:
        return
    if data.get("allocations"):
        data["allocations"], moved = normalise(data["allocations"])
        if moved:
            data["flags"] = sorted({*data.get("flags", []), "PERCENT_NORMALISED"})
    decision = ledger.apply(item.type, data, item.said_in(), item.envelope, item.envelope.time)
    item.count(decision.outcome)


def _finish(item: Item) -> None:
    submission = item.submission
    if item.refused:
        submission.quarantined = 1
        submission.outcome = "quarantined"
    else:
        submission.outcome = "unchanged" if submission.unchanged else "accepted"

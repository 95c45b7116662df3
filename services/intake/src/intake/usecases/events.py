"""Events from entities' systems, by Kafka and by HTTP: judged one by one, answered one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from contracts import portfolio
from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope
from intake.domain.acceptance import Fault, fault, identity, naming, normalise, ownership, sense
from intake.domain.ledger import business_key, indicator_key
from intake.store import findings, submissions
from intake.store.entities import Entity
from intake.store.submissions import Submission
from intake.usecases import receipts
from intake.usecases.ledger import Ledger
from runtime.db import Tx, new_id

TYPES: Final[dict[str, type[Payload]]] = {PREFIX + model.TYPE: model for model in portfolio.FACTS}
"""The event types an entity may send."""

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 as JSON writes it; two backslashes before it are a backslash of the text."""


@dataclass(slots=True)
class Item:
    """One event on its way through: what it says under which business key, what is wrong with it, its submission."""

    envelope: Envelope
    submission: Submission
    type: str = ""
    key: str = ""
    data: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether something is wrong that cannot be accepted."""
        return bool(self.faults) and any(f["severity"] == "error" for f in self.faults)


async def receive(
    tx: Tx, entity: Entity, everyone: dict[str, Entity], envelopes: Sequence[Envelope], channel: str, max_bytes: int
) -> list[Item]:
    """Judge and keep a batch of one entity's events, in order; publishes facts and receipts.

    The caller has dropped duplicates. Bad events are quarantined with every finding; they delay no other.
    """
    now = tx.clock()
    others = frozenset(name for e in everyone.values() for name in e.names)
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
    for item in items:
        _read(item, max_bytes)
        item.faults += identity(entity.ref, entity.names, item.envelope.source, others, item.data or {})
    well = [i for i in items if i.data is not None and not i.refused]
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
    for item in items:
        _finish(item)
        receipts.say(tx, item.submission, item.faults, now=now, cause=item.envelope)
    if items:
        await submissions.add_events(tx.conn, [i.submission for i in items])
    for item in items:
        if item.faults:
            await findings.add(tx.conn, item.submission.id, 1, item.faults)
    return items


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
        payload = model.model_validate_json(envelope.data or b"null", extra="forbid")
    except ValidationError as error:
        for e in error.errors(include_url=False, include_input=False):
            place = "/".join(["data", *map(str, e["loc"])])
            item.faults.append(fault(f"SCHEMA_{e['type'].upper()}", e["msg"], _remedy(e["type"], model), place))
        return
    item.type = model.TYPE
    item.data = payload.model_dump(mode="json", by_alias=True, exclude_none=True)
    item.data.pop("origin", None)
    item.key = business_key(item.type, item.data)
    item.faults += naming(item.data, item.key)
    item.submission.project_id = item.data["project_id"]


def _same_major(dataschema: str, type_: str) -> bool:
    version = dataschema.rstrip("/").rsplit("/", 1)[-1].removesuffix(".json")
    major = version.split("-")[0].split(".")[0].removeprefix("v")
    return not major.isdigit() or f".v{major}" == type_[type_.rfind(".") :]


def _remedy(kind: str, model: type[Payload]) -> str:
    if kind == "extra_forbidden":
        return f"Known fields: {', '.join(sorted(f.alias or n for n, f in model.model_fields.items()))}"
    if kind == "missing":
        return "Add it"
    if kind == "string_pattern_mismatch":
        return "Write it as the pattern says, e.g. 12.5 for a decimal"
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
    if item.refused:
        return
    if data.get("allocations"):
        data["allocations"], moved = normalise(data["allocations"])
        if moved:
            data["flags"] = sorted({*data.get("flags", []), "PERCENT_NORMALISED"})
    origin = {"submission_id": item.submission.id}
    decision = ledger.apply(item.type, data, origin, item.envelope, item.envelope.time)
    submission = item.submission
    setattr(submission, decision.outcome, getattr(submission, decision.outcome) + 1)
    submission.events = 0 if decision.outcome == "unchanged" else 1


def _finish(item: Item) -> None:
    submission = item.submission
    if item.refused:
        submission.quarantined = 1
        submission.outcome = "quarantined"
    else:
        submission.outcome = "unchanged" if submission.unchanged else "accepted"

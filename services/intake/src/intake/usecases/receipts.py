"""The receipt: what became of a submission, said on the stream and kept for its sender."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

import orjson

from contracts.envelope import PREFIX, Envelope
from contracts.receipts import Finding, Readability, SubmissionProcessed, SubmissionQuarantined
from contracts.streams import RECEIPTS
from intake.store.submissions import Submission
from runtime.db import Tx, new_id

SHOWN: Final = 100
"""Findings inside the event; all of them are at the receipt's address."""

_UNREAD: Final = Readability().model_dump()


def say(
    tx: Tx,
    submission: Submission,
    faults: list[dict[str, Any]],
    *,
    now: datetime,
    cause: Envelope | None = None,
    rules: dict[str, int] | None = None,
    readability: dict[str, Any] | None = None,
) -> None:
    """Publish the receipt of a finished submission.

    There is one for every event, so it is written as plain values; a test holds them against the contract.
    """
    shown = [Finding.model_validate(f).model_dump(exclude_none=True) for f in faults[:SHOWN]]
    receipt = {
        "submission_id": submission.id,
        "entity": submission.entity,
        "channel": submission.channel,
        "outcome": submission.outcome,
        "received_at": submission.received_at,
        "processed_at": now,
        "event_id": submission.event_id,
        "project_id": submission.project_id,
        "file": submission.file,
        "sha256": submission.sha256,
        "activities": submission.activities,
        "accepted": submission.accepted,
        "amended": submission.amended,
        "unchanged": submission.unchanged,
        "quarantined": submission.quarantined,
        "events": submission.events,
        "rules": rules if rules is not None else Counter(f["rule"] for f in faults),
        "findings": shown,
        "readability": Readability.model_validate(readability).model_dump() if readability else _UNREAD,
    }
    # There is one receipt a submission: they share their identifier.
    _send(tx, submission, SubmissionProcessed.TYPE, receipt, submission.id, now, cause)
    if submission.quarantined and submission.channel != "file":
        refused = {
            "submission_id": submission.id,
            "entity": submission.entity,
            "event_id": submission.event_id,
            "project_id": submission.project_id,
            "findings": shown,
        }
        _send(tx, submission, SubmissionQuarantined.TYPE, refused, new_id(), now, cause)


def _send(
    tx: Tx, submission: Submission, type_: str, data: dict[str, Any], id_: str, now: datetime, cause: Envelope | None
) -> None:
    said = {name: value for name, value in data.items() if value is not None}
    event = Envelope(
        id=id_,
        source="/svc/intake",
        type=PREFIX + type_,
        data=orjson.dumps(said, option=orjson.OPT_UTC_Z),
        subject=f"submission/{submission.id}",
        time=now,
        partitionkey=submission.entity,
        correlationid=(cause.correlationid or cause.id) if cause else None,
        causationid=cause.id if cause else None,
        dataclassification="support",
        traceparent=cause.traceparent if cause else None,
        tracestate=cause.tracestate if cause else None,
    )
    tx.send(RECEIPTS, submission.entity, event)

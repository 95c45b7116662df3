"""The receipt: what became of a submission, said on the stream and kept for its sender."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Literal, cast

from contracts.envelope import Envelope
from contracts.receipts import Finding, Readability, SubmissionProcessed, SubmissionQuarantined
from contracts.streams import RECEIPTS
from intake.store import Submission
from runtime.db import Tx

_SHOWN = 100  # findings inside the event; all of them at the receipt's address


def say(
    tx: Tx,
    submission: Submission,
    faults: list[dict[str, Any]],
    *,
    now: datetime,
    cause: Envelope | None = None,
    rules: dict[str, int] | None = None,
    readability: dict[str, Any] | None = None,
) -> SubmissionProcessed:
    """Publish the receipt of a finished submission; returns it."""
    shown = [Finding.model_validate(f) for f in faults[:_SHOWN]]
    receipt = SubmissionProcessed(
        submission_id=submission.id,
        entity=submission.entity,
        channel=cast(Literal["kafka", "http", "file"], submission.channel),
        outcome=cast(Literal["accepted", "unchanged", "quarantined", "partly-quarantined"], submission.outcome),
        received_at=submission.received_at,
        processed_at=now,
        event_id=submission.event_id,
        project_id=submission.project_id,
        file=submission.file,
        sha256=submission.sha256,
        activities=submission.activities,
        accepted=submission.accepted,
        amended=submission.amended,
        unchanged=submission.unchanged,
        quarantined=submission.quarantined,
        events=submission.events,
        rules=rules if rules is not None else dict(Counter(f["rule"] for f in faults)),
        findings=shown,
        readability=Readability.model_validate(readability or {}),
    )
    tx.emit(
        RECEIPTS, submission.entity, receipt, cause=cause, subject=f"submission/{submission.id}", classification="owner"
    )
    if submission.quarantined and submission.channel != "file":
        tx.emit(
            RECEIPTS,
            submission.entity,
            SubmissionQuarantined(
                submission_id=submission.id,
                entity=submission.entity,
                event_id=submission.event_id,
                project_id=submission.project_id,
                findings=shown,
            ),
            cause=cause,
            subject=f"submission/{submission.id}",
            classification="owner",
        )
    return receipt

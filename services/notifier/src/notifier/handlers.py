"""Events in: figures, alerts and receipts, translated to the notifier's own facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope
from contracts.metrics import MetricUpdated
from contracts.receipts import SubmissionProcessed
from notifier.domain.fact import Access, Alert, Fact, Figure, Receipt
from notifier.domain.saying import say
from notifier.domain.scope import parts
from notifier.telling import tell
from runtime.db import Tx
from runtime.delivery import Handle, Record


def telling(names: Mapping[str, str]) -> Handle:
    """A handler that tells facts, calling areas by these names."""

    async def handle(tx: Tx, records: Sequence[Record]) -> None:
        facts = [(fact, record.envelope) for record in records if (fact := _fact(tx, record)) is not None]
        if facts:
            await tell(tx, facts, names, now=tx.clock())

    return handle


def _fact(tx: Tx, record: Record) -> Fact | None:
    """The fact a record states; None for a type that is nobody's news, or one that was just rejected."""
    translate = TRANSLATIONS.get(record.envelope.type)
    if translate is None:
        return None
    model, make = translate
    try:
        return make(model.model_validate_json(record.envelope.data), record.envelope)
    except ValidationError as error:
        problems = [("/".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} the notifier can read", problems)
        return None


def _figure(event: MetricUpdated, envelope: Envelope) -> Figure:
    place = None
    if event.cause and event.cause.line and parts(event.scope)[0] in {"project", "indicator"}:
        place = say("line %(line)s of %(file)s", line=event.cause.line, file=event.cause.file or say("the file"))
    return Figure(
        fact_id=f"metric {envelope.source} {envelope.id}",
        access=Access(classification=event.classification, owner=event.owner, demonstration=event.demonstration),
        metric=event.metric,
        scope=event.scope,
        value=event.value,
        previous=event.previous,
        unit=event.unit,
        state=event.state,
        observed=event.coverage.observed,
        expected=event.coverage.expected,
        lower=event.lower,
        upper=event.upper,
        place=place,
    )


def _alert(event: AlertRaised, _envelope: Envelope) -> Alert:
    return Alert(
        fact_id=f"alert {event.alert_id}",
        access=Access(classification=event.classification, owner=event.entity),
        kind=event.kind,
        scope=event.scope,
        text=event.text,
        project_id=event.project_id,
        before=event.from_,
        after=event.to,
    )


def _receipt(event: SubmissionProcessed, _envelope: Envelope) -> Receipt:
    return Receipt(
        fact_id=f"receipt {event.submission_id}",
        access=Access(classification="support", owner=event.entity),
        submission_id=event.submission_id,
        entity=event.entity,
        outcome=event.outcome,
        file=event.file,
        event_id=event.event_id,
        activities=event.activities,
        accepted=event.accepted,
        amended=event.amended,
        unchanged=event.unchanged,
        quarantined=event.quarantined,
        indicators=event.readability.indicators,
        scorable=event.readability.scorable,
        rules=event.rules,
    )


TRANSLATIONS: Final[dict[str, tuple[type[Payload], Callable[[Any, Envelope], Fact]]]] = {
    PREFIX + MetricUpdated.TYPE: (MetricUpdated, _figure),
    PREFIX + AlertRaised.TYPE: (AlertRaised, _alert),
    PREFIX + SubmissionProcessed.TYPE: (SubmissionProcessed, _receipt),
}
"""The event types that are news to somebody, each with what is made of it."""

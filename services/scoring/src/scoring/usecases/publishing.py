"""Figures and alerts out: what a reader would see changed, with its cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson

from contracts.alerts import AlertRaised
from contracts.envelope import PREFIX, Envelope, rfc3339
from contracts.metrics import MetricUpdated
from contracts.streams import ALERTS, METRICS
from runtime.db import Tx, new_id
from scoring import store
from scoring.codec import instant, micros
from scoring.domain.causes import NEW_DATA
from scoring.domain.facts import Fact, Version
from scoring.domain.figures import Figure
from scoring.domain.history import Revision, revision_of
from scoring.domain.ledger import next_published
from scoring.domain.method import Method
from scoring.domain.state import Published

_TYPE: Final = PREFIX + MetricUpdated.TYPE


@dataclass(slots=True)
class Cause:
    """The event that moved a figure; ``fact`` is None where only time passed."""

    envelope: Envelope
    version: Version
    fact: Fact | None = None
    entity: str = ""
    classification: str = "public"
    kind: str = NEW_DATA

    def said(self, figure: Figure) -> dict[str, Any]:
        """As a figure tells it: whose fact it was only where every reader of the figure may read the project."""
        found: dict[str, Any] = {"event_id": self.envelope.id, "type": self.envelope.type}
        told = self.classification == "public" or (
            self.classification == figure.classification
            and (self.classification != "owner" or self.entity == figure.owner)
        )
        if self.fact is not None and told:
            found |= {"project_id": self.fact.project_id, "entity": self.entity or None}
            origin = self.fact.origin
            if origin is not None:
                found |= {"line": origin.line, "file": origin.file}
        return found


class Publisher:
    """Says figures within one transaction; ``now`` is the instant of all of them, ``method`` what they are made by."""

    def __init__(self, tx: Tx, now: datetime, method: Method) -> None:
        self._tx = tx
        self.method = method
        self._now = now
        self._micros = micros(now)
        self._written = rfc3339(now)
        self._revised: list[Revision] = []

    def say(self, known: Published | None, figure: Figure, cause: Cause, valid: int) -> Published | None:
        """Publish the figure if a reader would see a difference; returns what is remembered of it then."""
        # What was known never shrinks, whichever partition's fact comes first: history is read by it (ADR 0071).
        recorded = max(cause.version.recorded, known.known if known is not None else 0)
        record = next_published(
            known, figure, valid=valid, recorded=recorded, now=self._micros, cause=cause.envelope.id
        )
        if record is None:
            return None
        self._revised.append(revision_of(figure, record, cause.kind, self.method.version))
        key = f"{figure.metric}|{figure.scope}"
        body = payload(figure, record, self.method) | {"updated_at": self._written, "cause": cause.said(figure)}
        origin = cause.envelope
        event = Envelope(
            id=new_id(),
            source=f"/svc/{self._tx.service}",
            type=_TYPE,
            data=orjson.dumps(body),
            subject=figure.scope,
            time=self._now,
            partitionkey=key,
            correlationid=origin.correlationid or origin.id,
            causationid=origin.id,
            dataclassification=figure.classification,
            traceparent=origin.traceparent,
            tracestate=origin.tracestate,
        )
        self._tx.send(METRICS, key, event)
        return record

    async def keep(self) -> None:
        """Append what was said to the history; once, at the end of the transaction, while its rows are locked."""
        revised, self._revised = self._revised, []
        await store.append_revisions(self._tx.conn, revised)

    def alert(
        self, kind: str, scope: str, change: tuple[str | None, str], cause: Cause, classification: str, indicator: str
    ) -> None:
        """Raise an alert about one indicator."""
        before, after = change
        project = cause.fact.project_id if cause.fact is not None else scope.partition(":")[2].partition("|")[0]
        payload_ = AlertRaised(
            alert_id=f"{kind}:{scope}:{cause.envelope.id}",
            kind=kind,
            scope=scope,
            project_id=project,
            indicator_id=indicator,
            entity=cause.entity or None,
            from_=before,
            to=after,
            text=f"Pace of {indicator} in {project}: {_words(after)}, before {_words(before)}",
            classification=classification,
            raised_at=self._now,
        )
        self._tx.emit(
            ALERTS, scope, payload_, cause=cause.envelope, subject=scope, classification=classification, time=self._now
        )


def payload(figure: Figure, record: Published, method: Method) -> dict[str, Any]:
    """A figure as ``metric.updated.v1`` carries it (contracts.metrics)."""
    return {
        "metric": figure.metric,
        "scope": figure.scope,
        "value": figure.value,
        "unit": "µ",
        "state": figure.state,
        "coverage": {"observed": figure.observed, "expected": figure.expected},
        "lower": figure.lower,
        "upper": figure.upper,
        "flags": figure.flags,
        "parts": figure.parts,
        "projects": figure.projects,
        "inferred_ppm": figure.inferred_ppm,
        "previous": record.previous,
        "classification": figure.classification,
        "owner": figure.owner,
        "withheld": figure.withheld,
        "demonstration": figure.demonstration,
        "valid_as_of": date.fromordinal(max(record.valid, 1)).isoformat(),
        "known_as_of": rfc3339(instant(record.known)),
        "method_version": method.version,
        "revision": record.revision,
    }


def _words(status: str | None) -> str:
    return (status or "no data").replace("_", " ").lower()

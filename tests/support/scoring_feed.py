"""Accepted facts handed to scoring as its consumer would, and what it says in return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.alerts import AlertRaised, DuplicateCandidateFound
from contracts.assessment import EvaluationPublished, MarkerAssigned, Ratings
from contracts.base import Payload
from contracts.context import ClockDayClosed
from contracts.envelope import PREFIX, Envelope, from_headers
from contracts.metrics import MetricUpdated
from contracts.portfolio import (
    Allocation,
    Baseline,
    Budget,
    Dates,
    IndicatorDefined,
    ObservationRecorded,
    Period,
    ProjectSubmitted,
    Target,
)
from contracts.streams import ALERTS, METRICS, PORTFOLIO
from runtime.access import SYSTEM
from runtime.db import Database, new_id
from runtime.delivery import Record
from scoring import handlers
from scoring.cache import StateCache
from scoring.usecases.rebuilding import Rebuilt, rebuild

PROJECT = "XM-DEMO-1-P1"


class Feed:
    """Stamps facts as intake does and applies them in one transaction; a second worker is a second feed."""

    def __init__(self, database: Database, clock: list[datetime] | None = None) -> None:
        self.database = database
        self.cache = StateCache()
        self.handle = handlers.scoring(self.cache)
        self._clock = clock if clock is not None else [datetime(2026, 7, 1, 9, tzinfo=UTC)]
        self._sequence = 0

    def worker(self) -> Feed:
        """Another process of the same service, with a memory of its own."""
        return Feed(self.database, self._clock)

    def on(self, day: str) -> None:
        """From now on facts are recorded on this day."""
        self._clock[0] = datetime.fromisoformat(day).replace(tzinfo=UTC)

    def stamped(self, payload: Payload, **over: Any) -> Envelope:
        """A fact as intake publishes it."""
        self._clock[0] += timedelta(microseconds=1)
        self._sequence += 1
        return Envelope(
            **{
                "id": new_id(),
                "source": "/svc/intake/XM-DEMO-1",
                "type": PREFIX + payload.TYPE,
                "data": payload.to_json(),
                "recordedtime": self._clock[0],
                "sequence": f"{self._sequence:010d}",
                **over,
            }
        )

    async def say(self, *facts: Payload | Envelope) -> Said:
        """Apply facts in one batch; returns what left through the outbox."""
        records = [record(fact if isinstance(fact, Envelope) else self.stamped(fact)) for fact in facts]
        return await self.apply(records)

    async def apply(self, records: Sequence[Record]) -> Said:
        """Apply records in one transaction."""
        async with self.database.transaction(SYSTEM) as tx:
            await self.handle(tx, records)
            return Said(list(tx.emitted), [(r.envelope.id, code) for r, code, _, _ in tx.rejected])

    async def close(self, day: str) -> Said:
        """Let a day be over."""
        return await self.say(self.stamped(ClockDayClosed(date=datetime.fromisoformat(day).date())))

    async def rebuilt(self) -> Rebuilt:
        """Everything again from the log, compared with what stands."""
        async with self.database.transaction(SYSTEM) as tx:
            return await rebuild(tx)


class Said:
    """What scoring said in one transaction, read back through the contracts."""

    def __init__(self, emitted: list[Any], rejected: list[tuple[str, str]]) -> None:
        self.rejected = rejected
        self.envelopes: list[Envelope] = []
        self.figures: dict[tuple[str, str], MetricUpdated] = {}
        self.alerts: list[AlertRaised] = []
        self.candidates: list[DuplicateCandidateFound] = []
        for topic, key, headers, value, _ in emitted:
            envelope = from_headers({name: text.decode() for name, text in headers}, value or b"")
            self.envelopes.append(envelope)
            if topic == METRICS.topic:
                assert json.loads(envelope.data).keys() >= MetricUpdated.model_fields.keys()
                figure = MetricUpdated.model_validate_json(envelope.data)
                assert key.decode() == f"{figure.metric}|{figure.scope}" == envelope.partitionkey
                assert envelope.dataclassification == figure.classification
                assert (figure.metric, figure.scope) not in self.figures, "said twice in one batch"
                self.figures[figure.metric, figure.scope] = figure
            elif envelope.type == PREFIX + DuplicateCandidateFound.TYPE:
                assert topic == ALERTS.topic
                self.candidates.append(DuplicateCandidateFound.model_validate_json(envelope.data))
            else:
                assert topic == ALERTS.topic
                self.alerts.append(AlertRaised.model_validate_json(envelope.data))

    def __getitem__(self, key: str) -> MetricUpdated:
        metric, _, scope = key.partition(" ")
        return self.figures[metric, scope]


def record(envelope: Envelope) -> Record:
    """A record as the consumer hands it over."""
    return Record(PORTFOLIO.topic, 0, 0, None, envelope, None)


def a_project(project_id: str = PROJECT, *, entity: str = "XM-DEMO-1", **over: Any) -> ProjectSubmitted:
    """A project in Mali and the Niger, for pillars II and IV, of a million dollars."""
    budget = Budget(
        period_start="2025-01-01", period_end="2025-12-31", amount="1000000", currency="USD", value_date="2025-01-01"
    )  # type: ignore[arg-type]
    fields: dict[str, Any] = {
        "title": {"en": f"Border management {project_id}"},
        "status": "2",
        "dates": Dates(planned_start="2025-01-01", planned_end="2026-12-31"),  # type: ignore[arg-type]
        "allocations": [
            Allocation(dim="COUNTRY", code="ML", ppm=600_000),
            Allocation(dim="COUNTRY", code="NE", ppm=400_000),
            Allocation(dim="PILLAR", code="P2", ppm=750_000),
            Allocation(dim="PILLAR", code="P4", ppm=250_000),
            Allocation(dim="THEME", code="BORDER", ppm=1_000_000),
        ],
        "budgets": [budget],
    }
    return ProjectSubmitted(project_id=project_id, entity=entity, **{**fields, **over})


def an_indicator(project_id: str = PROJECT, indicator_id: str = "I1", **over: Any) -> IndicatorDefined:
    """Officers trained, from 0 to 100, in 2025 and 2026."""
    fields: dict[str, Any] = {
        "result_id": "R1",
        "result_type": "1",
        "title": {"en": "Officers trained"},
        "result_title": {"en": "Borders are managed"},
        "measure": "1",
        "ascending": True,
        "accumulation": "CUMULATIVE",
        "baselines": [Baseline(year=2024, value="0")],
        "targets": [Target(period_start="2025-01-01", period_end="2026-12-31", value="100")],  # type: ignore[arg-type]
    }
    return IndicatorDefined(project_id=project_id, indicator_id=indicator_id, **{**fields, **over})


def a_marker(significance: int | None, project_id: str = PROJECT, **over: Any) -> MarkerAssigned:
    """The gender marker at design."""
    return MarkerAssigned(
        **{"project_id": project_id, "scheme": "GEM", "stage": "DESIGN", "significance": significance, **over}
    )


def an_evaluation(rating: int, project_id: str = PROJECT, **over: Any) -> EvaluationPublished:
    """A final evaluation that gives every criterion the same rating, of six."""
    fields: dict[str, Any] = {
        "evaluation_id": "E1",
        "stage": "FINAL",
        "independence": "INDEPENDENT",
        "scale": 6,
        "ratings": Ratings(**dict.fromkeys(Ratings.model_fields, rating)),
        "completed_on": "2026-03-31",
    }
    return EvaluationPublished(project_id=project_id, **{**fields, **over})


def an_actual(
    value: str | None, project_id: str = PROJECT, indicator_id: str = "I1", *, end: str = "2026-06-30", **over: Any
) -> ObservationRecorded:
    """Officers trained so far."""
    period = Period(start="2025-01-01", end=end)  # type: ignore[arg-type]
    return ObservationRecorded(project_id=project_id, indicator_id=indicator_id, period=period, value=value, **over)

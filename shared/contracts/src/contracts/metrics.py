"""What scoring publishes on ``plumbline.metrics.v1``, compacted, keyed ``metric|scope``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.base import Model, Payload, Ref

State = Literal["PUBLISHED", "PROVISIONAL", "INSUFFICIENT_DATA", "NOT_APPLICABLE"]
Metric = Annotated[str, StringConstraints(pattern=r"^M([1-9]|1[0-7])$")]
"""M1 to M17 of the methodology; open to all of them, so that the next one needs no new event type."""

Withheld = Literal["small-cell", "complementary"]
"""Why a total is not public (methodology §0.6): fewer than three projects or two entities stand in it, or one of
these few could be worked out from it."""

Unit = Annotated[str, StringConstraints(min_length=1, max_length=20)]
"""``µ`` (micro-units) or ``cents`` (of USD); a metric to come may count in something else."""


class Coverage(Model):
    """Observed out of expected weight; the ratio is compared exactly, never rounded (methodology §0.5)."""

    observed: int = Field(ge=0)
    expected: int = Field(ge=0)


class Cause(Model):
    """The last fact that moved the figure."""

    event_id: str
    type: str
    project_id: str | None = None
    entity: str | None = None
    line: int | None = None
    file: str | None = None


class MetricUpdated(Payload):
    """A published figure changed; the full new figure, the old one and why."""

    TYPE: ClassVar[str] = "metric.updated.v1"
    metric: Metric
    scope: Ref
    value: int | None = Field(description="micro-units; null where withheld or unknown")
    unit: Unit = "µ"
    state: State
    coverage: Coverage
    lower: int | None = None
    upper: int | None = None
    flags: list[str] = Field(default_factory=list)
    parts: dict[str, Any] = Field(
        default_factory=dict,
        description="what the figure is made of: by-budget twin, histogram, pillars, indicators",
    )
    projects: int = Field(default=0, ge=0)
    inferred_ppm: int = Field(default=0, ge=0, le=1_000_000, description="share resting on inferred pillars")
    previous: int | None = None
    classification: str = "public"
    owner: str | None = Field(default=None, description="the entity, where the scope is one project")
    withheld: Withheld | None = Field(
        default=None, description="why readers beyond its class are told that there is a figure, and not which"
    )
    demonstration: bool = False
    valid_as_of: date
    known_as_of: datetime
    method_version: str
    revision: int = Field(ge=1)
    updated_at: datetime
    cause: Cause | None = None


class SnapshotPublished(Payload):
    """A snapshot was made: every figure as of two days, never changed again (methodology M16). Key: ``snapshot|id``."""

    TYPE: ClassVar[str] = "snapshot.published.v1"
    snapshot_id: Ref
    valid_to: date
    known_to: datetime
    method_version: str
    codelist_version: str | None = Field(default=None, description="tables read in place of the software's own")
    fx_version: str | None = Field(default=None, description="tables of exchange rates, each with its version")
    watermark: dict[str, int] = Field(description="offset of the next record, by topic-partition")
    projects: int = Field(ge=0)
    figures: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the sums and the figures, sorted")
    signature: str = Field(description="Ed25519 of the manifest, base64")
    public_key: str = Field(description="32 bytes, base64")
    published_at: datetime


FACTS: tuple[type[Payload], ...] = (MetricUpdated, SnapshotPublished)

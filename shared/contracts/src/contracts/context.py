"""Facts about the world around projects, on ``plumbline.context.v1``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.base import Currency, Day, Decimal, Model, Origin, Payload, Ref, Text

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class CodelistPublished(Payload):
    """A versioned code list or crosswalk: code to value, whole (methodology §2.2: a table, not code)."""

    TYPE: ClassVar[str] = "codelist.published.v1"
    list_id: Ref
    version: Ref
    effective_from: Day
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    codes: dict[str, str]
    origin: Origin | None = None


class ClockDayClosed(Payload):
    """A UTC day is over; what was waiting for it is recomputed (methodology §0.4)."""

    TYPE: ClassVar[str] = "clock.day.closed.v1"
    date: Day


class Rate(Model):
    """How many units of a currency one US dollar is worth, from a day until the currency's next row (M9, M11)."""

    currency: Currency
    valid_from: Day
    units_per_usd: Decimal = Field(description="above 0, exact, e.g. 605.5")


class RatesPublished(Payload):
    """A table of exchange rates, whole; of one table the newest version counts (M9). Key: ``table_id``.

    ``content_sha256`` is of the rows as canonical JSON: sorted by currency and day, keys sorted, no spaces.
    """

    TYPE: ClassVar[str] = "fx.rates-published.v1"
    table_id: Ref
    version: Ref
    source: Ref = Field(description="who states the rates, e.g. UN operational rates of exchange")
    published_on: Day
    base: Literal["USD"] = "USD"
    rows: list[Rate] = Field(min_length=1, max_length=20_000)
    content_sha256: Sha256
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    origin: Origin | None = None


class MethodReleased(Payload):
    """A version of the method and its parameters is in force from a day on (methodology §0.8). Key: ``method``."""

    TYPE: ClassVar[str] = "method.released.v1"
    version: Ref = Field(description="e.g. 1.1.0; 1.0.0 is what the software carries")
    effective_from: Day
    content_sha256: Sha256 = Field(description="of the method's document as published")
    parameters: dict[str, str] = Field(
        default_factory=dict,
        max_length=500,
        description="those that differ from 1.0.0, by name (contracts.method): a decimal or a fraction",
    )
    summary: Text = Field(default_factory=dict)
    origin: Origin | None = None


class Readings(Model):
    """How one publisher's files are to be read, where it is not as they stand (methodology §2.5)."""

    direction: Literal["as-declared", "from-values"] | None = None
    accumulation: Literal["CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"] | None = None
    period_basis: Literal["calendar", "fiscal", "whole-project"] | None = None
    location_is_total: bool | None = None
    default_pillar: dict[str, Literal["P1", "P2", "P3", "P4"]] = Field(
        default_factory=dict, max_length=500, description="pillar by sector or tag"
    )
    zero_means_missing: bool | None = None
    percent_as: Literal["0-1", "0-100"] | None = None


class Evidence(Model):
    """What speaks for one reading: of so many indicators looked at, so many agree."""

    reading: Ref
    indicators: int = Field(ge=0)
    agree: int = Field(ge=0)


class Dialect(Payload):
    """The readings of one publisher, whole; the base of proposed and adopted."""

    TYPE: ClassVar[str] = "dialect.state"
    entity: Ref = Field(description="the publisher")
    version: int = Field(ge=1)
    readings: Readings
    evidence: list[Evidence] = Field(default_factory=list, max_length=100)
    origin: Origin | None = None


class DialectProposed(Dialect):
    """Readings that a publisher's figures suggest; nothing is read by them yet (§2.5). Key: ``entity``."""

    TYPE: ClassVar[str] = "dialect.proposed.v1"


class DialectAdopted(Dialect):
    """Readings that the publisher, or the secretariat in its name, has taken on. Key: ``entity``."""

    TYPE: ClassVar[str] = "dialect.adopted.v1"
    adopted_by: Ref
    adopted_on: Day


class DialectWithdrawn(Payload):
    """Readings that hold no longer: the files are read as they stand. Key: ``entity``."""

    TYPE: ClassVar[str] = "dialect.withdrawn.v1"
    entity: Ref
    version: int = Field(ge=1)
    reason: str | None = None
    origin: Origin | None = None


FACTS: tuple[type[Payload], ...] = (
    CodelistPublished,
    ClockDayClosed,
    RatesPublished,
    MethodReleased,
    DialectProposed,
    DialectAdopted,
    DialectWithdrawn,
)

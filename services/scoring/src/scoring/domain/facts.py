"""The accepted facts as scoring reads them: the fields it needs of each payload (contracts.portfolio).

Plain dataclasses with the contract's own field names, so that bytes are decoded straight into them; a test
holds them against the contract. What a figure does not need (most texts) stays in the log of facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from scoring.domain import judgements
from scoring.domain.judgements import Judgement
from scoring.domain.judgements import Period as Period
from scoring.domain.origin import Origin as Origin
from scoring.domain.origin import Version as Version


@dataclass(slots=True)
class Dates:
    """Activity dates, IATI ActivityDateType 1 to 4."""

    planned_start: date | None = None
    actual_start: date | None = None
    planned_end: date | None = None
    actual_end: date | None = None


@dataclass(slots=True)
class Allocation:
    """A share of the project in one dimension, ppm."""

    dim: Literal["COUNTRY", "REGION", "PILLAR", "THEME", "DAC"]
    code: str
    ppm: int
    vocabulary: str | None = None


@dataclass(slots=True)
class Budget:
    """One budget line; type 1 original, 2 revised."""

    period_start: date
    period_end: date
    amount: str
    currency: str
    type: Literal["1", "2"] = "1"
    value_date: date | None = None


@dataclass(slots=True)
class Marker:
    """A policy marker: scheme DAC, GEM or HRM, the code of DAC's marker, and a digit of that scheme."""

    scheme: Literal["DAC", "GEM", "HRM"]
    code: str
    significance: int


@dataclass(slots=True)
class Link:
    """A related activity; IATI RelatedActivityType."""

    ref: str
    type: str


@dataclass(slots=True)
class Participant:
    """An organisation that takes part; IATI OrganisationRole."""

    role: str
    ref: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Project:
    """``project.submitted.v1`` and ``project.amended.v1``: the project's whole state."""

    project_id: str
    entity: str
    status: Literal["1", "2", "3", "4", "5", "6"]
    title: dict[str, str] = field(kw_only=True)
    dates: Dates = field(default_factory=Dates)
    allocations: list[Allocation] = field(default_factory=list)
    pillar_inferred: bool = False
    budgets: list[Budget] = field(default_factory=list)
    classification: str = "public"
    flags: list[str] = field(default_factory=list)
    demonstration: bool = False
    markers: list[Marker] = field(default_factory=list)
    supports_security_forces: bool | None = None
    links: list[Link] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    target_groups: dict[str, str] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(slots=True)
class StatusChanged:
    """``project.status-changed.v1``."""

    project_id: str
    to: Literal["1", "2", "3", "4", "5", "6"]
    effective_on: date | None = None
    origin: Origin | None = None


@dataclass(slots=True)
class ProjectWithdrawn:
    """``project.withdrawn.v1``."""

    project_id: str
    origin: Origin | None = None


@dataclass(slots=True)
class Place:
    """A location or dimension that a value belongs to, where it is not the total."""

    location: str | None = None
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Baseline:
    """Where the indicator stood."""

    value: str | None = None
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class Target:
    """What a period is meant to reach; the end is inclusive."""

    period_start: date
    period_end: date
    value: str | None = None
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class Band:
    """The corridor of a BAND indicator."""

    low: str
    high: str


@dataclass(slots=True)
class Indicator:
    """``indicator.defined.v1`` and ``indicator.target-revised.v1``: the indicator, whole."""

    project_id: str
    indicator_id: str
    result_id: str
    result_type: Literal["1", "2", "3", "9"]
    measure: Literal["1", "2", "3", "4", "5"]
    ascending: bool | None = None
    kind: Literal["REACH", "MAINTAIN", "BAND", "RUBRIC"] | None = None
    accumulation: Literal["CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"] | None = None
    baselines: list[Baseline] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    tol_abs: str | None = None
    band: Band | None = None
    weight: int = 1
    not_applicable: bool = False
    withheld: bool = False
    flags: list[str] = field(default_factory=list)
    origin: Origin | None = None


@dataclass(slots=True)
class IndicatorWithdrawn:
    """``indicator.withdrawn.v1``."""

    project_id: str
    indicator_id: str
    origin: Origin | None = None


@dataclass(slots=True)
class Observation:
    """``observation.recorded.v1`` and ``observation.corrected.v1``: one actual."""

    project_id: str
    indicator_id: str
    period: Period
    place: Place = field(default_factory=Place)
    ordinal: int = 1
    value: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    rubric: Literal["NOT", "PARTIAL", "MOSTLY", "FULL"] | None = None
    assessor: str | None = None
    withheld: bool = False
    evidence: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    source_type: str = "SELF"
    origin: Origin | None = None


@dataclass(slots=True)
class ObservationRetracted:
    """``observation.retracted.v1``."""

    project_id: str
    indicator_id: str
    period: Period
    place: Place = field(default_factory=Place)
    ordinal: int = 1
    origin: Origin | None = None


@dataclass(slots=True)
class BudgetRevised:
    """``budget.revised.v1``: one budget line."""

    project_id: str
    budget: Budget
    origin: Origin | None = None


@dataclass(slots=True)
class Transaction:
    """``transaction.posted.v1``; the amount may be negative."""

    project_id: str
    transaction_id: str
    type: str
    amount: str
    currency: str
    value_date: date
    provider: str | None = None
    receiver_activity_id: str | None = None
    agreement_ref: str | None = None
    origin: Origin | None = None


@dataclass(slots=True)
class TransactionReversed:
    """``transaction.reversed.v1``."""

    project_id: str
    transaction_id: str
    origin: Origin | None = None


Fact = (
    Project
    | StatusChanged
    | ProjectWithdrawn
    | Indicator
    | IndicatorWithdrawn
    | Observation
    | ObservationRetracted
    | BudgetRevised
    | Transaction
    | TransactionReversed
    | Judgement
)

TYPES: dict[str, type[Fact]] = {
    "project.submitted.v1": Project,
    "project.amended.v1": Project,
    "project.status-changed.v1": StatusChanged,
    "project.withdrawn.v1": ProjectWithdrawn,
    "indicator.defined.v1": Indicator,
    "indicator.target-revised.v1": Indicator,
    "indicator.withdrawn.v1": IndicatorWithdrawn,
    "observation.recorded.v1": Observation,
    "observation.corrected.v1": Observation,
    "observation.retracted.v1": ObservationRetracted,
    "budget.revised.v1": BudgetRevised,
    "transaction.posted.v1": Transaction,
    "transaction.reversed.v1": TransactionReversed,
    **judgements.TYPES,
}
"""Event type, without its prefix, to the fact it carries."""

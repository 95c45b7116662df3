"""Accepted facts about projects, owned by intake, on ``plumbline.portfolio.v1`` (methodology §2.1, §3).

Each payload carries the full state of its part of the project. The same models are what entities send to
their inbound topic; intake stamps the envelope's recordedtime and sequence, and adds ``origin``.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from contracts.base import Currency, Day, Decimal, Model, Origin, Payload, Ppm, Ref, Text

Dimension = Literal["COUNTRY", "REGION", "PILLAR", "THEME", "DAC"]
Status = Literal["1", "2", "3", "4", "5", "6"]


class Dates(Model):
    """Activity dates, IATI ActivityDateType 1 to 4."""

    planned_start: Day | None = None
    actual_start: Day | None = None
    planned_end: Day | None = None
    actual_end: Day | None = None


class Allocation(Model):
    """A share of the project in one dimension; within a dimension the shares sum to 1 000 000 ppm.

    ``code``: ISO 3166-1 alpha-2 for COUNTRY, M49 or DAC region code for REGION, P1 to P4 for PILLAR.
    """

    dim: Dimension
    code: Ref
    ppm: Ppm
    vocabulary: str | None = None


class Link(Model):
    """A related activity; type 1 parent, 2 child, 3 sibling, 4 co-funded, 5 third party."""

    ref: Ref
    type: Literal["1", "2", "3", "4", "5"]


class Participant(Model):
    """An organisation that takes part, by its reference, its name or both. Role: IATI OrganisationRole."""

    role: Literal["1", "2", "3", "4"] = Field(description="1 funding, 2 accountable, 3 extending, 4 implementing")
    ref: Ref | None = None
    name: str | None = Field(default=None, max_length=1_000)


class Marker(Model):
    """A policy marker: scheme DAC, GEM or HRM; the digit means what its own scheme says (M8)."""

    scheme: Literal["DAC", "GEM", "HRM"]
    code: Ref
    significance: int = Field(ge=0, le=4)


class Budget(Model):
    """One budget line; IATI BudgetType 1 original, 2 revised; BudgetStatus 1 indicative, 2 committed."""

    period_start: Day
    period_end: Day
    type: Literal["1", "2"] = "1"
    status: Literal["1", "2"] = "1"
    amount: Decimal
    currency: Currency
    value_date: Day


class Appeal(Model):
    """An emergency (type 1) or appeal (type 2) that a project belongs to, IATI humanitarian-scope."""

    type: Literal["1", "2"]
    vocabulary: Ref
    code: Ref


class Document(Model):
    """A published document about the project; IATI DocumentCategory, e.g. A07 for a review or an evaluation."""

    url: str = Field(min_length=1, max_length=2_000)
    categories: list[Ref] = Field(default_factory=list, max_length=50)
    title: Text = Field(default_factory=dict)


class ProjectState(Payload):
    """A project as its entity describes it; the base of submitted and amended."""

    TYPE: ClassVar[str] = "project.state"
    project_id: Ref = Field(description="IATI identifier")
    entity: Ref = Field(description="reporting organisation's reference")
    entity_name: str | None = None
    title: Text
    description: Text = Field(default_factory=dict)
    status: Status
    dates: Dates = Dates()
    allocations: list[Allocation] = Field(default_factory=list, max_length=2000)
    pillar_inferred: bool = Field(default=False, description="pillars come from the crosswalk of §2.2")
    links: list[Link] = Field(default_factory=list, max_length=2000)
    participants: list[Participant] = Field(default_factory=list, max_length=500)
    target_groups: Text = Field(default_factory=dict, description="whom it is for, IATI description type 3")
    markers: list[Marker] = Field(default_factory=list, max_length=200)
    budgets: list[Budget] = Field(default_factory=list, max_length=2000)
    supports_security_forces: bool | None = None
    humanitarian: bool | None = None
    appeals: list[Appeal] = Field(default_factory=list, max_length=200)
    documents: list[Document] = Field(default_factory=list, max_length=500)
    classification: str = Field(default="public", pattern=r"^(public|member-states|compact|owner|state:[A-Z]{2})$")
    flags: list[str] = Field(default_factory=list, max_length=100)
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    edition: str | None = Field(default=None, description="last-updated-datetime of the file, RFC 3339")
    origin: Origin | None = None


class ProjectSubmitted(ProjectState):
    """A project seen for the first time."""

    TYPE: ClassVar[str] = "project.submitted.v1"


class ProjectAmended(ProjectState):
    """A project's new full state, with the names of the fields that changed."""

    TYPE: ClassVar[str] = "project.amended.v1"
    changed_fields: list[str] = Field(default_factory=list)


class ProjectStatusChanged(Payload):
    """A project moved to another IATI ActivityStatus."""

    TYPE: ClassVar[str] = "project.status-changed.v1"
    project_id: Ref
    to: Status
    from_: Status | None = Field(default=None, alias="from")
    effective_on: Day | None = None
    reason: str | None = None
    origin: Origin | None = None


class ProjectWithdrawn(Payload):
    """A project leaves every figure; its history stays."""

    TYPE: ClassVar[str] = "project.withdrawn.v1"
    project_id: Ref
    reason: str | None = None
    origin: Origin | None = None


class Place(Model):
    """A location or dimension that a value belongs to, where it is not the total."""

    location: str | None = None
    dimensions: dict[str, str] = Field(default_factory=dict)

    def __hash__(self) -> int:
        """A default that can be hashed is shared by pydantic; any other is copied deep for every event."""
        return hash((self.location, *sorted(self.dimensions.items())))


class Baseline(Model):
    """Where the indicator stood; ``value`` None where the file gives a year but no readable figure."""

    year: int | None = Field(default=None, ge=1900, le=2200)
    iso_date: Day | None = None
    value: Decimal | None = None
    place: Place = Place()
    comment: str | None = None


class Target(Model):
    """What a period is meant to reach. ``period_end`` is inclusive, as in IATI."""

    period_start: Day
    period_end: Day
    value: Decimal | None = None
    place: Place = Place()
    comment: str | None = None


class Band(Model):
    """The corridor of a BAND indicator."""

    low: Decimal
    high: Decimal


class IndicatorDefined(Payload):
    """An indicator with baseline and targets, whole (M1)."""

    TYPE: ClassVar[str] = "indicator.defined.v1"
    project_id: Ref
    indicator_id: Ref
    result_id: Ref
    result_type: Literal["1", "2", "3", "9"] = Field(description="1 output, 2 outcome, 3 impact, 9 other")
    result_title: Text = Field(default_factory=dict)
    title: Text = Field(default_factory=dict)
    measure: Literal["1", "2", "3", "4", "5"] = Field(
        description="1 unit, 2 percentage, 3 nominal, 4 ordinal, 5 qualitative"
    )
    ascending: bool | None = None
    kind: Literal["REACH", "MAINTAIN", "BAND", "RUBRIC"] | None = None
    accumulation: Literal["CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"] | None = None
    baselines: list[Baseline] = Field(default_factory=list, max_length=500)
    targets: list[Target] = Field(default_factory=list, max_length=2000)
    tol_abs: Decimal | None = None
    band: Band | None = None
    weight: int = Field(default=1, ge=1, le=1_000_000)
    unit: str | None = Field(default=None, max_length=200)
    not_applicable: bool = False
    withheld: bool = Field(default=False, description="security exclusion; stays in the denominator")
    flags: list[str] = Field(default_factory=list, max_length=100)
    origin: Origin | None = None


class IndicatorTargetRevised(IndicatorDefined):
    """An indicator whose targets changed after it was defined; the whole new state, and why."""

    TYPE: ClassVar[str] = "indicator.target-revised.v1"
    reason: str | None = None


class IndicatorWithdrawn(Payload):
    """An indicator that a later edition no longer has."""

    TYPE: ClassVar[str] = "indicator.withdrawn.v1"
    project_id: Ref
    indicator_id: Ref
    reason: str | None = None
    origin: Origin | None = None


class Period(Model):
    """A reporting period; the end is inclusive, as in IATI."""

    start: Day
    end: Day


SourceType = Literal[
    "INDEPENDENT_EVALUATION", "OFFICIAL_STATISTIC", "THIRD_PARTY", "VERIFIED_ADMIN", "SELF_DOCUMENTED", "SELF"
]


class ObservationRecorded(Payload):
    """An actual of one indicator in one period: value, numerator and denominator, rubric, or none of them."""

    TYPE: ClassVar[str] = "observation.recorded.v1"
    project_id: Ref
    indicator_id: Ref
    period: Period
    place: Place = Place()
    ordinal: int = Field(default=1, ge=1, le=1000, description="several actuals of one period and place")
    revision: int = Field(default=1, ge=1)
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    rubric: Literal["NOT", "PARTIAL", "MOSTLY", "FULL"] | None = None
    assessor: str | None = None
    withheld: bool = Field(default=False, description="security exclusion: the value exists and is not shown")
    source_type: SourceType = "SELF"
    evidence: list[Ref] = Field(default_factory=list, max_length=200)
    comment: str | None = Field(default=None, max_length=20_000)
    flags: list[str] = Field(default_factory=list, max_length=100)
    origin: Origin | None = None


class ObservationCorrected(ObservationRecorded):
    """A later value for the same key; the whole new state."""

    TYPE: ClassVar[str] = "observation.corrected.v1"
    reason: str | None = None


class ObservationRetracted(Payload):
    """An actual that its owner takes back."""

    TYPE: ClassVar[str] = "observation.retracted.v1"
    project_id: Ref
    indicator_id: Ref
    period: Period
    place: Place = Place()
    ordinal: int = Field(default=1, ge=1, le=1000)
    reason: str | None = None
    origin: Origin | None = None


class BudgetRevised(Payload):
    """One budget line, superseding the same period and type."""

    TYPE: ClassVar[str] = "budget.revised.v1"
    project_id: Ref
    budget: Budget
    origin: Origin | None = None


class TransactionPosted(Payload):
    """A financial transaction, IATI TransactionType 1 to 13; the amount may be negative."""

    TYPE: ClassVar[str] = "transaction.posted.v1"
    project_id: Ref
    transaction_id: Ref = Field(description="the publisher's ledger id, or one derived from its content")
    type: Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]
    date: Day
    amount: Decimal
    currency: Currency
    value_date: Day
    provider: str | None = None
    receiver: str | None = None
    provider_activity_id: str | None = None
    receiver_activity_id: str | None = None
    agreement_ref: str | None = Field(default=None, description="the funding agreement it belongs to (M11)")
    origin: Origin | None = None


class TransactionReversed(Payload):
    """A transaction that its ledger took back."""

    TYPE: ClassVar[str] = "transaction.reversed.v1"
    project_id: Ref
    transaction_id: Ref
    reason: str | None = None
    origin: Origin | None = None


FACTS: tuple[type[Payload], ...] = (
    ProjectSubmitted,
    ProjectAmended,
    ProjectStatusChanged,
    ProjectWithdrawn,
    IndicatorDefined,
    IndicatorTargetRevised,
    IndicatorWithdrawn,
    ObservationRecorded,
    ObservationCorrected,
    ObservationRetracted,
    BudgetRevised,
    TransactionPosted,
    TransactionReversed,
)
"""Every event type about the project itself; ``contracts.assessment`` holds those that judge it."""

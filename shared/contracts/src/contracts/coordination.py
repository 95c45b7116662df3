"""Facts about countries, organisations, resolutions and results that several projects share (methodology §2.1, §3).

They travel on ``plumbline.context.v1``: none belongs to one project alone. Each docstring names the key. Each
carries the full state of its part; the latest version counts. What was said by mistake is said again as
``withdrawn``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.assessment import Pillar
from contracts.base import Currency, Day, Decimal, Model, Origin, Payload, Ppm, Ref, Text

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""

Classification = Annotated[
    str, StringConstraints(pattern=r"^(public|member-states|compact|owner|state:[A-Z]{2})$", max_length=20)
]


Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""A digest of what a project is compared by (M12)."""


class Claim(Model):
    """One project's claim on a shared result: γ, its share, and δ, how strong the claim of contribution is (M6).

    ``share`` null where the project is linked and declared none; ``result_id`` null where its outcome and impact
    results in that country and pillar are all meant.
    """

    project_id: Ref
    result_id: Ref | None = None
    share: Ppm | None = None
    strength: Literal[0, 250_000, 500_000, 750_000, 1_000_000] = Field(
        default=0, description="ppm: none, weak, plausible, strong, demonstrated"
    )


class SharedResultClaimsChanged(Payload):
    """All claims on one shared result; who is not named any more claims nothing. Key: ``shared_result_ref``."""

    TYPE: ClassVar[str] = "shared-result.claims-changed.v1"
    shared_result_ref: Ref
    country: Country | None = None
    pillar: Pillar | None = None
    claims: list[Claim] = Field(default_factory=list, max_length=500)
    origin: Origin | None = None


class Need(Payload):
    """A need of a country as a source states it, whole; the base of registered and updated (M13)."""

    TYPE: ClassVar[str] = "need.state"
    need_id: Ref
    country: Country
    entity: Ref = Field(description="who keeps the need; it may read it whatever its class")
    pillar: Pillar
    theme: Ref | None = None
    severity: int = Field(ge=1, le=4)
    priority: int = Field(ge=1, le=3)
    source: Ref = Field(description="CTED recommendation, national strategy, joint plan, or another word")
    title: Text = Field(default_factory=dict)
    classification: Classification = "owner"
    consented: bool = Field(default=False, description="the State agrees that totals with this need may be public")
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    withdrawn: bool = False
    origin: Origin | None = None


class NeedRegistered(Need):
    """A need stated for the first time. Key: ``country``."""

    TYPE: ClassVar[str] = "need.registered.v1"


class NeedUpdated(Need):
    """A need's new full state. Key: ``country``."""

    TYPE: ClassVar[str] = "need.updated.v1"


class NeedSupportLinked(Payload):
    """A project that meets a need, and how much of it, as the country team agreed (M13). Key: ``country``."""

    TYPE: ClassVar[str] = "need.support-linked.v1"
    need_id: Ref
    country: Country
    project_id: Ref
    adequacy: Ppm
    rationale: str = Field(min_length=1, max_length=20_000)
    evidence_grade: Literal["A", "B", "C", "D"] | None = None
    withdrawn: bool = False
    origin: Origin | None = None


class ProvisionDefined(Payload):
    """One provision of a resolution, with its weight (M14). Key: ``resolution``."""

    TYPE: ClassVar[str] = "resolution.provision-defined.v1"
    resolution: Ref = Field(description="symbol, e.g. S/RES/2396 (2017)")
    provision_id: Ref
    kind: Literal["LEGAL", "OPERATIONAL"]
    weight: int = Field(default=1, ge=1, le=1_000_000)
    theme: Ref | None = None
    title: Text = Field(default_factory=dict)
    withdrawn: bool = False
    origin: Origin | None = None


class ImplementationAssessed(Payload):
    """How far a country implements a provision, in one assessor's judgement on one day (M14). Key: ``country``.

    Level 0 not started, 1 initial, 2 partial, 3 largely, 4 full; NA does not apply there, NAS not assessed.
    """

    TYPE: ClassVar[str] = "resolution.implementation-assessed.v1"
    resolution: Ref
    provision_id: Ref
    country: Country
    assessor: Literal["STATE", "CTED"]
    assessed_on: Day
    level: Literal["0", "1", "2", "3", "4", "NA", "NAS"]
    classification: Classification = "owner"
    consented: bool = Field(default=False, description="the State agrees that totals with this level may be public")
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    withdrawn: bool = False
    origin: Origin | None = None


class NationalResourcesAllocated(Payload):
    """What a Member State itself allots to one pillar in one year (M7's overlay, A/73/866 ¶70). Key: ``country``.

    No entity's money: it stands beside the figures of the country and counts in none of them.
    """

    TYPE: ClassVar[str] = "national.resources-allocated.v1"
    country: Country
    year: int = Field(ge=1990, le=2200)
    pillar: Pillar | None = Field(default=None, description="null where it serves none in particular")
    amount: Decimal = Field(description="not negative")
    currency: Currency
    value_date: Day = Field(description="whose exchange rate holds")
    classification: Classification = Field(default="owner", description="owner: the State itself and the secretariat")
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    withdrawn: bool = False
    origin: Origin | None = None


class ObligationScheduled(Payload):
    """Something an organisation has to report by a day (M15). Key: ``entity``."""

    TYPE: ClassVar[str] = "obligation.scheduled.v1"
    obligation_id: Ref
    entity: Ref
    kind: Ref = Field(description="annual report, evaluation, portfolio update, or another word")
    project_id: Ref | None = None
    due_on: Day
    grace_days: int = Field(default=90, ge=1, le=3_650, description="days over which a late report's credit falls to 0")
    demonstration: bool = Field(default=False, description="invented for a demonstration; shown as such")
    withdrawn: bool = False
    origin: Origin | None = None


class ReportReceived(Payload):
    """What was owed has arrived (M15). Key: ``entity``."""

    TYPE: ClassVar[str] = "report.received.v1"
    obligation_id: Ref
    entity: Ref
    received_on: Day
    withdrawn: bool = False
    origin: Origin | None = None


class DuplicateDecided(Payload):
    """What people made of two projects that may be one, or may work together (M12). Key: ``pair_id``.

    DISTINCT holds until either project's fingerprint is another than was seen; nothing is merged by DUPLICATE.
    """

    TYPE: ClassVar[str] = "duplicate.decided.v1"
    pair_id: str = Field(min_length=3, max_length=520, description="both identifiers, sorted, with '|' between")
    projects: list[Ref] = Field(min_length=2, max_length=2)
    version: int = Field(ge=1)
    decision: Literal["DUPLICATE", "DISTINCT", "SYNERGY"]
    survivor: Ref | None = Field(default=None, description="of a duplicate, the project whose word counts")
    fingerprints: list[Fingerprint] = Field(min_length=2, max_length=2, description="as the candidate stated them")
    reason: str | None = Field(default=None, max_length=20_000)
    decided_by: Ref
    decided_on: Day
    withdrawn: bool = False
    origin: Origin | None = None


FACTS: tuple[type[Payload], ...] = (
    SharedResultClaimsChanged,
    NeedRegistered,
    NeedUpdated,
    NeedSupportLinked,
    ProvisionDefined,
    ImplementationAssessed,
    NationalResourcesAllocated,
    ObligationScheduled,
    ReportReceived,
    DuplicateDecided,
)

"""Facts about subjects that are no projects, as scoring reads them: the fields it needs of contracts.coordination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from scoring.domain.origin import Origin


@dataclass(slots=True)
class Need:
    """``need.registered.v1`` and ``need.updated.v1``: a need, whole."""

    need_id: str
    country: str
    entity: str
    pillar: str
    severity: int
    priority: int
    theme: str | None = None
    classification: str = "owner"
    consented: bool = False
    demonstration: bool = False
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class SupportLinked:
    """``need.support-linked.v1``: a project that meets a need; ``adequacy`` in ppm."""

    need_id: str
    country: str
    project_id: str
    adequacy: int
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class ProvisionDefined:
    """``resolution.provision-defined.v1``."""

    resolution: str
    provision_id: str
    kind: Literal["LEGAL", "OPERATIONAL"]
    weight: int = 1
    theme: str | None = None
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class ImplementationAssessed:
    """``resolution.implementation-assessed.v1``: one level, by one assessor, on one day."""

    resolution: str
    provision_id: str
    country: str
    assessor: Literal["STATE", "CTED"]
    assessed_on: date
    level: Literal["0", "1", "2", "3", "4", "NA", "NAS"]
    classification: str = "owner"
    consented: bool = False
    demonstration: bool = False
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class ResourcesAllocated:
    """``national.resources-allocated.v1``: what a State allots to a pillar in a year, in its own currency."""

    country: str
    year: int
    amount: str
    currency: str
    value_date: date
    pillar: str | None = None
    classification: str = "owner"
    demonstration: bool = False
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class ObligationScheduled:
    """``obligation.scheduled.v1``."""

    obligation_id: str
    entity: str
    kind: str
    due_on: date
    grace_days: int | None = None
    demonstration: bool = False
    withdrawn: bool = False
    origin: Origin | None = None


@dataclass(slots=True)
class ReportReceived:
    """``report.received.v1``."""

    obligation_id: str
    entity: str
    received_on: date
    withdrawn: bool = False
    origin: Origin | None = None


SubjectFact = (
    Need
    | SupportLinked
    | ProvisionDefined
    | ImplementationAssessed
    | ResourcesAllocated
    | ObligationScheduled
    | ReportReceived
)

TYPES: dict[str, type[SubjectFact]] = {
    "need.registered.v1": Need,
    "need.updated.v1": Need,
    "need.support-linked.v1": SupportLinked,
    "resolution.provision-defined.v1": ProvisionDefined,
    "resolution.implementation-assessed.v1": ImplementationAssessed,
    "national.resources-allocated.v1": ResourcesAllocated,
    "obligation.scheduled.v1": ObligationScheduled,
    "report.received.v1": ReportReceived,
}
"""Event type, without its prefix, to the fact it carries."""

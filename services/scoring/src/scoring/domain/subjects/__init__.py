"""Subjects that are no projects: needs, resolutions and the countries that implement them, organisations (ADR 0073).

A kind of subject is a module with a class, listed here, and what its terms make is a family of figures like others.
"""

from __future__ import annotations

from typing import Final

from scoring.domain import coordination
from scoring.domain.coordination import SubjectFact
from scoring.domain.subjects.countries import CountryState, ResolutionState
from scoring.domain.subjects.entities import EntityState
from scoring.domain.subjects.needs import NeedState
from scoring.domain.subjects.states import NationalState
from scoring.domain.subjects.subject import Subject as Subject

KINDS: Final[dict[str, type[Subject]]] = {
    kind.KIND: kind for kind in (NeedState, ResolutionState, CountryState, NationalState, EntityState)
}
"""Every kind of subject, by its name."""


def home(fact: SubjectFact) -> tuple[str, str]:
    """The kind and the identifier of the subject a fact is about."""
    match fact:
        case coordination.Need() | coordination.SupportLinked():
            return NeedState.KIND, fact.need_id
        case coordination.ProvisionDefined():
            return ResolutionState.KIND, fact.resolution
        case coordination.ImplementationAssessed():
            return CountryState.KIND, fact.country
        case coordination.ResourcesAllocated():
            return NationalState.KIND, fact.country
        case _:
            return EntityState.KIND, fact.entity


def rests_on(fact: SubjectFact) -> tuple[str, str] | None:
    """What else a fact ties its subject to: a project, or a resolution; None where it stands alone."""
    match fact:
        case coordination.SupportLinked():
            return "project", fact.project_id
        case coordination.ImplementationAssessed():
            return ResolutionState.KIND, fact.resolution
        case _:
            return None

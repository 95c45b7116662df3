"""Who may say what: deny first (architecture §2, §5; methodology §3, column producer).

What belongs to a project is said by the entity whose project it is. What is about countries, resolutions, duties,
shared results, rates and lists belongs to no project, so an office says it, over HTTP, with a token of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from intake.domain.acceptance import Fault, fault

OFFICES: Final[Mapping[str, frozenset[str]]] = {
    "shared-result.claims-changed.v1": frozenset({"secretariat"}),
    "need.registered.v1": frozenset({"secretariat", "member-state"}),
    "need.updated.v1": frozenset({"secretariat", "member-state"}),
    "need.support-linked.v1": frozenset({"secretariat", "member-state"}),
    "resolution.provision-defined.v1": frozenset({"secretariat"}),
    "resolution.implementation-assessed.v1": frozenset({"secretariat", "member-state"}),
    "national.resources-allocated.v1": frozenset({"secretariat", "member-state"}),
    "obligation.scheduled.v1": frozenset({"secretariat"}),
    "report.received.v1": frozenset({"secretariat"}),
    "duplicate.decided.v1": frozenset({"secretariat"}),
    "codelist.published.v1": frozenset({"secretariat", "operator"}),
    "fx.rates-published.v1": frozenset({"secretariat", "operator"}),
    "method.released.v1": frozenset({"secretariat", "operator"}),
    "dialect.proposed.v1": frozenset({"secretariat", "entity"}),
    "dialect.adopted.v1": frozenset({"secretariat", "entity"}),
    "dialect.withdrawn.v1": frozenset({"secretariat", "entity"}),
}
"""The roles that may say a fact of no single project. A Member State speaks of itself, an entity of its own files."""

_ENTITY: Final = frozenset({"entity"})

NAMES: Final[Mapping[str, str]] = {
    "entity": "the entity, of itself",
    "member-state": "the Member State, of itself",
    "secretariat": "the secretariat",
    "operator": "operations",
}
"""The roles in words."""


def speakers(type_: str) -> str:
    """Who may say facts of this type, in words."""
    roles = OFFICES.get(type_)
    if roles is None:
        return "the entity, of its own projects"
    return " or ".join(NAMES[role] for role in ("secretariat", "operator", "member-state", "entity") if role in roles)


def may_say(role: str, names: frozenset[str], country: str, type_: str, data: Mapping[str, Any]) -> list[Fault]:
    """Whether a sender of this role may say this fact. ``names`` are an entity's references, ``country`` a State's."""
    roles = OFFICES.get(type_, _ENTITY)
    if role not in roles:
        if type_ not in OFFICES:
            remedy = "Send it as the entity whose project it is; the secretariat adds ?entity=REF"
        elif role == "entity":
            remedy = "Ask the secretariat to enter it; it comes over HTTP, with that office's token"
        else:
            remedy = f"Ask {speakers(type_)} to say it"
        return [fault("NOT_YOURS_TO_SAY", f"{type_} is said by {speakers(type_)}", remedy, "type")]
    if role == "member-state":
        return _of_itself(country, type_, data)
    if role == "entity" and type_ in OFFICES and data["entity"] not in names:
        stated = data["entity"]
        return [fault("IDENTITY", f"entity is {stated}, which is not yours", "Name your own reference", "data/entity")]
    return []


def _of_itself(country: str, type_: str, data: Mapping[str, Any]) -> list[Fault]:
    found = []
    if data["country"] != country:
        message = f"country is {data['country']}, but {country or 'no country'} speaks"
        found.append(fault("OTHER_COUNTRY", message, f"A Member State speaks of itself: {country}", "data/country"))
    if type_ == "resolution.implementation-assessed.v1" and data["assessor"] != "STATE":
        message = f"assessor is {data['assessor']}, but a Member State speaks"
        found.append(fault("ASSESSOR", message, "Set assessor to STATE", "data/assessor"))
    return found

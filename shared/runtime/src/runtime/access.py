"""Who may read what: one policy (architecture §5), stated in SQL and here, proved equal by a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["entity", "member-state", "secretariat", "donor", "operator", "system"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. ``organisation`` is an organisation reference, ``country`` ISO 3166-1 alpha-2."""

    subject: str
    role: Role
    organisation: str = ""
    country: str = ""
    name: str = ""


SYSTEM: Final = Principal(subject="system", role="system")
"""The service itself, while it applies events."""


def may_read(principal: Principal, classification: str, owner: str | None) -> bool:
    """Whether this principal may read a fact of this class; the twin of the SQL function ``may_read``.

    An unknown class or role reads nothing: deny first.
    """
    role = principal.role
    if role == "system" or (owner and principal.organisation == owner):
        return True
    match classification:
        case "public":
            return role in ROLES
        case "member-states":
            return role in {"entity", "member-state", "secretariat"}
        case "compact":
            return role in {"entity", "secretariat"}
        case "support":  # receipts: whoever helps an entity to mend what it sent
            return role in {"secretariat", "operator"}
        case _ if classification.startswith("state:") and len(classification) == 8:
            return role == "secretariat" or (
                role == "member-state" and bool(principal.country) and classification == f"state:{principal.country}"
            )
        case _:
            return False

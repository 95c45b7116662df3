"""The demonstration's cast: invented entities and users, marked as such wherever they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class DemoEntity:
    """An invented entity of an invented Compact. ``XM-DEMO-n`` is no registered organisation reference."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody who signs in."""

    user: str
    name: str
    role: Literal["entity", "member-state", "secretariat", "donor", "operator"]
    organisation: str = ""
    country: str = ""


_NAMES: Final = (
    "Meridian Office for Prevention",
    "Larkspur Centre for Border Security",
    "Tamarind Institute for Justice",
    "Halcyon Fund for Recovery",
    "Basalt Agency for Aviation Safety",
    "Juniper Programme for Youth",
    "Cormorant Bureau against Illicit Finance",
    "Saffron Network for Human Rights",
)

ENTITIES: Final = tuple(
    DemoEntity(f"XM-DEMO-{number}", f"{name} (demonstration)") for number, name in enumerate(_NAMES, start=1)
)

USERS: Final = (
    DemoUser("focal", "Ana Focal (demonstration)", "entity", organisation="XM-DEMO-1"),
    DemoUser("member-state", "Moussa Member (demonstration)", "member-state", country="ML"),
    DemoUser("secretariat", "Sena Secretary (demonstration)", "secretariat"),
    DemoUser("donor", "Dana Donor (demonstration)", "donor"),
    DemoUser("operator", "Omar Operator (demonstration)", "operator"),
)

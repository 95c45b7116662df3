"""The demonstration's cast: invented entities and users, marked as such wherever they show."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
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


def _entities() -> tuple[DemoEntity, ...]:
    """The entities of the generated portfolio, so that its files have somebody to send them."""
    text = (files("plumbline.generate") / "data" / "entities.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(DemoEntity(row["ref"], row["name"]) for row in rows)


ENTITIES: Final = _entities()

USERS: Final = (
    DemoUser("focal", "Ana Focal (demonstration)", "entity", organisation="XM-DEMO-1"),
    DemoUser("member-state", "Moussa Member (demonstration)", "member-state", country="ML"),
    DemoUser("secretariat", "Sena Secretary (demonstration)", "secretariat"),
    DemoUser("donor", "Dana Donor (demonstration)", "donor"),
    DemoUser("operator", "Omar Operator (demonstration)", "operator"),
)

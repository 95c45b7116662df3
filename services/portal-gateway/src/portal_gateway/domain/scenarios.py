"""The same question under the other methods of methodology §0.7: how much of an answer is the method's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal_gateway.domain.speech.language import N_
from portal_gateway.domain.view import Figure

NAMES: Final = {
    "S0": N_("As published: each project once"),
    "S1": N_("Weighed by budget"),
    "S2": N_("Geometric over levels"),
    "S3": N_("Over-achievement counted to 120%%"),
    "S4": N_("Without the weakest evidence, grade D"),
    "S5": N_("Everything missing had failed"),
    "S6": N_("Everything missing had succeeded"),
    "S7": N_("Outputs, outcomes and impact alike"),
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A method's code, its answer and how far it is from the one published, in µ."""

    code: str
    name: str
    value: int
    change: int


def scenarios(figure: Figure) -> list[Scenario]:
    """Every scenario that there is of a figure, the published one first; empty where its value is not said."""
    found = figure.parts.get("scenarios") or {}
    if not figure.shown or "S0" not in found:
        return []
    return [
        Scenario(code, name, found[code], found[code] - found["S0"]) for code, name in NAMES.items() if code in found
    ]


def outermost(found: list[Scenario]) -> tuple[int, int] | None:
    """The least and the most that any method says."""
    return (min(s.value for s in found), max(s.value for s in found)) if found else None

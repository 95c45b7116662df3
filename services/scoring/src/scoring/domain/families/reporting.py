"""M15, timeliness and completeness of reporting (methodology M15, ¶59).

The value is timeliness, T, from what organisations owe (``scoring.domain.subjects.entities``). Beside it stands
completeness, C, from what their projects carry, and an organisation's freshness. Completeness is not quality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from scoring.domain.assessment import Terms
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.judgements import (
    EffortReported,
    EvaluationPublished,
    EvidenceVerified,
    HrddpDecided,
    MarkerAssigned,
    RiskAssessed,
    RiskClosed,
)
from scoring.domain.months import DESIGNED, EXPECTED, KNOWN, OUTCOMES, TRUSTED, YEAR, back, first_of, month_of
from scoring.domain.numbers import half_even
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.project import PIPELINE, status_of
from scoring.domain.saying import coded, joined, say
from scoring.domain.state import About, ProjectState
from scoring.domain.timeliness import GROUPS, completeness, freshness

_IMPLEMENTING, _FINALISATION, _CLOSED = 2, 3, 4
_UNDER_WAY: Final = frozenset({_IMPLEMENTING, _FINALISATION})
_ENDED: Final = frozenset({_FINALISATION, _CLOSED})
_FUNDS: Final = frozenset({"1", "11", "13"})  # IATI TransactionType: received, promised, pledged
_COMMITTED: Final = "2"
_SPENT: Final = frozenset({"3", "4"})


class Element(NamedTuple):
    """Something a project should carry: its group, its name, and whether it is there."""

    group: str
    name: str
    filled: bool


def elements(state: ProjectState) -> Iterator[Element]:
    """What is required of this project, by its status; the ten of §2.3 that intake does not insist on are the core."""
    about = state.about
    if about is None:
        return
    status = status_of(state)
    for name, filled in _core(state, about).items():
        yield Element("core", name, filled)
    if status != PIPELINE:
        for name, filled in _financials(state).items():
            yield Element("financials", name, filled)
    for name, (required, filled) in _value_added(state, about, status).items():
        if required:
            yield Element("value_added", name, filled)


def _core(state: ProjectState, about: About) -> dict[str, bool]:
    dimensions = {dim for dim, _, _, ppm in about.allocations if ppm > 0}
    markers = {scheme for scheme, _ in about.markers}
    for key, marker in state.assessed.open().markers.items():
        scheme, _, stage = key.partition("|")
        if stage == "DESIGN":
            (markers.add if marker.significance is not None else markers.discard)(scheme)
    return {
        say("start"): about.start is not None,
        say("end"): about.end is not None,
        say("country or region"): bool(dimensions & {"COUNTRY", "REGION"}),
        say("pillar"): "PILLAR" in dimensions and not about.inferred,
        say("theme"): "THEME" in dimensions,
        say("budget"): bool(about.budgets or state.budgets),
        say("gender marker"): bool(markers & {"GEM", "DAC"}),
        say("human rights marker"): "HRM" in markers,
        say("support to security forces"): about.security_answered,
        say("indicator"): bool(state.reached & DESIGNED),
    }


def _financials(state: ProjectState) -> dict[str, bool]:
    posted = [p for p in state.transactions.values() if p.alive]
    types = {p.type for p in posted}
    return {
        say("funds"): bool(types & _FUNDS),
        say("giver or agreement"): any(p.agreement for p in posted if p.type in _FUNDS),
        say("commitment"): _COMMITTED in types,
        say("expenditure"): bool(types & _SPENT),
    }


def _value_added(state: ProjectState, about: About, status: int) -> dict[str, tuple[bool, bool]]:
    """By name whether it is required, and whether it is there."""
    found = state.assessed.open()
    gender = {key for key, marker in found.markers.items() if marker.significance is not None}
    started, reached = status != PIPELINE, state.reached
    return {
        say("values"): (bool(reached & EXPECTED), bool(reached & KNOWN)),
        say("outcomes"): (started, bool(reached & OUTCOMES)),
        say("evidence"): (bool(reached & KNOWN), bool(reached & TRUSTED)),
        say("verification"): (bool(reached & KNOWN), any(v.alive and v.confirmed for v in found.verified.values())),
        say("risk register"): (status in _UNDER_WAY, bool(found.risks)),
        say("due diligence"): (about.supports_security_forces, bool(found.clearances)),
        say("effort"): (started, any(e.alive for e in found.efforts.values())),
        say("evaluation"): (status in _ENDED, any(e.alive for e in found.evaluations.values())),
        say("marker at completion"): (status == _CLOSED, bool(gender & {"GEM|COMPLETION", "DAC|COMPLETION"})),
    }


def terms(state: ProjectState, day: int, _under: Parameters) -> Terms | None:
    """Elements filled and required by group; the months in which facts came, and the age of the newest figures."""
    once: dict[str, int] = {}
    for element in elements(state):
        once[f"{element.group}|required"] = once.get(f"{element.group}|required", 0) + 1
        once[f"{element.group}|filled"] = once.get(f"{element.group}|filled", 0) + element.filled
    now = month_of(day)
    for n in back(state, now):
        once[f"month|{n}"] = 1
    age = now - state.covers
    if state.covers and 0 <= age <= YEAR:
        once[f"age|{age}"] = 1
    return Terms(nonzero(once), {}, {}, {})


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Σ credit in µ, of what was due."""
    return sums.get("credit", 0), sums.get("due", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """T; completeness by group, and an organisation's freshness, beside it. Nothing due is no timeliness, and no 0."""
    earned, due = headline(sums, under)
    found = mean_figure("M15", scope, (earned, due), None, (due, due), under)
    groups = {g: (sums.get(f"{g}|filled", 0), n) for g in GROUPS if (n := sums.get(f"{g}|required", 0))}
    found.parts = as_parts(
        {
            "due": due,
            "late": sums.get("late"),
            "unreported": sums.get("unreported"),
            "completeness": completeness(groups),
            "groups": {g: half_even(filled * MICRO, required) for g, (filled, required) in groups.items()},
            **(_fresh(sums) if scope.startswith("entity:") else {}),
        }
    )
    return found


def _fresh(sums: Mapping[str, int]) -> dict[str, Any]:
    months = [n for n in range(1, YEAR + 1) if sums.get(f"month|{n}")]
    ages = [n for n in range(YEAR + 1) if sums.get(f"age|{n}")]
    if not sums.get("core|required"):
        return {}
    age = min(ages, default=None)
    return {"freshness": freshness(months, age), "months": months, "age_months": age}


def lines(state: ProjectState) -> Iterable[Line]:
    """What the project does not carry, by group."""
    about = state.about
    if about is None:
        return
    for group in GROUPS:
        found = [e for e in elements(state) if e.group == group]
        if found:
            missing = [e.name for e in found if not e.filled]
            says = say("%(part)s of %(whole)s", part=len(found) - len(missing), whole=len(found))
            if missing:
                says = say("%(known)s; not there: %(missing)s", known=says, missing=joined(missing))
            yield Line(coded(group), says, about.version.id)


def transition(state: ProjectState, day: int) -> int | None:
    """The first day of the next month, as long as a month of the last twelve moves back."""
    now = month_of(day)
    return first_of(now + 1) if now - max(state.month, state.covers) <= YEAR else None


FAMILY: Final = Family(
    metric="M15",
    facts=frozenset(
        {MarkerAssigned, EvaluationPublished, RiskAssessed, RiskClosed, HrddpDecided, EvidenceVerified, EffortReported}
    ),
    terms=terms,
    headline=headline,
    figure=figure,
    own=lambda _state, _day, _under: None,
    lines=lines,
    transition=transition,
    on_money=True,
    on_presence=True,
    scopes=("global", "entity:"),
)

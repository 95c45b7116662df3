"""M8, gender and human-rights mainstreaming shares (methodology M8): x by code over three bases, at two stages.

Gender in GEM's digits, DAC's brought to them; human rights in HRM's. Null is not screened, and never nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from scoring.domain.assessment import Assessment, Marker, Terms
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.judgements import HrddpDecided, MarkerAssigned
from scoring.domain.numbers import half_even
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.project import status_of
from scoring.domain.saying import coded, say
from scoring.domain.state import ProjectState

CODES: Final = ("3", "2", "1", "0", "unresolved", "null")
"""What a project can be coded; ``unresolved`` is DAC's 0, which GEM divides into 0 and 1."""

_FROM_DAC: Final = {2: "3", 1: "2", 0: "unresolved"}
_CODED: Final = CODES[:-1]
_MAIN: Final = ("3", "2")
_BASES: Final = ("count", "budget", "expenditure")
_THEMES: Final = ("gender", "rights")
_STAGES: Final = ("DESIGN", "COMPLETION")
_CLEARED: Final = frozenset({"CLEARED", "CLEARED_WITH_MITIGATION"})
_CLOSED: Final = 4
_MAINSTREAMED: Final = "mainstreamed"
"""Beside the codes: HRM at least 2, and the human rights due diligence in order."""


def _marker(state: ProjectState, found: Assessment, scheme: str, stage: str) -> tuple[int | None, str | None]:
    """A marker's digit, and the event it came with. What the project itself lists was coded at design.

    For one scheme and stage the later word counts; a project that lists no marker leaves what was said alone.
    """
    said = found.markers.get(f"{scheme}|{stage}")
    about = state.about
    if about is not None and stage == "DESIGN":
        for listed, significance in about.markers:
            if listed == scheme and (said is None or said.version < about.version):
                said = Marker(about.version, significance)
    return (said.significance, said.version.id) if said is not None else (None, None)


def code_of(state: ProjectState, theme: str, stage: str) -> str:
    """The project's code: for gender GEM's own digit, else DAC's brought to it."""
    found = state.assessed.open()
    if theme == "rights":
        digit, _ = _marker(state, found, "HRM", stage)
        return "null" if digit is None else str(digit)
    digit, _ = _marker(state, found, "GEM", stage)
    if digit is not None:
        return str(digit)
    digit, _ = _marker(state, found, "DAC", stage)
    return "null" if digit is None else _FROM_DAC[digit]


def due_diligence(state: ProjectState, day: int) -> str:
    """``NOT_REQUIRED``, ``CLEARED`` or ``OPEN``: every decision that is required must clear, and still hold.

    Support to security forces requires one, whether or not it was begun (A/67/775).
    """
    required = [c for c in state.assessed.open().clearances.values() if c.required]
    if not required:
        about = state.about
        return "OPEN" if about is not None and about.supports_security_forces else "NOT_REQUIRED"
    cleared = all(c.status in _CLEARED and (c.expires is None or day <= c.expires) for c in required)
    return "CLEARED" if cleared else "OPEN"


def _mainstreamed(state: ProjectState, stage: str, day: int) -> bool:
    return code_of(state, "rights", stage) in _MAIN and due_diligence(state, day) != "OPEN"


def _stages(state: ProjectState) -> list[str]:
    """The stages a code is expected at: completion for what is closed, or was coded all the same."""
    late = status_of(state) == _CLOSED or any(code_of(state, theme, "COMPLETION") != "null" for theme in _THEMES)
    return ["DESIGN", "COMPLETION"] if late else ["DESIGN"]


def terms(state: ProjectState, day: int, _under: Parameters) -> Terms | None:
    """One project's codes: once, times its budget's cents, and its expenditure's cents times ppm."""
    once: dict[str, int] = {}
    ppm: dict[str, int] = {}
    cents: dict[str, int] = {}
    spent = state.money.spend
    for stage in _stages(state):
        for theme in _THEMES:
            codes = [code_of(state, theme, stage)]
            if theme == "rights" and _mainstreamed(state, stage, day):
                codes.append(_MAINSTREAMED)
            for code in codes:
                once[_name(stage, theme, "count", code)] = 1
                cents[_name(stage, theme, "budget", code)] = 1
                ppm[_name(stage, theme, "expenditure", code)] = spent
    return Terms(once, nonzero(ppm), cents, {})


def _name(stage: str, theme: str, basis: str, code: str) -> str:
    return f"{stage}|{theme}|{basis}|{code}"


def _by_code(sums: Mapping[str, int], stage: str, theme: str, basis: str) -> dict[str, int]:
    return {code: sums.get(_name(stage, theme, basis, code), 0) for code in (*CODES, _MAINSTREAMED)}


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Projects coded 2 or 3 for gender at design, of those coded."""
    x = _by_code(sums, "DESIGN", "gender", "count")
    return sum(x[code] for code in _MAIN), sum(x[code] for code in _CODED)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """The share of projects with gender a significant or principal objective; every other share beside it."""
    x = _by_code(sums, "DESIGN", "gender", "count")
    main, coded = headline(sums, under)
    whole = coded + x["null"]
    bounds = (half_even(main * MICRO, whole), half_even((main + x["null"]) * MICRO, whole)) if whole else None
    found = mean_figure("M8", scope, (main * MICRO, coded), bounds, (coded, whole), under)
    found.parts = {
        stage.lower(): parts
        for stage in _STAGES
        if (parts := {theme: _theme(sums, stage, theme) for theme in _THEMES})["gender"]["count"]["all"]
    }
    return found


def _theme(sums: Mapping[str, int], stage: str, theme: str) -> dict[str, Any]:
    return {basis: _shares(_by_code(sums, stage, theme, basis), theme, basis) for basis in _BASES}


def _shares(x: dict[str, int], theme: str, basis: str) -> dict[str, Any]:
    """x by code and the shares it makes; none where refunds outweigh what was spent under a code."""
    unit = MICRO if basis == "expenditure" else 1  # cents times ppm
    main, coded = sum(x[code] for code in _MAIN), sum(x[code] for code in _CODED)
    whole = coded + x["null"]
    sound = min(x.values()) >= 0
    return as_parts(
        {
            "by_code": {code: half_even(x[code], unit) for code in CODES if x[code]},
            "share": half_even(main * MICRO, coded) if sound and coded else None,
            "mainstreamed": half_even(x[_MAINSTREAMED] * MICRO, coded)
            if theme == "rights" and sound and coded
            else None,
            "coverage": half_even(coded * MICRO, whole) if sound and whole else None,
        }
    ) | {"all": half_even(whole, unit)}


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's codes; its value says whether gender is a significant or principal objective of its design."""
    code = code_of(state, "gender", "DESIGN")
    known = int(code != "null")
    found = mean_figure(
        "M8",
        scope_of(state.project_id),
        (int(code in _MAIN) * MICRO, known),
        (int(code in _MAIN) * MICRO, int(code in _MAIN or not known) * MICRO),
        (known, 1),
        under,
    )
    found.parts = {
        stage.lower(): {
            **{theme: code_of(state, theme, stage) for theme in _THEMES},
            "hr_mainstreamed": _mainstreamed(state, stage, day) if code_of(state, "rights", stage) != "null" else None,
        }
        for stage in _stages(state)
    }
    found.parts["due_diligence"] = due_diligence(state, day)
    return found


def lines(state: ProjectState) -> Iterable[Line]:
    """The markers and the decisions under the due diligence policy."""
    found = state.assessed.open()
    for stage in _STAGES:
        for scheme in ("GEM", "DAC", "HRM"):
            digit, event = _marker(state, found, scheme, stage)
            if event is not None:
                says: str = say("not screened") if digit is None else str(digit)
                yield Line(say("Marker %(scheme)s at %(stage)s", scheme=scheme, stage=coded(stage)), says, event)
    for name, decision in sorted(found.clearances.items()):
        says = coded(decision.status) if decision.required else say("not required")
        if decision.required and decision.expires is not None:
            says = say("%(status)s until %(day)s", status=says, day=date.fromordinal(decision.expires).isoformat())
        yield Line(say("Due diligence %(id)s", id=name), says, decision.version.id)


def transition(state: ProjectState, day: int) -> int | None:
    """The day after a clearance holds for the last time."""
    ends = [c.expires + 1 for c in state.assessed.open().clearances.values() if c.required and c.expires is not None]
    return min((end for end in ends if end > day), default=None)


FAMILY: Final = Family(
    metric="M8",
    facts=frozenset({MarkerAssigned, HrddpDecided}),
    terms=terms,
    unknown=Terms({_name("DESIGN", theme, "count", "null"): 1 for theme in _THEMES}, {}, {}, {}),
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    transition=transition,
    on_money=True,
)

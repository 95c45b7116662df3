"""M10, risk and the gate (methodology M10): inherent and residual, likelihood times impact, 1 to 25.

The product of two ordinals sorts and measures nothing: a project's risk is its highest, never a mean, and cells keep
the whole heat map, from which the highest can be read again when a risk is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from scoring.domain.assessment import Risk, Terms
from scoring.domain.families.family import Family, Line
from scoring.domain.families.markers import due_diligence
from scoring.domain.families.markers import transition as clearances_end
from scoring.domain.figures import Figure, as_parts
from scoring.domain.judgements import HrddpDecided, RiskAssessed, RiskClosed
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.saying import coded, say
from scoring.domain.state import ProjectState

GATES: Final = ("GO", "GO_WITH_CONDITIONS", "HOLD", "ESCALATE", "NO_GO")
_LEVELS: Final = range(1, 6)
_POINT: Final = MICRO // 25  # of the scale that ends at 5 × 5: a figure is a share like every other
_NO_REGISTER: Final = "NO_REGISTER"
_WITHHELD: Final = "WITHHELD"
_STANDINGS: Final = ("LOW", "MEDIUM", "HIGH", "VERY_HIGH", "NONE_OPEN", _NO_REGISTER, _WITHHELD)
"""Where a project can stand: the band of its highest open risk, none open, no register kept, or not to be told."""


class Gate(NamedTuple):
    """Whether a project may go on, and why not; scores 1 to 25, 0 where no risk is open, None without a register."""

    gate: str
    reasons: tuple[str, ...]
    inherent: int | None
    residual: int | None
    target: int | None
    band: str | None  # of the residual risk


def band(score: int, under: Parameters) -> str:
    """LOW, MEDIUM, HIGH or VERY_HIGH, by the least score of each (§0.8)."""
    return max((least, name) for name, least in under.risk_bands.items() if score >= least)[1]


def residual(risk: Risk) -> tuple[int, int]:
    """Likelihood and impact today: only an implemented mitigation lowers them."""
    if risk.mitigation == "IMPLEMENTED":
        return risk.residual_likelihood, risk.residual_impact
    return risk.likelihood, risk.impact


def decide(state: ProjectState, day: int, under: Parameters) -> Gate:
    """The gate (M10, rules 1 to 6): a human-rights veto comes before any arithmetic (¶61)."""
    found = state.assessed.open()
    reasons: tuple[str, ...]
    risks = [risk for risk in found.risks.values() if risk.alive]
    if not found.risks:
        inherent = current = target = None
    else:
        inherent = max((r.likelihood * r.impact for r in risks), default=0)
        current = max((score(residual(r)) for r in risks), default=0)
        target = max((r.residual_likelihood * r.residual_impact for r in risks), default=0)
    diligence, high = due_diligence(state, day), under.risk_bands["HIGH"]
    decisions = [c for c in found.clearances.values() if c.required]
    if any(c.status == "REFUSED" for c in decisions):
        gate, reasons = "NO_GO", ("HRDDP_REAL_RISK",)
    elif diligence == "OPEN":
        gate, reasons = "NO_GO", ("HRDDP_INCOMPLETE",)
    elif current is None:
        gate, reasons = "HOLD", (_NO_REGISTER,)
    elif current >= under.risk_bands["VERY_HIGH"]:
        gate, reasons = "ESCALATE", ("RESIDUAL_VERY_HIGH",)
    elif any(score(residual(r)) >= high and (not r.owned or r.mitigation == "NONE") for r in risks):
        gate, reasons = "HOLD", ("UNTREATED_HIGH",)
    elif current >= high or any(c.status == "CLEARED_WITH_MITIGATION" for c in decisions):
        gate, reasons = "GO_WITH_CONDITIONS", ()
    else:
        gate, reasons = "GO", ()
    return Gate(gate, reasons, inherent, current, target, band(current, under) if current else None)


def score(levels: tuple[int, int]) -> int:
    """Likelihood times impact."""
    return levels[0] * levels[1]


def terms(state: ProjectState, day: int, under: Parameters) -> Terms | None:
    """The heat maps of the open risks, the gate, and the budget that stands under each band."""
    decided = decide(state, day, under)
    once = {f"gate|{decided.gate}": 1}
    for risk in state.assessed.open().risks.values():
        if risk.alive:
            for name in (f"inherent|{risk.likelihood}|{risk.impact}", "residual|{}|{}".format(*residual(risk))):
                once[name] = once.get(name, 0) + 1
    standing = decided.band or ("NONE_OPEN" if decided.residual is not None else _NO_REGISTER)
    once[f"band|{standing}"] = 1
    return Terms(once, {}, {f"budget|{standing}": 1}, {})


def _heat(sums: Mapping[str, int], which: str) -> dict[str, int]:
    """Open risks by likelihood and impact, the cells that are not empty."""
    return {
        f"{likelihood}x{impact}": n
        for likelihood in _LEVELS
        for impact in _LEVELS
        if (n := sums.get(f"{which}|{likelihood}|{impact}"))
    }


def _highest(heat: Mapping[str, int]) -> int:
    return max((int(name[0]) * int(name[2]) for name in heat), default=0)


def headline(sums: Mapping[str, int], under: Parameters) -> tuple[int, int]:
    """Open risks that are high or very high, of all open ones: what adds up, where a highest value cannot."""
    heat, high = _heat(sums, "residual"), under.risk_bands["HIGH"]
    return sum(n for name, n in heat.items() if int(name[0]) * int(name[2]) >= high), sum(heat.values())


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """The highest residual risk of any project as a share of 25; coverage is the projects that keep a register."""
    bands = {name: n for name in _STANDINGS if (n := sums.get(f"band|{name}"))}
    whole = sum(bands.values())
    kept = whole - bands.get(_NO_REGISTER, 0) - bands.get(_WITHHELD, 0)
    heat = _heat(sums, "residual")
    found = Figure("M10", scope, None, "PUBLISHED" if kept else "INSUFFICIENT_DATA", kept, whole)
    if kept:
        found.value = _highest(heat) * _POINT
    high, open_ = headline(sums, under)
    found.parts = as_parts(
        {
            "residual": _highest(heat) if kept else None,
            "inherent": _highest(_heat(sums, "inherent")) if kept else None,
            "open": open_,
            "high": high,
            "heat": heat,
            "heat_inherent": _heat(sums, "inherent"),
            "bands": bands,
            "gates": {gate: n for gate in GATES if (n := sums.get(f"gate|{gate}"))},
            "budget": {name: cents for name in _STANDINGS if (cents := sums.get(f"budget|{name}"))},
        }
    )
    return found


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's gate and its highest residual risk as a share of 25; each open risk beside them."""
    decided = decide(state, day, under)
    known = int(decided.residual is not None)
    found = Figure("M10", scope_of(state.project_id), None, "PUBLISHED" if known else "INSUFFICIENT_DATA", known, 1)
    if decided.residual is not None:
        found.value = decided.residual * _POINT
    found.flags = decided.reasons
    found.parts = as_parts(
        {
            "gate": decided.gate,
            "reasons": list(decided.reasons),
            "inherent": decided.inherent,
            "residual": decided.residual,
            "target_residual": decided.target,
            "band": decided.band,
            "due_diligence": due_diligence(state, day),
            "risks": {name: _said(r) for name, r in sorted(state.assessed.open().risks.items()) if r.alive},
        }
    )
    return found


def _said(risk: Risk) -> dict[str, Any]:
    return as_parts(
        {
            "category": risk.category,
            "inherent": f"{risk.likelihood}x{risk.impact}",
            "residual": "{}x{}".format(*residual(risk)),
            "mitigation": risk.mitigation,
            "owned": risk.owned,
            "reviewed_on": date.fromordinal(risk.reviewed).isoformat() if risk.reviewed is not None else None,
        }
    )


def lines(state: ProjectState) -> Iterable[Line]:
    """The open risks, and the decisions under the due diligence policy."""
    found = state.assessed.open()
    for name, risk in sorted(found.risks.items()):
        if risk.alive:
            now = residual(risk)
            says = say(
                "%(before)s, now %(after)s, mitigation %(mitigation)s",
                before=f"{risk.likelihood} × {risk.impact}",
                after=f"{now[0]} × {now[1]} = {score(now)}",
                mitigation=coded(risk.mitigation),
            )
            label = say("Risk %(id)s, %(category)s", id=name, category=risk.category)
            yield Line(label, says, risk.version.id)
        else:
            yield Line(say("Risk %(id)s", id=name), say("closed"), risk.version.id)
    for name, decision in sorted(found.clearances.items()):
        yield Line(say("Due diligence %(id)s", id=name), coded(decision.status), decision.version.id)


FAMILY: Final = Family(
    metric="M10",
    facts=frozenset({RiskAssessed, RiskClosed, HrddpDecided}),
    terms=terms,
    unknown=Terms({f"band|{_WITHHELD}": 1}, {}, {}, {}),
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    transition=clearances_end,
)

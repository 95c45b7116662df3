"""M6, contribution-adjusted impact (methodology M6): how much of the intended change is achieved, and how much of it
is evidenced as the UN's contribution. Contribution, never attribution (¶53): no counterfactual stands behind it.

Only outcomes and impact count. γ is the project's share of a result it shares with others, δ how strong its claim is,
κ the confidence in the value; the discount is in the numerator alone, so evidenced never exceeds reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from scoring.domain.assessment import Assessment, Terms
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.grading import LETTERS
from scoring.domain.judgements import EvidenceVerified, SharedClaim
from scoring.domain.numbers import exact, half_even
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.saying import coded, say
from scoring.domain.state import ProjectState


class Part(NamedTuple):
    """One indicator's part: γ and k in ppm, A in µ, None where it is missing."""

    indicator: str
    share: int
    known: int
    a: int | None


def parts_of(state: ProjectState, under: Parameters) -> list[Part]:
    """The outcome and impact indicators of which a value is expected."""
    found = state.assessed.open()
    parts = []
    for name in sorted(state.impacts):
        result, a, grade = state.impacts[name]
        share, strength = _claim(found, result)
        confidence = under.confidence[grade] * 10_000 if grade else 0
        parts.append(Part(name, share, confidence * strength // MICRO, a))
    return parts


def _claim(found: Assessment, result: str) -> tuple[int, int]:
    """γ and δ of a result: the claim that names it, else the one on the whole project; unshared, all and unclaimed."""
    claims = [c for c in found.claims.values() if c.alive and c.result in ("", result)]
    if not claims:
        return MICRO, 0
    last = max(claims, key=lambda c: (bool(c.result), c.version))
    return last.share, last.strength


def terms(state: ProjectState, _day: int, under: Parameters) -> Terms | None:
    """Sums over m = a·γ: ``a`` is the scope's share, so γ stands here and the frame multiplies."""
    parts = parts_of(state, under)
    if not parts:
        return None
    known = [p for p in parts if p.a is not None]
    ppm = {
        "m_all": sum(p.share for p in parts),
        "m": sum(p.share for p in known),
        "mA": sum(p.share * (p.a or 0) for p in known),
        "mkA": sum(p.share * p.known * (p.a or 0) for p in known),
    }
    return Terms({"indicators": len(parts)}, nonzero(ppm), {}, nonzero({"m2": sum(p.share**2 for p in known)}))


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Σ mA in µ, of Σ m: the reported share."""
    return sums.get("mA", 0), sums.get("m", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """Reported CAI with its bounds; the evidenced one, their gap and the depth beside it."""
    m_a, m = headline(sums, under)
    m_all = sums.get("m_all", 0)
    bounds = None
    if m_all:
        bounds = (half_even(m_a, m_all), half_even(m_a + (m_all - m) * MICRO, m_all))
    found = mean_figure("M6", scope, (m_a, m), bounds, (m, m_all), under)
    evidenced = half_even(sums.get("mkA", 0), m * MICRO) if m else None
    squares = sums.get("m2", 0)
    found.parts = as_parts(
        {
            "indicators": sums.get("indicators", 0),
            "evidenced": evidenced,
            "evidence_gap": half_even(m_a, m) - evidenced if evidenced is not None else None,
            "depth": round(m * m / squares * 10_000) * 100 if squares else None,
        }
    )
    return found


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's own outcomes and impact."""
    found = terms(state, day, under)
    if found is None:
        return None
    return figure(scope_of(state.project_id), {**found.once, **found.ppm, **found.ppm2}, under)


def lines(state: ProjectState) -> Iterable[Line]:
    """The claims, and each outcome's value with its grade."""
    for key, claim in sorted(state.assessed.open().claims.items()):
        if claim.alive:
            says = say("γ %(share)s, δ %(strength)s", share=exact(claim.share), strength=exact(claim.strength))
            yield Line(say("Shared result %(id)s", id=key.partition("|")[0]), says, claim.version.id)
    for name in sorted(state.impacts):
        _, a, grade = state.impacts[name]
        leaf = state.indicators[name].leaf
        if leaf is not None and leaf.source is not None:
            attained = exact(a) if a is not None else coded("MISSING")
            says = say("A %(a)s, grade %(grade)s", a=attained, grade=LETTERS.get(grade) or coded("NONE"))
            yield Line(say("Indicator %(id)s", id=name), says, leaf.source)


FAMILY: Final = Family(
    metric="M6",
    facts=frozenset({SharedClaim, EvidenceVerified}),
    terms=terms,
    unknown=Terms({}, {"m_all": MICRO}, {}, {}),  # as one indicator that is not shared
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    on_indicators=True,
    scopes=("pillar-country:", "pillar:", "country:"),
)

"""M14, implementation of resolutions (methodology M14, ¶69): S by country, and countries in equal weight above it.

Countries are subjects of their own (``scoring.domain.subjects.countries``); projects add nothing. Never a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scoring.domain.effectiveness import state_of
from scoring.domain.families.family import Family
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.implementation import ASSESSORS, FULL, KINDS, Score
from scoring.domain.numbers import half_even
from scoring.domain.parameters import COVERAGE_UNIT, MICRO, Parameters


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Of a country Σ wℓ in µ, of 4Σ w; of several the sum of their S, of their number."""
    if sums.get("countries"):
        return sums.get("S", 0), sums.get("known", 0)
    return sums.get("wl", 0) * MICRO, FULL * sums.get("w", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """S with the share assessed as coverage; legal and operational provisions apart."""
    found = _several(scope, sums, under) if sums.get("countries") else _country(scope, sums, under)
    if sums.get("stale"):
        found.flags += ("STALE",)
    if sums.get("lagging"):
        found.flags += ("LAGGING",)
    if sums.get("differ"):
        found.flags += ("ASSESSORS_DISAGREE",)
    return found


def _histogram(sums: Mapping[str, int]) -> dict[str, int]:
    return {str(level): n for level in range(FULL + 1) if (n := sums.get(f"h|{level}"))}


def _country(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure:
    whole = _score(sums, "")
    found = mean_figure("M14", scope, headline(sums, under), whole.bounds, (whole.assessed, whole.applicable), under)
    by_resolution: dict[str, dict[str, int]] = {}
    for name, value in sums.items():
        if name.startswith("r|"):
            resolution, _, field = name[2:].rpartition("||")
            by_resolution.setdefault(resolution, {})[field] = value
    found.parts = as_parts(
        {
            "levels": _histogram(sums),
            **{kind.lower(): _part(_score(sums, f"|{kind}"), under) for kind in KINDS},
            "resolutions": {name: _resolution(x, under) for name, x in sorted(by_resolution.items())},
        }
    )
    return found


def _score(sums: Mapping[str, int], kind: str) -> Score:
    return Score(sums.get(f"all{kind}", 0), sums.get(f"w{kind}", 0), sums.get(f"wl{kind}", 0))


def _part(found: Score, under: Parameters) -> dict[str, Any]:
    """A part of S; below half coverage its value is withheld like any other."""
    if not found.applicable:
        return {}
    enough = state_of(found.assessed, found.applicable, under) in {"PUBLISHED", "PROVISIONAL"}
    assessed = half_even(found.assessed * MICRO, found.applicable)
    return as_parts({"value": found.value if enough else None, "assessed": assessed})


def _resolution(x: Mapping[str, int], under: Parameters) -> dict[str, Any]:
    by = {assessor: Score(0, x.get(f"{assessor}_w", 0), x.get(f"{assessor}_wl", 0)).value for assessor in ASSESSORS}
    return _part(_score(x, ""), under) | as_parts(
        {
            "assessor": next(a for a in ASSESSORS if x.get(f"by_{a}")),
            "delta": x.get("delta", 0) if x.get("paced") else None,
            "lagging": bool(x.get("lagging")) or None,
            "stale": half_even(x["stale"] * MICRO, x["w"]) if x.get("stale") else None,
            **{kind.lower(): _part(_score(x, f"|{kind}"), under) for kind in KINDS},
            "by_assessor": as_parts(by) if x.get("both") else None,
            "both": x.get("both"),
            "disagree": x.get("differ"),
        }
    )


def _several(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure:
    n = sums["countries"]
    bounds = half_even(sums.get("lower", 0), n), half_even(sums.get("upper", 0), n)
    covered = sums.get("covered", 0), n * COVERAGE_UNIT
    found = mean_figure("M14", scope, headline(sums, under), bounds, covered, under)
    kinds = {
        kind.lower(): {"value": half_even(sums.get(f"S|{kind}", 0), known), "countries": known}
        for kind in KINDS
        if (known := sums.get(f"known|{kind}", 0))
    }
    found.parts = as_parts(
        {
            "countries": n,
            "levels": _histogram(sums),
            **kinds,
            "lagging": sums.get("lagging"),
            "stale": sums.get("stale"),
        }
    )
    return found


FAMILY: Final = Family(
    metric="M14",
    facts=frozenset(),
    terms=lambda _state, _day, _under: None,
    unknown=None,
    headline=headline,
    figure=figure,
    own=lambda _state, _day, _under: None,
    lines=lambda _state: (),
    scopes=("global", "country:", "region:", "theme:"),
)

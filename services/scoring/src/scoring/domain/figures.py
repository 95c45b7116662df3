"""What is published: one figure for a metric and a scope, from a cell's vector or from a project's scores."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any

from scoring.domain.balance import Balance, balance
from scoring.domain.cells import BALANCED, INTERNAL, At, Vector
from scoring.domain.effectiveness import state_of
from scoring.domain.numbers import half_even
from scoring.domain.pace import GOOD, NOT_ASSESSED, STATUSES
from scoring.domain.parameters import COVERAGE_UNIT, MICRO, PILLARS, Parameters

SAFE = 2**53  # integers beyond this are not exact in every reader of JSON
_FINE = 10**9
SMALL = 3  # projects below which a total would give a restricted one away [POLICY, ADR 0034]


@dataclass(slots=True)
class Figure:
    """One figure; values and bounds in µ. ``value`` is None where it is withheld or there is none."""

    metric: str
    scope: str
    value: int | None = None
    state: str = "NOT_APPLICABLE"
    observed: int = 0
    expected: int = 0
    lower: int | None = None
    upper: int | None = None
    flags: tuple[str, ...] = ()
    parts: dict[str, Any] = field(default_factory=dict)
    projects: int = 0
    inferred_ppm: int = 0
    classification: str = "public"
    owner: str | None = None
    demonstration: bool = False
    withheld: str | None = None  # why those beyond its class are told that it is there, and not what it is

    def digest(self) -> bytes:
        """Of what a reader sees: coverage counts as far as it is printed, so that no unseen change is told."""
        seen = half_even(self.observed * MICRO, self.expected) if self.expected else -1
        shown = (
            self.value,
            self.state,
            seen,
            self.lower,
            self.upper,
            self.flags,
            self.parts,
            self.projects,
            self.inferred_ppm,
            self.classification,
            self.owner,
            self.demonstration,
            *((self.withheld,) if self.withheld else ()),
        )
        return hashlib.blake2b(repr(shown).encode(), digest_size=8).digest()


def metrics_of(scope: str) -> tuple[str, ...]:
    """The metrics published for an aggregate scope."""
    if scope.startswith(INTERNAL):
        return ()
    return ("M2", "M4", "M7") if scope.startswith(BALANCED) else ("M2", "M4")


def aggregate(metric: str, scope: str, vector: Vector, under: Parameters, why: str | None = None) -> Figure | None:
    """The figure of a cell; None where no project is left in it.

    ``why`` says why it is withheld from the public, if it is (``scoring.domain.suppression``).
    """
    if not vector[At.PROJECTS]:
        return None
    figure = {"M2": _on_track, "M4": _effectiveness, "M7": _balance}[metric](scope, vector, under)
    figure.projects = vector[At.PROJECTS]
    figure.demonstration = vector[At.DEMONSTRATIONS] > 0
    if vector[At.SUSPENDED]:
        figure.flags += ("INCLUDES_SUSPENDED",)
    note_unknown(figure, vector[At.RESTRICTED])
    figure.classification, figure.owner = readers_of(scope, vector)
    if figure.classification != "public":
        figure.flags += ("SMALL_CELL",)
    if why is not None:
        keep_back(figure, why, vector[At.RESTRICTED])
    return figure


def note_unknown(figure: Figure, restricted: int) -> None:
    """Say how many projects of a total their owners withhold: they count as unknown (ADR 0091)."""
    if restricted:
        figure.flags += ("INCLUDES_WITHHELD",)
        figure.parts["withheld_projects"] = restricted


def keep_back(figure: Figure, why: str, restricted: int) -> None:
    """Keep a total to entities and the secretariat. Others are told that it is there, unless that alone would tell
    of projects that they may not read: where all are restricted, and so few that the total was never public.
    """
    figure.classification = closed_to(figure.classification, why)
    flag = "SMALL_CELL" if why == "small-cell" else "COMPLEMENTARY"
    if "SMALL_CELL" not in figure.flags:
        figure.flags += (flag,)
    if figure.projects > restricted or figure.projects >= SMALL:
        figure.withheld = why


def closed_to(classification: str, why: str | None) -> str:
    """The class of a total that is withheld from the public."""
    return "compact" if why is not None and classification == "public" else classification


def readers_of(scope: str, vector: Vector) -> tuple[str, str | None]:
    """Class and owner of a total, by who is in its cell."""
    return readers(scope, vector[At.PROJECTS], vector[At.RESTRICTED], vector[At.CLOSED])


def readers(scope: str, projects: int, restricted: int, closed: int) -> tuple[str, str | None]:
    """Class and owner of a total. Totals are public, unless so few projects are in one that a restricted project
    could be read off; an entity always reads its own (ADR 0034).
    """
    kind, _, rest = scope.partition(":")
    owner = rest.rpartition("|")[0] if kind == "entity-pillar" else rest if kind == "entity" else None
    if restricted and projects < SMALL:
        return ("owner" if closed else "compact"), owner
    return "public", owner


def coverage(observed: int, expected: int) -> tuple[int, int]:
    """Coverage in lowest terms; where the terms are too long for JSON, in billionths."""
    if not expected:
        return 0, 0
    divisor = gcd(observed, expected)
    observed, expected = observed // divisor, expected // divisor
    if expected > SAFE:
        return half_even(observed * _FINE, expected), _FINE
    return observed, expected


def mean_figure(
    metric: str,
    scope: str,
    total: tuple[int, int],
    bounds: tuple[int, int] | None,
    covered: tuple[int, int],
    under: Parameters,
) -> Figure:
    """A ratio (numerator, denominator) with its bounds and the state its coverage allows."""
    state = state_of(*covered, under)
    observed, expected = coverage(*covered)
    figure = Figure(metric, scope, None, state, observed, expected)
    if bounds is not None and expected:
        figure.lower, figure.upper = bounds
    if state in {"PUBLISHED", "PROVISIONAL"} and total[1]:
        figure.value = half_even(*total)
    return figure


# Aggregates ------------------------------------------------------------------------------------------------


def _effectiveness(scope: str, v: Vector, under: Parameters) -> Figure:
    figure = _mean_of(scope, v, At.A_ALL, under)
    twin = _mean_of(scope, v, At.X_ALL, under)
    figure.parts = {
        "by_budget": twin.value,
        "by_budget_state": twin.state,
        "by_budget_lower": twin.lower,
        "by_budget_upper": twin.upper,
        "known": v[At.KNOWN],
        "outputs_without_outcomes": v[At.WITHOUT_OUTCOMES],
        "no_results": v[At.WITHOUT_RESULTS],
    }
    if figure.value is not None:
        figure.parts["scenarios"] = _scenarios(figure, twin, v)
    if ":" in scope and v[At.A_INFERRED] and "pillar" in scope.partition(":")[0] and v[At.A_ALL]:
        figure.inferred_ppm = min(MICRO, half_even(v[At.A_INFERRED] * MICRO, v[At.A_ALL]))
    return figure


def _scenarios(headline: Figure, twin: Figure, v: Vector) -> dict[str, int]:
    """The same question under other methods, S1 to S7 (§0.7), in µ: how much of the answer is the method's."""
    found = {"S0": headline.value, "S1": twin.value, "S5": headline.lower, "S6": headline.upper}
    ratios = {
        "S2": (v[At.A_S2], v[At.A_KNOWN]),
        "S3": (v[At.A_S3], v[At.A_KNOWN]),
        "S4": (v[At.A_S4], v[At.A_S4_KNOWN]),
        "S7": (v[At.A_S7], v[At.A_KNOWN]),
    }
    found |= {name: half_even(*ratio) for name, ratio in ratios.items() if ratio[1]}
    return {name: value for name, value in sorted(found.items()) if value is not None}


def _mean_of(scope: str, v: Vector, base: int, under: Parameters) -> Figure:
    """Mean over what is known, bounds and coverage over all: the sums stand in one order for both weightings."""
    everything, known, e, lower, upper, covered = v[base : base + 6]
    bounds = (half_even(lower, everything), half_even(upper, everything)) if everything > 0 else None
    return mean_figure("M4", scope, (e, known), bounds, (covered, everything * COVERAGE_UNIT), under)


def histogram(values: Sequence[int]) -> dict[str, int]:
    """The bins that are not empty, by status."""
    return {status: n for status, n in zip(STATUSES, values, strict=True) if n}


def on_track(metric: str, scope: str, number: Sequence[int], weight: Sequence[int], under: Parameters) -> Figure:
    """The share of assessed weight that is achieved, on track or maintained; never a mean of statuses (M2)."""
    by_weight = dict(zip(STATUSES, weight, strict=True))
    good = sum(n for status, n in by_weight.items() if status in GOOD)
    assessed = sum(n for status, n in by_weight.items() if status not in NOT_ASSESSED)
    unknown = by_weight["NO_DATA"]
    whole = assessed + unknown
    bounds = (half_even(good * MICRO, whole), half_even((good + unknown) * MICRO, whole)) if whole else None
    figure = mean_figure(metric, scope, (good * MICRO, assessed), bounds, (assessed, whole), under)
    total = sum(n for status, n in by_weight.items() if status != "STALE")
    figure.parts = {
        "histogram": histogram(number),
        "by_weight": {s: half_even(n * MICRO, total) for s, n in histogram(weight).items()} if total else {},
    }
    if by_weight["STALE"]:
        figure.flags += ("STALE",)
    return figure


def _on_track(scope: str, v: Vector, under: Parameters) -> Figure:
    statuses = len(STATUSES)
    figure = on_track("M2", scope, v[At.NUMBER : At.NUMBER + statuses], v[At.WEIGHT : At.WEIGHT + statuses], under)
    if "pillar" in scope.partition(":")[0] and v[At.A_INFERRED] and v[At.A_ALL]:
        figure.inferred_ppm = min(MICRO, half_even(v[At.A_INFERRED] * MICRO, v[At.A_ALL]))
    return figure


def _balance(scope: str, v: Vector, under: Parameters) -> Figure:
    """M7 on budgets; expenditure stands beside it."""
    budget = balance(v[At.BUDGET : At.BUDGET + 4], v[At.BUDGET + 4])
    spend = balance(v[At.SPEND : At.SPEND + 4], v[At.SPEND + 4])
    state = "INSUFFICIENT_DATA" if budget.negative else state_of(budget.observed, budget.expected, under)
    observed, expected = coverage(budget.observed, budget.expected)
    figure = Figure("M7", scope, None, state, observed, expected, budget.lower, budget.upper)
    if state in {"PUBLISHED", "PROVISIONAL"}:
        figure.value = budget.least
    if budget.observed:
        figure.inferred_ppm = min(MICRO, max(0, half_even(v[At.BUDGET_INFERRED] * MICRO, budget.observed)))
    if budget.negative or spend.negative:
        figure.flags += ("NEGATIVE_TOTAL",)
    if budget.expected and not budget.indices:
        figure.flags += ("PILLAR_UNALLOCATED",)
    if figure.inferred_ppm:
        figure.flags += ("PILLAR_INFERRED",)
    if v[At.FX_MISSING]:
        figure.flags += ("FX_RATE_MISSING",)
    days = [half_even(n, MICRO) for n in v[At.EFFORT : At.EFFORT + 5]]
    effort = balance(days[:4], days[4])
    figure.parts = {
        "effort": _amounts(effort),
        "effort_shares": dict(zip(PILLARS, effort.shares, strict=False)),
        "effort_indices": effort.indices,
        "budget": _amounts(budget),
        "expenditure": _amounts(spend),
        "shares": dict(zip(PILLARS, budget.shares, strict=False)),
        "expenditure_shares": dict(zip(PILLARS, spend.shares, strict=False)),
        "indices": budget.indices,
        "expenditure_indices": spend.indices,
        "fx_missing_projects": v[At.FX_MISSING],
    }
    return figure


def _amounts(found: Balance) -> dict[str, int]:
    """Cents by pillar, and what has none."""
    return {**dict(zip(PILLARS, found.pillars, strict=True)), "unallocated": found.unallocated}


def vacated(metric: str, scope: str, classification: str = "public", owner: str | None = None) -> Figure:
    """What is said of a figure once nothing is left in it: it does not apply any more."""
    return Figure(metric, scope, classification=classification, owner=owner)


def as_parts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parts without what is not there."""
    return {name: value for name, value in values.items() if value not in (None, (), [], {})}

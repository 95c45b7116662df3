"""How much of published results can be scored, and for the rest why not, with the shortest remedy (§2.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from intake.domain.fact import INDICATOR, OBSERVATION, Fact

REMEDIES: Final = {
    "QUARANTINED": "Mend the errors of the activity; then its indicators are read.",
    "NOMINAL": "Choose a measure that can be scored, or leave it: a frequency table shows it.",
    "QUALITATIVE": "Have a named assessor rate it: NOT, PARTIAL, MOSTLY or FULL, with a document.",
    "NO_ACTUAL": "Report an actual for at least one period.",
    "ACTUAL_IN_WORDS": "Write the figure of the comment into the actual's value.",
    "ACTUAL_DISAGGREGATED": "Publish the total beside the parts, or declare the parts complete.",
    "SEVERAL_VALUES": "Keep one actual for each period and place.",
    "NO_TARGET": "Publish a target for the final period.",
    "NO_BASELINE": "Publish a baseline value with its year.",
    "DIRECTION_CONFLICT": "Mend ascending, or adopt the dialect direction: from-values.",
    "DIRECTION_UNKNOWN": "Say whether the indicator is ascending; target and baseline are equal.",
    "WITHHELD": "Nothing to do; the value is withheld for security.",
    "TARGET_PLACEHOLDER": "Publish the real target; baseline and target are both 0.",
}
"""Why an indicator cannot be scored, and the shortest way to mend it."""

_NOMINAL: Final = "3"
_QUALITATIVE: Final = "5"


@dataclass(frozen=True, slots=True)
class Readability:
    """Counts of indicators; several reasons may hold for one."""

    indicators: int = 0
    scorable: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    together: Mapping[str, int] = field(default_factory=dict)
    """Indicators by all the reasons that hold for each, separated by blanks: what one remedy alone makes usable."""

    def as_dict(self) -> dict[str, Any]:
        """The contract's Readability, most frequent reason first, each with its remedy."""
        ranked = sorted(self.reasons, key=lambda reason: (-self.reasons[reason], reason))
        return {
            "indicators": self.indicators,
            "scorable": self.scorable,
            "reasons": {reason: self.reasons[reason] for reason in ranked},
            "remedies": {reason: REMEDIES[reason] for reason in ranked},
        }

    def of_project(self) -> dict[str, Any]:
        """What is kept of one project: the contract's, and which reasons hold together."""
        return {**self.as_dict(), "together": dict(sorted(self.together.items()))}


def quarantined(indicators: int) -> Readability:
    """The readability of a quarantined activity: none of its indicators is read."""
    found = {"QUARANTINED": indicators} if indicators else {}
    return Readability(indicators, 0, found, found)


def readability(facts: Iterable[Fact]) -> Readability:
    """The readability of a project from its facts."""
    indicators: list[dict[str, Any]] = []
    observations: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        if fact.type == INDICATOR:
            if not fact.data.get("not_applicable"):
                indicators.append(fact.data)
        elif fact.type == OBSERVATION:
            observations.setdefault(fact.data["indicator_id"], []).append(fact.data)
    found: Counter[str] = Counter()
    together: Counter[str] = Counter()
    for indicator in indicators:
        reasons = reasons_of(indicator, observations.get(indicator["indicator_id"], []))
        found.update(reasons)
        together[" ".join(sorted(reasons))] += 1
    scorable = together.pop("", 0)
    return Readability(len(indicators), scorable, dict(found), dict(together))


def together_of(kept: Mapping[str, Any]) -> Mapping[str, int]:
    """Which reasons hold together in a project, of what is kept of it.

    Where that was not kept, the least is said: each unusable indicator wants every remedy, unless the counts show that
    each has one reason.
    """
    if "together" in kept:
        found: Mapping[str, int] = kept["together"]
        return found
    unusable, reasons = kept.get("indicators", 0) - kept.get("scorable", 0), kept.get("reasons", {})
    if unusable == sum(reasons.values()):
        return dict(reasons)
    return {" ".join(sorted(reasons)): unusable}


def reasons_of(indicator: Mapping[str, Any], observations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why this indicator cannot be scored (M1, R1 to R7); empty where it can."""
    if indicator.get("withheld"):
        return ["WITHHELD"]
    if indicator["measure"] == _NOMINAL:
        return ["NOMINAL"]
    if indicator["measure"] == _QUALITATIVE or indicator.get("kind") == "RUBRIC":
        rated = any(item.get("rubric") and item.get("assessor") for item in observations)
        return [] if rated else ["QUALITATIVE"]
    actual = _actual(indicator, observations)
    found = [actual] if actual else []
    if indicator.get("kind") == "BAND":
        return [*found, *([] if indicator.get("band") else ["NO_TARGET"])]
    target = _final_target(indicator.get("targets", []))
    if target is None:
        return [*found, "NO_TARGET"]
    baseline = _baseline(indicator, target)
    if baseline is None and indicator.get("kind") != "MAINTAIN":
        found.append("NO_BASELINE")
    elif baseline is not None:
        found += _direction(indicator, baseline, target)
    return found


def nested(indicator: Mapping[str, Any], observations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one period of the indicator contains another (R2); that is readable, and told apart."""
    periods = {(target["period_start"], target["period_end"]) for target in indicator.get("targets", [])}
    periods |= {(item["period"]["start"], item["period"]["end"]) for item in observations}
    return any(
        outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1] for outer in periods for inner in periods
    )


def _actual(indicator: Mapping[str, Any], observations: Sequence[Mapping[str, Any]]) -> str | None:
    """Why no actual can be taken as the indicator's value."""
    if not observations:
        return "NO_ACTUAL"
    valued = [item for item in observations if item.get("value") is not None or item.get("numerator") is not None]
    if not valued:
        return "ACTUAL_IN_WORDS"
    total = [item for item in valued if not item.get("place")]
    if not total:
        # R5: one location that every value of the indicator carries is the total.
        others = [*indicator.get("targets", []), *indicator.get("baselines", [])]
        if not _one_location([*valued, *(item for item in others if item.get("place"))]):
            return "ACTUAL_DISAGGREGATED"
        total = valued
    slots: dict[tuple[str, str], set[Any]] = {}
    for item in total:
        slot = (item["period"]["start"], item["period"]["end"])
        slots.setdefault(slot, set()).add(
            Decimal(item["value"]) if item.get("value") is not None else item["numerator"]
        )
    return None if any(len(values) == 1 for values in slots.values()) else "SEVERAL_VALUES"


def _one_location(items: Sequence[Mapping[str, Any]]) -> bool:
    places = [item.get("place") or {} for item in items]
    return all(place == places[0] and place.get("location") and not place.get("dimensions") for place in places)


def _total_of(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The readable values that are not parts: unplaced ones, else those of one location (R5)."""
    valued = [item for item in items if item.get("value") is not None]
    whole = [item for item in valued if not item.get("place")]
    return whole or (valued if valued and _one_location(valued) else [])


def _final_target(targets: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """The target that ends last; of those the longest, which encloses the others (R2)."""
    whole = _total_of(targets)
    if not whole:
        return None
    last = max(target["period_end"] for target in whole)
    final = min((t for t in whole if t["period_end"] == last), key=lambda t: str(t["period_start"]))
    return Decimal(final["value"])


def _baseline(indicator: Mapping[str, Any], target: Decimal) -> Decimal | None:
    """The baseline; 0 for an output count that should grow and has none (M1 i)."""
    values = {Decimal(item["value"]) for item in _total_of(indicator.get("baselines", []))}
    if values:
        return values.pop() if len(values) == 1 else None
    count = indicator["result_type"] == "1" and indicator["measure"] == "1"
    grows = indicator.get("ascending") or (indicator.get("ascending") is None and target > 0)
    return Decimal(0) if count and grows else None


def _direction(indicator: Mapping[str, Any], baseline: Decimal, target: Decimal) -> list[str]:
    ascending = indicator.get("ascending")
    if baseline == target:
        if target == 0 and ascending is not False:
            return ["TARGET_PLACEHOLDER"]  # R1
        return ["DIRECTION_UNKNOWN"] if ascending is None else []
    maintained = indicator.get("kind") == "MAINTAIN"
    if ascending is not None and ascending != (target > baseline) and not maintained:
        return ["DIRECTION_CONFLICT"]
    return []

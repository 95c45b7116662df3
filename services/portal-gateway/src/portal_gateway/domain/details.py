"""What stands behind a figure besides its value, in rows a reader can take in: scenarios, grades, gates, amounts.

Scoring publishes it as the figure's parts; here is said which of them are shown, what they are called, and in which
unit they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.numbers import MICRO

Format = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is, and its values, each with a name where there are several."""

    label: str
    values: tuple[tuple[str, str], ...]


def _share(value: Any) -> str:
    return f"{numbers.percent(int(value))}%"


def _count(value: Any) -> str:
    return numbers.grouped(int(value))


def _money(value: Any) -> str:
    """Cents, as whole dollars."""
    return numbers.dollars(int(value))


def _days(value: Any) -> str:
    """Hundredths of person-days."""
    return numbers.hundredths(int(value))


def _of_25(value: Any) -> str:
    return f"{int(value)} / 25"


def _points(value: Any) -> str:
    return numbers.points(int(value))


def _ratio(value: Any) -> str:
    return numbers.localised(f"{int(value) / MICRO:.2f}")


_CODES: Final = {
    "GO": N_("Go"),
    "GO_WITH_CONDITIONS": N_("Go with conditions"),
    "HOLD": N_("Hold"),
    "ESCALATE": N_("Escalate"),
    "NO_GO": N_("No go"),
    "LOW": N_("Low"),
    "MEDIUM": N_("Medium"),
    "HIGH": N_("High"),
    "VERY_HIGH": N_("Very high"),
    "MET": N_("Met"),
    "NOT_MET": N_("Not met"),
    "INDETERMINATE": N_("Cannot be said"),
    "missing": N_("missing"),
    "unallocated": N_("not allocated"),
    "null": N_("not screened"),
    "none": N_("none"),
    "core": N_("core"),
    "financials": N_("financials"),
    "value_added": N_("value added"),
    "freshness": N_("freshness"),
    "frequency": N_("frequency"),
    "time_lag": N_("time lag"),
    "observed": N_("observed"),
    "expected": N_("expected"),
    "STATE": N_("the State"),
    "NO_REGISTER": N_("no register"),
    "NONE_OPEN": N_("No open risk"),
}
"""Codes that figures carry and people do not speak in; every other one is a proper name or a letter."""


def _said(value: Any) -> str:
    code = str(value)
    return said(_CODES[code]) if code in _CODES else code.replace("_", " ").capitalize()


SCENARIOS: Final = N_("Under other methods")
"""The row of scenarios, which the page of a figure draws instead."""

_SHOWN: Final[dict[str, tuple[tuple[str, str, Format], ...]]] = {
    "M3": (
        ("grades", N_("Indicators by grade"), _count),
        ("by_weight", N_("By weight"), _share),
    ),
    "M4": (("scenarios", SCENARIOS, _share),),
    "M5": (
        ("evaluated", N_("Projects evaluated"), _count),
        ("positive", N_("Found to do well"), _count),
        ("mean_u", N_("Mean rating, share of the scale"), _share),
        ("histogram", N_("Overall ratings by scale"), _count),
        ("recommendations", N_("Recommendations accepted and due"), _count),
        ("follow_up", N_("Of these, implemented"), _share),
        ("evaluated_by_budget", N_("Evaluated, by budget"), _share),
    ),
    "M6": (
        ("evidenced", N_("Evidenced"), _share),
        ("evidence_gap", N_("Gap between reported and evidenced"), _share),
        ("depth", N_("Depth: so many equal parts"), _ratio),
        ("indicators", N_("Outcome and impact indicators"), _count),
    ),
    "M7": (
        ("effort", N_("Person-days"), _days),
        ("effort_shares", N_("Share of person-days"), _share),
    ),
    "M8": (
        ("design.gender.count.by_code", N_("Gender marker, projects"), _count),
        ("design.gender.budget.share", N_("Gender, by budget"), _share),
        ("design.gender.expenditure.share", N_("Gender, by expenditure"), _share),
        ("design.rights.count.share", N_("Human rights marker"), _share),
        ("design.rights.count.mainstreamed", N_("Human rights mainstreamed, due diligence in order"), _share),
    ),
    "M9": (
        ("year", N_("Year"), str),
        ("status", N_("Against the 15 per cent"), _said),
    ),
    "M10": (
        ("gate", N_("Gate"), _said),
        ("residual", N_("Highest residual risk"), _of_25),
        ("inherent", N_("Highest inherent risk"), _of_25),
        ("gates", N_("Projects by gate"), _count),
        ("bands", N_("Projects by highest risk"), _count),
        ("heat", N_("Open risks, likelihood × impact"), _count),
        ("budget", N_("Budget by highest risk"), _money),
    ),
    "M11": (
        ("required", N_("Required"), _money),
        ("available", N_("Available"), _money),
        ("gap", N_("Gap, never netted"), _money),
        ("surplus", N_("Surplus"), _money),
        ("pledged", N_("Pledged, not counted"), _money),
        ("delivery", N_("Spent, of what is available"), _share),
    ),
    "M12": (
        ("open.third_party", N_("One says it reports the other’s activity"), _count),
        ("open.likely", N_("Probably one project, reported twice"), _count),
        ("open.review", N_("Perhaps one project, reported twice"), _count),
        ("overlaps.coordinate", N_("Different projects of one kind, to coordinate"), _count),
        ("overlaps.synergy", N_("Different projects that complement each other"), _count),
        ("decided.duplicate", N_("Decided: one project; both still count"), _count),
        ("decided.distinct", N_("Decided: different projects"), _count),
        ("decided.joined", N_("Decided: they work together"), _count),
    ),
    "M13": (
        ("needs", N_("Needs"), _count),
        ("countries", N_("Countries with needs"), _count),
        ("unaddressed", N_("Without any project"), _count),
        ("gap", N_("Gap"), _share),
        ("planned", N_("Planned, not yet under way"), _share),
        ("oversupply", N_("Met more than once"), _share),
    ),
    "M14": (
        ("assessor", N_("Assessed by"), _said),
        ("levels", N_("Provisions by level, 0 not started to 4 full"), _count),
        ("legal.value", N_("Law on the books"), _share),
        ("operational.value", N_("Practice"), _share),
        ("delta", N_("Change a year"), _points),
        ("disagree", N_("State and CTED disagree on"), _count),
        ("countries", N_("Countries"), _count),
        ("lagging", N_("Lagging"), _count),
    ),
    "M15": (
        ("due", N_("Reports due"), _count),
        ("late", N_("Late"), _count),
        ("unreported", N_("Overdue and not reported"), _count),
        ("completeness", N_("Completeness of project data"), _share),
        ("groups", N_("Completeness by group"), _share),
        ("freshness", N_("Freshness, frequency and time lag"), _share),
    ),
    "M17": (
        ("pillars", N_("Effectiveness by pillar"), _share),
        ("least", N_("The weakest"), _share),
    ),
}


def details(metric: str, parts: Mapping[str, Any]) -> list[Row]:
    """The rows behind a figure, in their order; what a figure does not have is left out."""
    rows = []
    for path, label, shown in _SHOWN.get(metric, ()):
        found = _at(parts, path)
        values = tuple(_values(found, shown)) if found not in (None, {}, []) else ()
        if values:
            rows.append(Row(label, values))
    if metric == "M9":
        rows += _years(parts.get("years") or {})
    return rows


def _at(parts: Mapping[str, Any], path: str) -> Any:
    found: Any = parts
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _values(found: Any, shown: Format, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for key, value in found.items():
            yield from _values(value, shown, f"{name} {_name(str(key))}".strip())
    else:
        yield name, shown(found) if found is not None else _("unknown")


_SCENARIOS: Final = {
    "S0": N_("as published"),
    "S1": N_("weighed by budget"),
    "S2": N_("geometric over levels"),
    "S3": N_("capped at 120%%"),
    "S4": N_("without the weakest evidence"),
    "S5": N_("what is missing failed"),
    "S6": N_("what is missing succeeded"),
    "S7": N_("levels weighed alike"),
}
"""The methods of methodology §0.7."""


def _name(key: str) -> str:
    if key in _SCENARIOS:
        return said(_SCENARIOS[key])
    if key in _CODES:
        return said(_CODES[key])
    return key if not key.islower() and "_" not in key else key.replace("_", " ")


def _years(years: Mapping[str, Any]) -> Iterator[Row]:
    for year, by in years.items():
        if "strict" in by:
            strict, broad = (_interval(by[reading]) for reading in ("strict", "broad"))
            yield Row(year, ((_("strict"), strict), (_("broad"), broad), (_("coded"), _share(by["coded"]))))


def _interval(bounds: Mapping[str, int]) -> str:
    return numbers.span(_share(bounds["lower"]), _share(bounds["upper"]))

"""A figure in a sentence, as a person would say it."""

from __future__ import annotations

from typing import Final

from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import N_, _, ngettext, said
from portal_gateway.domain.view import Figure

_SENTENCES: Final = {
    "M3": N_(
        "Where every value were beyond doubt this would be 100%%; it is %(value)s%%. What is missing counts as nothing."
    ),
    "M5": N_(
        "%(positive)s of the %(evaluated)s evaluated projects were found to do well. Projects are not evaluated by lot,"
        " so the interval is indicative."
    ),
    "M6": N_("Of the outcomes and impact set out, %(value)s%% is reported as achieved: contribution, not attribution."),
    "M8": N_(
        "%(value)s%% of the projects that were screened have gender equality as a significant or principal objective."
    ),
    "M9": N_("In %(year)s, %(value)s%% of coded expenditure has gender equality as its principal objective."),
    "M10": N_("The highest open risk scores %(residual)s of 25."),
    "M11": N_("%(value)s%% of what is required is available; an over-funded project covers no other."),
    "M12": N_(
        "Among %(projects)s projects, %(pairs)s pairs that may be one project reported twice wait for a decision."
        " Nothing is merged by itself."
    ),
    "M13": N_(
        "%(value)s%% of what countries need is met, by weight; %(unaddressed)s of %(needs)s needs have no project at"
        " all."
    ),
    "M15": N_("%(value)s%% of what was due was reported in time; a late report counts for less the later it comes."),
    "M17": N_("The geometric mean of the four pillars: where one is weak, the others do not make up for it."),
}


def sentence(found: Figure) -> str:
    """The figure as a person would say it."""
    if found.kept_back:
        return _(
            "%(reason)s. The entities of the Compact and the secretariat read it; what single projects publish is open"
            " to all.",
            reason=said(words.WITHHELD[found.kept_back].text),
        )
    if found.metric not in {"M1", "M4"}:
        return _other(found)
    if found.metric == "M1" and found.scope.startswith("project:") and found.value is None:
        return _("The attainments of its indicators stand side by side; they have no sum. Choose one below.")
    lower, upper = found.lower, found.upper
    bounds = ""
    if lower is not None and upper is not None and lower != upper:
        bounds = " " + _(
            "If everything not reported had failed it would be %(lower)s%%; if it had all succeeded, %(upper)s%%.",
            lower=numbers.percent(lower),
            upper=numbers.percent(upper),
        )
    if found.metric == "M1" and found.value is None:
        return _("Nothing that can be scored is reported, so it may be anywhere.")
    if not found.shown or found.value is None:
        little = _(
            "%(share)s%% of what is due is known, too little for a figure. The interval is shown all the same.",
            share=numbers.percent(found.known),
        )
        return little + bounds
    return _far(found, numbers.percent(found.value)) + bounds


def _far(found: Figure, value: str) -> str:
    """How far the work has gone, of whatever the figure is about."""
    match found.scope.partition(":")[0]:
        case "indicator":
            return _("The indicator has gone %(value)s%% of the way from baseline to target.", value=value)
        case "project":
            return _("The project has gone %(value)s%% of the way from baseline to target.", value=value)
        case _other:
            return ngettext(
                "The one project has gone %(value)s%% of the way from baseline to target.",
                "The %(projects)s projects have gone %(value)s%% of the way from baseline to target.",
                found.projects,
                projects=numbers.grouped(found.projects),
                value=value,
            )


def _other(found: Figure) -> str:
    """Any other figure in a sentence; of a metric of a later method none is said."""
    if not found.shown or found.value is None:
        return ""
    value = numbers.percent(found.value)
    if found.metric in _SENTENCES:
        return _(_SENTENCES[found.metric], value=value, **_amounts(found))
    if found.metric not in {"M2", "M7"}:
        return ""
    if found.metric == "M7":
        return _("The pillar with the least money has %(value)s%% of all that is allocated to a pillar.", value=value)
    if found.scope.startswith("indicator:"):
        return _("At the last report %(value)s%% of what was planned by then was reached.", value=value)
    return _(
        "%(value)s%% of the indicators that can be judged are achieved, maintained or on track, by weight.", value=value
    )


def _amounts(found: Figure) -> dict[str, str]:
    """The parts that a sentence names."""
    names = ("positive", "evaluated", "residual", "needs", "unaddressed", "pairs", "projects")
    counts = {name: numbers.grouped(int(found.parts.get(name) or 0)) for name in names}
    return counts | {"year": str(found.parts.get("year") or "")}

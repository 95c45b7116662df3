"""The results chain of a project, with each indicator's figure, pace and flags in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portal_gateway.api.pages.values import GRADES, letter_of, values_of
from portal_gateway.domain.drawing import trajectory
from portal_gateway.domain.drawing.trajectory import BOTTOM, LADDER, TOP
from portal_gateway.domain.project import chain
from portal_gateway.domain.project.chain import Indicator, Result
from portal_gateway.domain.project.history import SOURCES, Names, value
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import _, ngettext, said
from portal_gateway.domain.view import Figure

_FEW: Final = 12
"""Indicators of a level that a page draws at first: some publishers have four hundred in a project."""
_WEIGHTS: Final = {"1": "¼", "2": "½", "3": "¼"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the chain is made of."""

    project_id: str
    indicators: list[dict[str, Any]]
    whole: Figure | None
    figures: Mapping[tuple[str, str], Figure]
    today: date
    lang: str
    names: Names
    mirrored: bool = False
    everything: bool = False


def levels_of(parts: Parts) -> list[dict[str, Any]]:
    """Levels for the template, impact first."""
    words_ = (_("baseline"), _("target"))
    arranged = chain.levels(parts.indicators, as_of=parts.today, lang=parts.lang, names=words_, mirrored=parts.mirrored)
    return [
        {
            "code": level.code,
            "about": _about_level(parts, level.code),
            "figure": _level_figure(parts, level.code),
            "label": _label(parts, level.code),
            "indicators": sum(len(result.indicators) for result in level.results),
            "results": _drawn([_result(parts, result) for result in level.results], everything=parts.everything),
        }
        for level in arranged
    ]


def _drawn(results: list[dict[str, Any]], *, everything: bool) -> list[dict[str, Any]]:
    """Say of each indicator whether the page draws it, and of each result how many of its are drawn."""
    room = sum(len(result["indicators"]) for result in results) if everything else _FEW
    for result in results:
        for i in result["indicators"]:
            i["drawn"] = room > 0
            room -= 1
        result["drawn"] = sum(1 for i in result["indicators"] if i["drawn"])
    return results


def _part_of(parts: Parts, kind: str, code: str) -> Mapping[str, Any] | None:
    """A level or a result as the project's M4 says it: value, lower, upper, coverage."""
    found = (parts.whole.parts.get(kind) or {}).get(code) if parts.whole else None
    return found if isinstance(found, dict) else None


def _level_figure(parts: Parts, code: str) -> Figure | None:
    found, whole = _part_of(parts, "levels", code), parts.whole
    if found is None or whole is None:
        return None
    return part_figure(whole, found)


def part_figure(whole: Figure, part: Mapping[str, Any]) -> Figure:
    """A part of a figure, as scoring lists it, as a figure of its own, to be drawn under it."""
    value = part.get("mean")
    return Figure(
        metric=whole.metric,
        scope=whole.scope,
        value=value,
        unit=whole.unit,
        state=part.get("state") or ("PUBLISHED" if value is not None else "INSUFFICIENT_DATA"),
        observed=part.get("coverage") or 0,
        expected=numbers.MICRO,
        lower=part.get("lower"),
        upper=part.get("upper"),
        valid_as_of=whole.valid_as_of,
        known_as_of=whole.known_as_of,
        method_version=whole.method_version,
        revision=whole.revision,
        updated_at=whole.updated_at,
    )


def _label(parts: Parts, code: str) -> str:
    found = _part_of(parts, "levels", code)
    name = said(words.LEVELS[code])
    if found is None or found.get("mean") is None:
        return _("%(name)s: unknown", name=name)
    return _("%(name)s: %(value)s", name=name, value=numbers.percent(found["mean"]))


def _about_level(parts: Parts, code: str) -> str:
    found = _part_of(parts, "levels", code)
    line = []
    if found and found.get("mean") is not None:
        line.append(f"{numbers.percent(found['mean'])}%")
    if found and found.get("lower") is not None and found.get("lower") != found.get("upper"):
        lower, upper = numbers.percent(found["lower"]), numbers.percent(found["upper"])
        line.append(_("%(first)s to %(last)s", first=lower, last=upper))
    line.append(_("weight %(weight)s", weight=_WEIGHTS[code]) if code in _WEIGHTS else _("shown, not scored"))
    if found and found.get("coverage") is not None:
        line.append(_("%(share)s%% known", share=numbers.percent(found["coverage"])))
    return " · ".join(line)


def _result(parts: Parts, result: Result) -> dict[str, Any]:
    found = _part_of(parts, "results", result.result_id)
    line = [result.title]
    if found and found.get("mean") is not None:
        line.append(f"{numbers.percent(found['mean'])}%")
    known = sum(1 for i in result.indicators if i.latest)
    line.append(_("%(known)s of %(all)s with a value", known=known, all=len(result.indicators)))
    # Some publishers repeat the title of a result as that of its only indicator, whose row then says everything.
    same = len(result.indicators) == 1 and result.indicators[0].title.casefold() == result.title.casefold()
    return {
        "title": "" if same else " · ".join(line),
        "lang": result.lang,
        "indicators": [_indicator(parts, i) for i in result.indicators],
    }


def _indicator(parts: Parts, i: Indicator) -> dict[str, Any]:
    scope = f"indicator:{parts.project_id}|{i.indicator_id}"
    m1, m2 = parts.figures.get(("M1", scope)), parts.figures.get(("M2", scope))
    status = str((m2.parts if m2 else {}).get("status") or "")
    raw = (m1.parts if m1 else {}).get("raw")
    before = numbers.percent(raw) if m1 is not None and isinstance(raw, int) and raw != m1.value else ""
    flags = list(dict.fromkeys([*(m1.flags if m1 else ()), *i.flags]))
    data = next(row for row in parts.indicators if row["indicator_id"] == i.indicator_id)
    letter = letter_of(m1.parts) if m1 else ""
    return {
        "anchor": "i-" + re.sub(r"[^A-Za-z0-9_-]", "-", i.indicator_id),
        "title": i.title,
        "lang": i.lang,
        "about": about(i),
        "trajectory": i.drawing,
        "ladder": _ladder(i) if i.rubric else None,
        "spoken": spoken(i),
        "said": _values(i),
        "figure": m1,
        "raw": _("raw %(value)s%%", value=before) if before else "",
        "pace": words.STATUSES.get(status),
        "pace_text": _("%(share)s%% of plan", share=numbers.percent(m2.value)) if m2 and m2.value is not None else "",
        "flags": flags,
        "grade": (letter, GRADES[letter]) if letter else None,
        "source": _source(data),
        "overdue": i.due_missing,
        "values": values_of(data, parts.names, letter),
    }


def _source(data: Mapping[str, Any]) -> str:
    """Who says the latest value; of one that nobody vouches for it is a self-report."""
    told = [row["data"] for row in data["observations"] if value(row["data"])]
    latest = max(told, key=lambda actual: str(actual["period"]["end"]), default=None)
    return said(SOURCES.get(latest.get("source_type", ""), "")) if latest else ""


def about(i: Indicator) -> str:
    """What is measured, in a line."""
    line = [i.unit.capitalize() if i.unit and i.unit != "%" else said(words.MEASURES[i.measure])]
    if i.lower_is_better:
        line.append(_("lower is better"))
    if i.accumulation:
        line.append(said(words.ACCUMULATIONS[i.accumulation]))
    text = [_(", ").join(line) + _(".")]
    if i.due_missing:
        text.append(ngettext("%(n)s due value is missing.", "%(n)s due values are missing.", i.due_missing))
    if i.withheld:
        text.append(_("A value is withheld by its owner."))
    if i.not_applicable:
        text.append(_("Declared not applicable."))
    return " ".join(text)


def spoken(i: Indicator) -> str:
    """The drawing in words."""
    if i.drawing is None:
        return _("No period and no value reported.")
    line = [
        _("Baseline %(value)s", value=i.baseline) if i.baseline else _("No baseline"),
        _("target %(value)s", value=i.target) if i.target else _("no target"),
        _("latest %(value)s", value=_word(i.latest)) if i.latest else _("no value reported"),
    ]
    return _(", ").join(line) + _(".")


def _values(i: Indicator) -> list[tuple[str, str, bool]]:
    target = i.target or (said(words.RUBRIC["FULL"]) if i.rubric else "")
    rows = [
        (_("Baseline"), i.baseline, False),
        (_("Latest"), _word(i.latest), True),
        (_("Target"), target, False),
    ]
    return [(label, value or _("none"), strong and bool(value)) for label, value, strong in rows]


def _word(text: str) -> str:
    return said(words.RUBRIC[text]) if text in words.RUBRIC else text


def _ladder(i: Indicator) -> list[dict[str, Any]]:
    span = (BOTTOM - TOP - 8) / (len(LADDER) - 1)
    return [
        {"y": round(BOTTOM - 4 - n * span, 1), "text": said(words.RUBRIC[code]), "target": n == len(LADDER) - 1}
        for n, code in enumerate(trajectory.LADDER)
    ]

"""A project's versions in plain words: what each part says, what changed from one version to the next, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from portal_gateway.domain.project import parts
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.view import narrative
from portal_gateway.domain.withheld import without_value

Data = Mapping[str, Any]

GRACE_DAYS: Final = 90
"""Days after its period in which a report is in time (methodology M15, scoring's parameter of the same name)."""

KINDS: Final[dict[str, str]] = {
    parts.PROJECT: N_("Project record"),
    parts.STATUS: N_("Status"),
    "indicator": N_("Indicators"),
    "observation": N_("Values"),
    "budget": N_("Budget"),
}
"""What has versions, in the order a filter offers it."""

_ROLES: Final = {"1": N_("Funding"), "2": N_("Accountable"), "3": N_("Extending"), "4": N_("Implementing")}
_DATES: Final = {
    "planned_start": N_("Planned start"),
    "actual_start": N_("Actual start"),
    "planned_end": N_("Planned end"),
    "actual_end": N_("Actual end"),
}
SOURCES: Final[dict[str, str]] = {
    "INDEPENDENT_EVALUATION": N_("Independent evaluation"),
    "OFFICIAL_STATISTIC": N_("Official statistic"),
    "THIRD_PARTY": N_("Third party"),
    "VERIFIED_ADMIN": N_("Verified administrative record"),
    "SELF_DOCUMENTED": N_("Self-report with a document"),
    "SELF": N_("Self-report"),
}
"""Who says a value (methodology M3), the strongest source first."""


LINKS: Final[dict[str, str]] = {
    "1": N_("Parent"),
    "2": N_("Child"),
    "3": N_("Sibling"),
    "4": N_("Co-funded"),
    "5": N_("Third party"),
}
"""IATI RelatedActivityType."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed; an empty text where nothing was said. Without a name it is the whole version."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names of places and indicators in the reader's language."""

    areas: Mapping[str, str]
    indicators: Mapping[str, Mapping[str, str]]
    lang: str


def role(code: str) -> str:
    """IATI OrganisationRole in words."""
    return said(_ROLES.get(code, code))


def is_withheld(part: str, data: Data, withheld: Collection[str]) -> bool:
    """Whether a version's value is not shown: its owner withholds it, then or now, or its whole indicator."""
    if parts.kind_of(part) != "observation":
        return False
    return bool(data.get("withheld")) or part in withheld or parts.indicator(str(data.get("indicator_id"))) in withheld


def masked(part: str, data: Data, withheld: Collection[str]) -> dict[str, Any]:
    """A version as it may be shown: without the value that its owner withholds."""
    if not is_withheld(part, data, withheld):
        return dict(data)
    return without_value(data)


def title(part: str, data: Data, names: Names) -> tuple[str, str | None]:
    """What a version is a version of, and the language of that text where it is another than the reader's."""
    match parts.kind_of(part):
        case "indicator" | "observation":
            name = str(data.get("indicator_id"))
            text, lang = narrative(data.get("title") or names.indicators.get(name), names.lang, name)
            period, where = data.get("period"), place(data.get("place"), names)
            told = [part for part in (text, span(period["start"], period["end"]) if period else "", where) if part]
            if lang and len(told) > 1:  # each in its own direction: the others are in the reader's language
                told = [f"\N{FIRST STRONG ISOLATE}{part}\N{POP DIRECTIONAL ISOLATE}" for part in told]
            return _(", ").join(told), lang
        case "budget":
            line = data["budget"]
            return _("Budget %(period)s", period=span(line["period_start"], line["period_end"])), None
        case kind:
            return said(KINDS[kind]), None


def fields(part: str, data: Data | None, names: Names) -> dict[str, str]:
    """Everything that a version says, by its name, in words; nothing where it was taken back."""
    if data is None or data.get("retracted"):
        return {}
    readers = {
        parts.PROJECT: _project,
        parts.STATUS: _status,
        "indicator": _indicator,
        "observation": _observation,
        "budget": _budget,
    }
    return {label: text for label, text in readers[parts.kind_of(part)](data, names) if text}


def changes(part: str, data: Data, before: Data | None, names: Names) -> list[Change]:
    """What a version changed; of a first one only that it came, because all of it is new."""
    kind = parts.kind_of(part)
    if kind == parts.STATUS and before is None and data.get("from"):
        before = {"to": data["from"]}
    old, new = fields(part, before, names), fields(part, data, names)
    if kind in {parts.PROJECT, "indicator"}:
        if data.get("retracted"):
            return [Change("", "", _("Withdrawn"))]
        if not old:
            return [Change("", "", _("First reported") if before is None else _("Reported again"))]
    if kind == "observation" and not old:
        new = {label: text for label, text in new.items() if label == _("Value")}
    return [
        Change("" if kind == "budget" else label, old.get(label, ""), new.get(label, ""))
        for label in dict.fromkeys([*new, *old])
        if old.get(label) != new.get(label)
    ]


def cause(part: str, event_type: str, at: datetime, data: Data, before: Data | None) -> str:
    """Why there is a new version: one of M16's kinds, decided as scoring decides it."""
    if data.get("retracted"):
        return "RETRACTION"
    known = before is not None and not before.get("retracted")
    match parts.kind_of(part):
        case parts.PROJECT if known and before is not None:
            counted = ("allocations", "classification", "entity")
            same = all(before.get(name) == data.get(name) for name in counted)
            return "CORRECTION" if same else "CLASSIFICATION_CHANGE"
        case "indicator" if known:
            return "CORRECTION"
        case "observation":
            if known or "corrected" in event_type:
                return "CORRECTION"
            late = (at.date() - date.fromisoformat(data["period"]["end"])).days > GRACE_DAYS
            return "LATE_DATA" if late else "NEW_DATA"
    return "NEW_DATA"


def span(start: str, end: str) -> str:
    """A period as people say it: the year where it is one."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
    return _("%(first)s to %(last)s", first=numbers.day(first), last=numbers.day(last))


def place(data: Data | None, names: Names) -> str:
    """A place or a group that a value belongs to; the empty text is the total."""
    found = data or {}
    told = [names.areas.get(found["location"], found["location"])] if found.get("location") else []
    groups = sorted((found.get("dimensions") or {}).items())
    return _(", ").join([*told, *(f"{name}: {group}" for name, group in groups)])


def value(data: Data) -> str:
    """An actual in words; the empty text where none is said."""
    if data.get("withheld"):
        return _("withheld by its owner")
    if data.get("rubric"):
        return said(words.RUBRIC[data["rubric"]])
    if data.get("value") is None and data.get("denominator") is not None:
        part, whole = numbers.decimal_text(data.get("numerator")), numbers.decimal_text(data["denominator"])
        return _("%(part)s of %(whole)s", part=part, whole=whole)
    return numbers.decimal_text(data.get("value"))


def _texts(label: str, found: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    for lang, text in sorted((found or {}).items()):
        yield (label if lang == "und" or len(found or {}) == 1 else f"{label} ({lang})"), text


def _yes(found: Any) -> str:
    return "" if found is None else _("yes") if found else _("no")


def _project(data: Data, names: Names) -> Iterator[tuple[str, str]]:
    yield from _texts(_("Title"), data.get("title"))
    yield from _texts(_("Description"), data.get("description"))
    yield from _texts(_("For whom"), data.get("target_groups"))
    yield from _status({"to": data["status"]}, names)
    for name, label in _DATES.items():
        day = (data.get("dates") or {}).get(name)
        yield said(label), numbers.day(date.fromisoformat(day)) if day else ""
    for a in data.get("allocations") or []:
        pillar = said(words.PILLARS[a["code"]][0]) if a["code"] in words.PILLARS else ""
        dim = _("Theme %(code)s", code=a["code"]) if a["dim"] in {"THEME", "DAC"} else a["code"]
        named = pillar or names.areas.get(a["code"], dim) if a["dim"] in {"COUNTRY", "REGION", "PILLAR"} else dim
        yield _("Share of %(what)s", what=named), f"{numbers.percent(a['ppm'])}%"
    yield _("Pillars inferred"), _yes(data.get("pillar_inferred") or None)
    for p in data.get("participants") or []:
        yield f"{role(p['role'])}: {p.get('name') or p.get('ref')}", p.get("ref") or _("named")
    for m in data.get("markers") or []:
        yield _("Marker %(code)s", code=f"{m['scheme']} {m['code']}"), str(m["significance"])
    for line in data.get("budgets") or []:
        yield from _line(line)
    for link in data.get("links") or []:
        yield _("Related activity %(ref)s", ref=link["ref"]), said(LINKS.get(link["type"], link["type"]))
    for d in data.get("documents") or []:
        yield _("Document %(url)s", url=d["url"]), narrative(d.get("title"), names.lang, d["url"])[0]
    yield _("Supports security forces"), _yes(data.get("supports_security_forces"))
    yield _("Humanitarian"), _yes(data.get("humanitarian"))
    yield _("Read by"), _class(data["classification"], names)
    yield _("Entity"), data["entity"]


def _class(code: str, names: Names) -> str:
    state = code.removeprefix("state:")
    return said(words.CLASSES.get(code, code)) if state == code else names.areas.get(state, state)


def _status(data: Data, _names: Names) -> Iterator[tuple[str, str]]:
    yield _("Status"), said(words.PROJECT_STATUSES[data["to"]])
    yield _("Reason"), data.get("reason") or ""


def _indicator(data: Data, names: Names) -> Iterator[tuple[str, str]]:
    yield from _texts(_("Title"), data.get("title"))
    yield from _texts(_("Result"), data.get("result_title"))
    yield _("Level"), said(words.LEVELS[data["result_type"]])
    yield _("Measure"), said(words.MEASURES[data["measure"]])
    yield _("Unit"), data.get("unit") or ""
    ascending = data.get("ascending")
    better = _("higher is better") if ascending else _("lower is better")
    yield _("Direction"), "" if ascending is None else better
    yield _("Periods"), said(words.ACCUMULATIONS[data["accumulation"]]) if data.get("accumulation") else ""
    for b in data.get("baselines") or []:
        label = _("Baseline %(year)s", year=b.get("iso_date") or b.get("year") or "").strip()
        yield _placed(label, b, names), numbers.decimal_text(b.get("value")) or _("in words")
    for t in data.get("targets") or []:
        label = _("Target %(period)s", period=span(t["period_start"], t["period_end"]))
        yield _placed(label, t, names), numbers.decimal_text(t.get("value")) or _("in words")
    yield _("Weight"), numbers.grouped(data["weight"]) if data.get("weight", 1) != 1 else ""
    yield _("Not applicable"), _yes(data.get("not_applicable") or None)
    yield _("Withheld"), _yes(data.get("withheld") or None)
    yield _("Reason"), data.get("reason") or ""


def _placed(label: str, data: Data, names: Names) -> str:
    where = place(data.get("place"), names)
    return _("%(first)s, %(second)s", first=label, second=where) if where else label


def _observation(data: Data, names: Names) -> Iterator[tuple[str, str]]:
    yield _("Value"), value(data) or _("no figure")
    yield _("Place"), place(data.get("place"), names)
    yield _("Source"), said(SOURCES.get(data.get("source_type", ""), ""))
    yield _("Assessor"), data.get("assessor") or ""
    yield _("Evidence"), _(", ").join(data.get("evidence") or [])
    yield _("Comment"), data.get("comment") or ""
    yield _("Reason"), data.get("reason") or ""


def _budget(data: Data, _names: Names) -> Iterator[tuple[str, str]]:
    yield from _line(data["budget"])


def _line(line: Data) -> Iterator[tuple[str, str]]:
    revised = _("revised budget") if line["type"] == "2" else _("budget")
    label = f"{revised[:1].upper()}{revised[1:]} {span(line['period_start'], line['period_end'])}"
    yield label, f"{line['currency']} {numbers.decimal_text(line['amount'])}"

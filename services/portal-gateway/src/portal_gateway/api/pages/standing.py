"""How a project stands: where it works, who answers for it, what funds it, what is flagged and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from portal_gateway import places
from portal_gateway.api.pages.summary import by_share
from portal_gateway.domain.project import history
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import N_, _, ngettext, said
from portal_gateway.domain.view import Figure
from portal_gateway.web.render import areas, project_address

_NAMED: Final = 3
"""Indicators that a flag names before it counts."""
_UNKNOWN: Final = frozenset(
    {"MISSING", "NO_ACTUAL", "NO_TARGET", "NO_BASELINE", "VALUE_UNREADABLE", "TARGET_PLACEHOLDER"}
)
"""Flags that keep a value from being known."""
_WHY: Final[dict[str, str]] = {
    "PILLAR_INFERRED": N_("No pillar was declared; the shares come from its purpose codes"),
    "PILLAR_UNALLOCATED": N_("Neither pillars nor purpose codes that lead to one were declared"),
    "OUTPUTS_WITHOUT_OUTCOMES": N_("Outputs have values, outcomes have none"),
    "PERCENT_NORMALISED": N_("The declared shares do not add up to the whole"),
    "NO_BUDGET": N_("No budget line was received"),
    "FX_RATE_MISSING": N_("For a currency of its budget no rate is known"),
    "NO_RESULTS": N_("No result was received"),
    "SUSPENDED": N_("Its status says so"),
}
"""Why a flag of the project itself stands."""
_BRINGS: Final[dict[str, str]] = {
    "PILLAR_INFERRED": N_("Its shares leave the inferred part of pillar figures"),
    "PILLAR_UNALLOCATED": N_("It counts in a pillar"),
    "OUTPUTS_WITHOUT_OUTCOMES": N_("Outcomes enter its figure"),
    "NO_BUDGET": N_("It counts in figures by budget, and its gap is known"),
    "FX_RATE_MISSING": N_("Its money counts whole"),
    "NO_RESULTS": N_("It gets a figure"),
}
"""What mending a flag of the project itself brings."""


def shares(data: Mapping[str, Any], indicators: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Countries and regions by share, each with its page, and how many results carry that place themselves."""
    own: dict[str, set[str]] = {}
    for i in indicators:
        for row in i["observations"]:
            location = (row["data"].get("place") or {}).get("location")
            if location:
                own.setdefault(location, set()).add(i["indicator_id"])
    return [
        {
            "name": areas().get(a["code"], a["code"]),
            "ppm": a["ppm"],
            "address": _place(a["code"]),
            "detail": ngettext("%(n)s indicator", "%(n)s indicators", len(own[a["code"]])) if a["code"] in own else "",
        }
        for a in by_share(data.get("allocations") or [], {"COUNTRY", "REGION"})
    ]


def _place(code: str) -> str | None:
    if code in places.countries():
        return f"/countries/{code}"
    return f"/regions/{code}" if code in places.regions() else None


def people(data: Mapping[str, Any], indicators: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who answers for it: the entity that reports, the organisations that take part by role, and assessors.

    Roles that the same organisations have stand in one row.
    """
    by_role: dict[str, list[str]] = {}
    for p in data.get("participants") or []:
        name = p.get("name") or p["ref"]
        by_role.setdefault(p["role"], []).append(f"{name} ({p['ref']})" if p.get("ref") and p.get("name") else name)
    rows = [{"role": _("Reports"), "names": [data.get("entity_name") or data["entity"]]}]
    shared: dict[tuple[str, ...], list[str]] = {}
    for code in sorted(by_role):
        shared.setdefault(tuple(dict.fromkeys(by_role[code])), []).append(history.role(code))
    rows += [{"role": _(", ").join(roles), "names": list(names)} for names, roles in shared.items()]
    assessors = {row["data"].get("assessor") for i in indicators for row in i["observations"]} - {None, ""}
    if assessors:
        rows.append({"role": _("Assessed by"), "names": sorted(assessors)})
    return rows


def linked(data: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, str]]:
    """Activities that the entity itself relates to this one; with a title and an address where one can be read here."""
    return [
        {
            "ref": link["ref"],
            "kind": said(history.LINKS.get(link["type"], "")),
            "title": titles.get(link["ref"], ""),
            "address": project_address(link["ref"]) if link["ref"] in titles else "",
        }
        for link in data.get("links") or []
    ]


def funding(m11: Figure | None) -> dict[str, Any] | None:
    """M11 of the project: how much of what it requires it has, and the gap in US dollars; None where it has none."""
    if m11 is None or not m11.shown:
        return None
    amounts = {name: numbers.money(int(m11.parts.get(name) or 0)) for name in ("required", "available", "gap")}
    return {"figure": m11, "gap": amounts["gap"], "required": amounts["required"], "available": amounts["available"]}


def flags_of(
    data: Mapping[str, Any], whole: Figure | None, levels: Sequence[Mapping[str, Any]], *, budgeted: bool
) -> list[dict[str, Any]]:
    """Each flag once: what, why, the remedy, what it brings, who acts; those that make most known come first. A
    project that is ``budgeted`` in a currency without a rate is not told that it has no budget.
    """
    by_flag: dict[str, list[Mapping[str, Any]]] = {}
    indicators = [i for level in levels for result in level["results"] for i in result["indicators"]]
    for i in indicators:
        for code in i["flags"]:
            by_flag.setdefault(code, []).append(i)
    for code in (*(data.get("flags") or []), *(whole.flags if whole else ())):
        by_flag.setdefault(code, [])
    if budgeted and "FX_RATE_MISSING" in by_flag:
        by_flag.pop("NO_BUDGET", None)
    rows = [_flag(code, found, len(indicators), data) for code, found in by_flag.items()]
    return sorted(rows, key=lambda row: (-row["rank"], row["code"]))


def _drawn_at(i: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """The place of an indicator on the page, or on the page that draws all of them."""
    return f"{'' if i['drawn'] else project_address(data['project_id']) + '?results=all'}#{i['anchor']}"


def _flag(code: str, found: Sequence[Mapping[str, Any]], number: int, data: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sum(1 for i in found if i["figure"] is not None and i["figure"].value is None) if code in _UNKNOWN else 0
    brings = _("%(n)s of %(all)s indicators become known", n=unknown, all=number) if unknown else ""
    word = words.flag(code)
    return {
        "code": code,
        "rank": 2 * unknown + bool(word.remedy),
        "why": said(_WHY.get(code, "")),
        "indicators": [{"title": i["title"], "lang": i["lang"], "address": _drawn_at(i, data)} for i in found[:_NAMED]],
        "more": max(0, len(found) - _NAMED),
        "remedy": said(word.remedy) if word.remedy else "",
        "brings": brings or said(_BRINGS.get(code, "")),
        "who": data.get("entity_name") or data["entity"],
    }

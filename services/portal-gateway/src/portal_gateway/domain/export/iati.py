"""Projects as IATI 2.03 activities, in the order the schema wants, with everything that is known of them.

What the schema requires and nobody told is an empty attribute or an empty narrative, which readers take for nothing;
nothing is invented for it. A date cannot be empty: an activity without any is named at the end instead. What IATI has
no place for stands in Plumbline's own namespace, as intake reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import Row

EXTENSION: Final = "https://plumbline.example/ns/iati"
"""The namespace of Plumbline's own attributes and elements (methodology §2, ``ext``)."""

_VOCABULARY: Final = "https://plumbline.example/vocabulary/"
_DATES: Final = ("planned_start", "actual_start", "planned_end", "actual_end")  # ActivityDateType 1 to 4
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_LOOSE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NO_ADDRESS: Final = re.compile(r'[\x00-\x20<>"{}|\\^`\[\]]')
_ADDRESS: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]*:|(?![^/?#]*:))"  # a scheme, or no colon in the first segment
    r"(?:(?!//)|//(?:[^/?#@]*@)?[^/?#@:]*(?::\d{0,5})?(?=[/?#]|$))[^#]*(?:#[^#]*)?"
)
_PARAGRAPH: Final = "\n\n"  # what intake joins several descriptions with

Attributes = Mapping[str, str | None]


class Activities:
    """A file of activities. The schema wants one at least: nothing is written before the first."""

    def __init__(self) -> None:
        self._head = ""
        self._left_out: list[str] = []

    def begin(self, about: About) -> bytes:
        """Nothing yet; what the file is goes to its root."""
        fields = about.fields()
        own = {f"plumbline:{name.replace('_', '-')}": _said(value) for name, value in fields.items()}
        attributes = {"version": "2.03", "generated-datetime": _said(about.as_of), "xmlns:plumbline": EXTENSION, **own}
        self._head = f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities{_attributes(attributes)}>\n'
        return b""

    def part(self, rows: Sequence[Row]) -> bytes:
        """Some activities."""
        parts = []
        for row in rows:
            text = activity(row)
            if text is None:
                self._left_out.append(str(row.project["project_id"]))
            else:
                parts.append(text)
        if parts:
            parts.insert(0, self._head)
            self._head = ""
        return "".join(parts).encode("utf-8", "replace")

    @property
    def empty(self) -> bool:
        """Whether no activity was written."""
        return bool(self._head)

    def end(self, _count: int) -> bytes:
        """Which projects could not be said, and the closing."""
        reason = "IATI asks for a date, and none is known"
        named = (_element("plumbline:left-out", {"ref": ref, "reason": reason}) + "\n" for ref in self._left_out)
        return f"{''.join(named)}</iati-activities>\n".encode("utf-8", "replace")


def activity(row: Row) -> str | None:
    """One iati-activity; None for a project without any date."""
    project = row.project
    dates = project.get("dates") or {}
    days = [(kind, dates[name]) for kind, name in enumerate(_DATES, 1) if dates.get(name)]
    if not days:
        return None
    parts = [
        _element("iati-identifier", {}, _escaped(project["project_id"])),
        _element("reporting-org", {"ref": project["entity"], "type": ""}, _narrative(project.get("entity_name") or "")),
        _element("title", {}, _narratives(project.get("title"))),
        *_descriptions(project),
        *_participants(project),
        _element("activity-status", {"code": project["status"]}),
        *(_element("activity-date", {"type": str(kind), "iso-date": day}) for kind, day in days),
        *_places(project),
        *_sectors(project),
        *_tags(project),
        *(_element("humanitarian-scope", _only(a, "type", "vocabulary", "code")) for a in project.get("appeals") or ()),
        *(_marker(marker) for marker in project.get("markers") or ()),
        *(_budget(line) for line in row.budgets),
        *(_document(d["url"], d.get("categories") or (), d.get("title")) for d in project.get("documents") or ()),
        *(_element("related-activity", _only(link, "ref", "type")) for link in project.get("links") or ()),
        *_results(row.indicators),
        *(_figure(figure) for _metric, figure in sorted(row.figures.items())),
    ]
    attributes = {
        "last-updated-datetime": project.get("edition"),
        "humanitarian": _flag(project.get("humanitarian")),
        "plumbline:classification": project.get("classification"),
        "plumbline:supports-security-forces": _flag(project.get("supports_security_forces")),
    }
    return _element("iati-activity", attributes, "\n", *(f"{part}\n" for part in parts)) + "\n"


def _descriptions(project: Mapping[str, Any]) -> list[str]:
    """One element for each part that intake joined, those about target groups with their type."""
    described, groups = project.get("description") or {}, project.get("target_groups") or {}
    aimed = Counter((language, part) for language, text in groups.items() for part in text.split(_PARAGRAPH))
    found: list[tuple[str | None, str, str]] = []
    for language, text in described.items():
        for part in text.split(_PARAGRAPH):
            found.append(("3" if aimed[language, part] > 0 else None, language, part))
            aimed[language, part] -= 1
    found += [("3", *key) for key, n in aimed.items() for _ in range(n)]
    elements = [_element("description", {"type": kind}, _narrative(part, of)) for kind, of, part in found if part]
    return elements or [_element("description", {}, _narrative(""))]


def _participants(project: Mapping[str, Any]) -> list[str]:
    found = [
        _element(
            "participating-org",
            {"role": p["role"], "ref": p.get("ref")},
            _narrative(p["name"]) if p.get("name") else "",
        )
        for p in project.get("participants") or ()
    ]
    return found or [_element("participating-org", {"role": ""})]


def _of(project: Mapping[str, Any], dim: str) -> list[Mapping[str, Any]]:
    return [a for a in project.get("allocations") or () if a["dim"] == dim]


def _places(project: Mapping[str, Any]) -> list[str]:
    return [
        *(_element("recipient-country", {"code": a["code"], "percentage": _share(a)}) for a in _of(project, "COUNTRY")),
        *(
            _element(
                "recipient-region",
                {"vocabulary": a.get("vocabulary") or "1", "code": a["code"], "percentage": _share(a)},
            )
            for a in _of(project, "REGION")
        ),
    ]


def _sectors(project: Mapping[str, Any]) -> list[str]:
    """Purposes, and pillars where the entity declared them; inferred ones are Plumbline's reading, not its data."""
    pillars = [] if project.get("pillar_inferred") else _of(project, "PILLAR")
    own = {"vocabulary": "99", "vocabulary-uri": f"{_VOCABULARY}pillar"}
    return [
        *(
            _element("sector", {"vocabulary": a.get("vocabulary") or "1", "code": a["code"], "percentage": _share(a)})
            for a in _of(project, "DAC")
        ),
        *(_element("sector", {**own, "code": a["code"], "percentage": _share(a)}) for a in pillars),
    ]


def _tags(project: Mapping[str, Any]) -> list[str]:
    found = []
    for a in _of(project, "THEME"):
        own = {"vocabulary": "99", "vocabulary-uri": f"{_VOCABULARY}theme"}
        found.append(
            _element("tag", {**({"vocabulary": a["vocabulary"]} if a.get("vocabulary") else own), "code": a["code"]})
        )
    if project.get("demonstration"):
        own = {"vocabulary": "99", "vocabulary-uri": f"{_VOCABULARY}demonstration", "code": "demonstration"}
        found.append(_element("tag", own, _narrative("Demonstration", "en")))
    return found


def _marker(marker: Mapping[str, Any]) -> str:
    own = {"vocabulary": "99", "vocabulary-uri": f"{_VOCABULARY}marker"}
    vocabulary: Attributes = {"vocabulary": "1"} if marker["scheme"] == "DAC" else own
    attributes = {**vocabulary, "code": marker["code"], "significance": str(marker["significance"])}
    return _element("policy-marker", attributes)


def _budget(line: Mapping[str, Any]) -> str:
    return _element(
        "budget",
        {"type": line["type"], "status": line["status"]},
        _element("period-start", {"iso-date": line["period_start"]}),
        _element("period-end", {"iso-date": line["period_end"]}),
        _element("value", {"currency": line["currency"], "value-date": line["value_date"]}, _escaped(line["amount"])),
    )


def _document(url: str, categories: Sequence[str], title: Mapping[str, str] | None) -> str:
    return _element(
        "document-link",
        {"url": _address(url), "format": ""},
        _element("title", {}, _narratives(title)),
        *(_element("category", {"code": code}) for code in categories or ("",)),
    )


def _address(url: str) -> str:
    """As the schema takes an address: what is none, as a name that stands for itself."""
    escaped = _LOOSE_PERCENT.sub("%25", _NO_ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", url))
    return escaped if _ADDRESS.fullmatch(escaped) else quote(url, safe="")


# --- results


def _results(indicators: Sequence[Mapping[str, Any]]) -> list[str]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for indicator in indicators:
        groups.setdefault((indicator["result_type"], indicator["result_id"]), []).append(indicator)
    return [
        _element(
            "result",
            {"type": kind},
            "\n",
            _element("title", {}, _narratives(some[0].get("result_title"))),
            *(f"\n{_indicator(indicator)}" for indicator in some),
            "\n",
        )
        for (kind, _), some in groups.items()
    ]


def _indicator(indicator: Mapping[str, Any]) -> str:
    band = indicator.get("band") or {}
    weight = indicator.get("weight", 1)
    attributes = {
        "measure": indicator["measure"],
        "ascending": _flag(indicator.get("ascending")),
        "plumbline:kind": indicator.get("kind"),
        "plumbline:accumulation": indicator.get("accumulation"),
        "plumbline:tolerance": indicator.get("tol_abs"),
        "plumbline:band-low": band.get("low"),
        "plumbline:band-high": band.get("high"),
        "plumbline:weight": str(weight) if weight != 1 else None,
        "plumbline:unit": indicator.get("unit"),
        "plumbline:not-applicable": "1" if indicator.get("not_applicable") else None,
        "plumbline:withheld": "1" if indicator.get("withheld") else None,
    }
    baselines = indicator.get("baselines") or ()
    return _element(
        "indicator",
        attributes,
        _element("title", {}, _narratives(indicator.get("title"))),
        *(_baseline(b, "baseline") for b in baselines if _year(b)),
        *_periods(indicator),
        # IATI asks for the year of a baseline; one without stands beside.
        *(_baseline(b, "plumbline:baseline") for b in baselines if not _year(b)),
    )


def _year(baseline: Mapping[str, Any]) -> str | None:
    """Said, or that of its day."""
    return str(baseline["year"]) if baseline.get("year") else (baseline.get("iso_date") or "")[:4] or None


def _baseline(baseline: Mapping[str, Any], name: str) -> str:
    attributes = {"year": _year(baseline), "iso-date": baseline.get("iso_date"), "value": baseline.get("value")}
    return _element(name, attributes, *_place(baseline), _comment(baseline))


def _periods(indicator: Mapping[str, Any]) -> list[str]:
    """Every period that has a target or an actual, by time."""
    found: dict[tuple[str, str], list[str]] = {}
    for target in indicator.get("targets") or ():
        text = _element("target", {"value": target.get("value")}, *_place(target), _comment(target))
        found.setdefault((target["period_start"], target["period_end"]), []).append(text)
    for observation in indicator.get("observations") or ():
        data = observation["data"]
        period = data["period"]
        found.setdefault((period["start"], period["end"]), []).append(_actual(data))
    return [
        "\n"
        + _element(
            "period",
            {},
            _element("period-start", {"iso-date": start}),
            _element("period-end", {"iso-date": end}),
            *some,
        )
        for (start, end), some in sorted(found.items())
    ]


def _actual(data: Mapping[str, Any]) -> str:
    evidence = data.get("evidence") or ()
    source = data.get("source_type") or "SELF"
    own = {
        "rubric": data.get("rubric"),
        "assessor": data.get("assessor"),
        "numerator": data.get("numerator"),
        "denominator": data.get("denominator"),
        "source-type": source if source != ("SELF_DOCUMENTED" if evidence else "SELF") else None,
        "withheld": "1" if data.get("withheld") else None,
    }
    return _element(
        "actual",
        {"value": data.get("value")},
        *_place(data),
        _comment(data),
        *(_document(ref, (), None) for ref in evidence),
        _element("plumbline:observation", own) if any(own.values()) else "",
    )


def _place(data: Mapping[str, Any]) -> list[str]:
    """Location and dimensions as intake reads them; ``-`` is a location without a name."""
    place = data.get("place") or {}
    location = place.get("location")
    return [
        *([_element("location", {"ref": location if location != "-" else None})] if location else []),
        *(_element("dimension", {"name": n, "value": v}) for n, v in (place.get("dimensions") or {}).items()),
    ]


def _comment(data: Mapping[str, Any]) -> str:
    return _element("comment", {}, _narrative(data["comment"])) if data.get("comment") else ""


def _figure(figure: Mapping[str, Any]) -> str:
    """A figure of Plumbline's, as its API says it: no element of IATI's means it."""
    coverage = figure["coverage"]
    return _element(
        "plumbline:figure",
        {
            **{name: _said(figure[name]) for name in ("metric", "value", "lower", "upper", "unit", "state")},
            "observed": str(coverage["observed"]),
            "expected": str(coverage["expected"]),
            "flags": " ".join(figure["flags"]) or None,
            "method-version": figure["method_version"],
            "known-as-of": figure["known_as_of"],
            "valid-as-of": figure["valid_as_of"],
        },
    )


# --- XML


def _element(tag: str, attributes: Attributes, *inside: str) -> str:
    content = "".join(inside)
    return f"<{tag}{_attributes(attributes)}>{content}</{tag}>" if content else f"<{tag}{_attributes(attributes)}/>"


def _attributes(attributes: Attributes) -> str:
    return "".join(f" {name}={quoteattr(_legal(text))}" for name, text in attributes.items() if text is not None)


def _narratives(texts: Mapping[str, str] | None) -> str:
    return "".join(_narrative(text, language) for language, text in (texts or {}).items() if text) or _narrative("")


def _narrative(text: str, language: str = "") -> str:
    known = language if _LANGUAGE.fullmatch(language) and language != "und" else None
    return _element("narrative", {"xml:lang": known}, _escaped(text))


def _escaped(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _share(allocation: Mapping[str, Any]) -> str:
    """ppm as per cent, exactly."""
    return format(Decimal(allocation["ppm"]).scaleb(-4).normalize(), "f")


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(int(value))


def _only(data: Mapping[str, Any], *names: str) -> dict[str, str | None]:
    return {name: data.get(name) for name in names}


def _said(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return None if value is None else str(value)

"""The project as its entity describes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from intake.domain.fact import PROJECT, Fact
from intake.domain.iati.facts.allocations import allocations
from intake.domain.iati.facts.common import TRUTH, limit, plain, texts, title, yes
from intake.domain.iati.facts.money import budgets
from intake.domain.iati.node import Node, said
from intake.domain.iati.rules.activity import dates
from intake.domain.iati.rules.identity import LONGEST
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import DEMONSTRATION_URI, MARKER_URI

_CLASSIFICATION: Final = re.compile(r"public|member-states|compact|owner|state:[A-Z]{2}")
_DATES: Final = {"1": "planned_start", "2": "actual_start", "3": "planned_end", "4": "actual_end"}
_GENDER: Final = "1"
_LIMITS: Final = {"allocations": 2000, "links": 2000, "markers": 200, "budgets": 2000, "appeals": 200}
_TARGET_GROUPS: Final = "3"
_ROLES: Final = frozenset({"1", "2", "3", "4"})
_PARTICIPANTS: Final = 500
_NAME: Final = 1_000  # characters of an organisation's name
_DOCUMENTS: Final = 500
_ADDRESS: Final = 2_000  # characters


def project(activity: Node, verdict: Verdict) -> Fact:
    """The project of an activity in which no error was found."""
    identifier = identifier_of(activity) or ""
    reporter = activity.first("reporting-org")
    status = activity.first("activity-status")
    placed = allocations(activity, verdict)
    data = plain(
        project_id=identifier,
        entity=reporter_of(activity),
        entity_name=said(reporter.narratives()) if reporter is not None else None,
        description=texts(activity.all("description"), verdict),
        status=status.get("code") if status is not None else None,
        dates={_DATES[kind]: read.isoformat() for kind, (_, read) in sorted(dates(activity).items()) if kind in _DATES},
        allocations=placed.rows,
        pillar_inferred=placed.inferred or None,
        links=_links(activity, verdict),
        participants=_participants(activity, verdict),
        target_groups=texts((d for d in activity.all("description") if d.get("type") == _TARGET_GROUPS), verdict),
        markers=_markers(activity, verdict),
        budgets=budgets(activity),
        supports_security_forces=yes(activity, "supports-security-forces", verdict),
        humanitarian=TRUTH.get(activity.get("humanitarian") or ""),
        appeals=_appeals(activity),
        documents=_documents(activity, verdict),
        classification=_classification(activity, verdict),
        flags=sorted(placed.flags),
        demonstration=_demonstration(activity, verdict) or None,
        edition=_edition(activity.get("last-updated-datetime")),
    )
    data["title"] = title(activity, verdict)
    for row in data.get("allocations", []):
        if len(row["code"]) > LONGEST:
            verdict.add("plumbline:TEXT_LENGTH", activity, "A code is too long.", text=row["code"])
    for name, most in _LIMITS.items():
        limit(data.get(name, []), most, activity, name, verdict)
    return Fact(type=PROJECT, data=data, line=activity.line, path=None)


def identifier_of(activity: Node) -> str | None:
    """The IATI identifier, trimmed."""
    element = activity.first("iati-identifier")
    return (element.text.strip() or None) if element is not None else None


def reporter_of(activity: Node) -> str | None:
    """The reporting organisation's reference."""
    element = activity.first("reporting-org")
    return element.get("ref") if element is not None else None


def _links(activity: Node, verdict: Verdict) -> list[dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for related in activity.all("related-activity"):
        link = {"ref": related.get("ref") or "", "type": related.get("type") or ""}
        if len(link["ref"]) > LONGEST:
            verdict.add(
                "plumbline:TEXT_LENGTH",
                related,
                "The reference is too long; the link is left out.",
                attribute="ref",
                text=link["ref"],
                severity="warning",
            )
        elif link["ref"] and link["type"]:
            found[link["type"], link["ref"]] = link
    return [found[key] for key in sorted(found)]


def _participants(activity: Node, verdict: Verdict) -> list[dict[str, str]]:
    """The organisations that take part, each role once, by reference and name; what names nobody is not read."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for organisation in activity.all("participating-org"):
        role, ref = organisation.get("role") or "", (organisation.get("ref") or "").strip()
        name = (said(organisation.narratives()) or "").strip()[:_NAME]
        if role not in _ROLES or not (ref or name) or len(ref) > LONGEST:
            continue
        if len(found) == _PARTICIPANTS:
            message = f"The first {_PARTICIPANTS} organisations are kept."
            verdict.add("plumbline:TOO_MANY", organisation, message, severity="warning")
            break
        found[role, ref, name] = plain(role=role, ref=ref, name=name)
    return [found[key] for key in sorted(found)]


def _markers(activity: Node, verdict: Verdict) -> list[dict[str, Any]]:
    """Policy markers of the DAC, and the UN's gender equality and human rights markers (M8).

    The same digit means something else in each scheme; what its scheme does not have is not read.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for marker in activity.all("policy-marker"):
        code, text = marker.get("code"), marker.get("significance")
        vocabulary, uri = marker.get("vocabulary") or "1", marker.get("vocabulary-uri")
        if vocabulary == "1" and code and len(code) <= LONGEST:
            scheme, greatest = "DAC", 2 if code == _GENDER else 4
        elif vocabulary == "99" and (code or "").upper() in {"GEM", "HRM"} and uri in {None, MARKER_URI}:
            scheme, greatest = (code or "").upper(), 3
        else:
            continue
        if text is None:
            continue  # not screened, which is not 0
        if not (text.isascii() and text.isdigit() and int(text[:3]) <= greatest):
            verdict.add(
                "plumbline:MARKER_UNREADABLE",
                marker,
                f"The {scheme} marker has no such significance; it counts as not screened.",
                attribute="significance",
                text=text,
            )
            continue
        found.setdefault((scheme, code or ""), {"scheme": scheme, "code": code, "significance": int(text)})
    return [found[key] for key in sorted(found)]


def _appeals(activity: Node) -> list[dict[str, str]]:
    """The emergencies and appeals it belongs to (humanitarian-scope)."""
    found = {
        (scope.get("type"), scope.get("vocabulary"), scope.get("code")): None
        for scope in activity.all("humanitarian-scope")
        if scope.get("type") in {"1", "2"}
    }
    return [
        {"type": kind, "vocabulary": vocabulary, "code": code}
        for kind, vocabulary, code in found
        if kind and vocabulary and code and len(vocabulary) <= LONGEST and len(code) <= LONGEST
    ]


def _documents(activity: Node, verdict: Verdict) -> list[dict[str, Any]]:
    """The documents about the activity as a whole, evaluations among them; those of an actual are its evidence."""
    found: dict[str, dict[str, Any]] = {}
    for link in activity.all("document-link"):
        url = link.get("url")
        if url is None or url in found:
            continue
        if len(url) > _ADDRESS:
            message = "The address is too long; the document is left out."
            verdict.add("plumbline:TEXT_LENGTH", link, message, attribute="url", text=url, severity="warning")
            continue
        if len(found) == _DOCUMENTS:
            message = f"The first {_DOCUMENTS} documents are kept."
            verdict.add("plumbline:TOO_MANY", link, message, severity="warning")
            break
        codes = [code for category in link.all("category") if (code := category.get("code")) and len(code) <= LONGEST]
        found[url] = {"url": url, **plain(categories=codes[:50], title=title(link, verdict))}
    return list(found.values())


def _classification(activity: Node, verdict: Verdict) -> str | None:
    text = activity.extension("classification")
    if text is None or _CLASSIFICATION.fullmatch(text):
        return text
    verdict.add(
        "plumbline:EXTENSION",
        activity,
        "The classification cannot be read; only the owner sees the project.",
        attribute="plumbline:classification",
        text=text,
    )
    return "owner"


def _demonstration(activity: Node, verdict: Verdict) -> bool:
    """Whether the project is invented: said by a tag that survives every tool, or by Plumbline's own attribute."""
    tagged = any(tag.get("vocabulary-uri") == DEMONSTRATION_URI for tag in activity.all("tag"))
    return tagged or bool(yes(activity, "demonstration", verdict))


def _edition(text: str | None) -> str | None:
    """last-updated-datetime as RFC 3339 in UTC; without an offset it is taken as UTC."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        instant = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if 1900 <= instant.year <= 2200 else None

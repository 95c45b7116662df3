"""What a release of the method or a version of a code list may say: by the names and limits the contracts tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.method import FIRST, LISTS, VERSION, read
from intake.domain.acceptance import Fault, fault
from intake.domain.judgements import content


def sense(type_: str, data: Mapping[str, Any]) -> list[Fault]:
    """Every fault of a release or a list at once; nothing for any other type."""
    match type_:
        case "codelist.published.v1":
            return _codelist(data)
        case "method.released.v1":
            return _release(data)
        case _:
            return []


def _codelist(data: Mapping[str, Any]) -> list[Fault]:
    found = content(data["content_sha256"], data["codes"])
    check = LISTS.get(data["list_id"])
    if check is None:
        return found
    wrong = [fault("CODE", w.message, w.remedy, f"data/codes/{w.name}") for w in check(data["codes"])]
    return found + _version(data["version"]) + wrong


def _release(data: Mapping[str, Any]) -> list[Fault]:
    found = _version(data["version"])
    if data["version"] == FIRST:
        remedy = f"The software carries {FIRST}; release under another name"
        found.append(fault("METHOD_VERSION", f"{FIRST} never changes", remedy, "data/version"))
    wrong = read(data.get("parameters", {}))[1]
    return found + [fault("PARAMETER", w.message, w.remedy, f"data/parameters/{w.name}") for w in wrong]


def _version(stated: str) -> list[Fault]:
    """Figures carry the name of what they were made by, so it is short and has no sign of ours."""
    if VERSION.fullmatch(stated):
        return []
    remedy = "Use up to 32 letters, digits, points and hyphens, such as 1.1.0 or 2027-01"
    return [fault("METHOD_VERSION", f"version is {stated[:40]!r}", remedy, "data/version")]

"""What a project's figure lacks: which indicator, why, and since when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal_gateway.domain.explanation.sums import Node, children
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.speech.numbers import day
from portal_gateway.domain.speech.told import told

_DATES: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_REASONS: Final = (
    "WITHHELD",
    "NO_ACTUAL",
    "MISSING",
    "TARGET_PLACEHOLDER",
    "NO_BASELINE",
    "NO_TARGET",
    "DIRECTION_UNKNOWN",
    "QUALITATIVE_UNRATED",
    "QUALITATIVE",
    "NOT_NUMERIC",
    "NOMINAL",
    "VALUE_UNREADABLE",
    "ACTUAL_IN_WORDS",
    "DISAGGREGATED_ONLY",
    "ACTUAL_DISAGGREGATED",
    "BAND_MISSING",
    "NO_BAND",
    "RATIO_ZERO",
    "RATIO_WITHOUT_PARTS",
    "SEVERAL_VALUES",
    "SEVERAL_TARGETS",
    "SEVERAL_BASELINES",
)
"""Flags for which an indicator has no score, what is said first before what only follows."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An indicator without a score: the flags that say why, and since when in words; both may be empty."""

    id: str
    title: str
    reasons: tuple[str, ...]
    since: str


def missing(project: Node, today: date) -> list[Missing]:
    """Every indicator of a project, or the one that a figure is of, that is expected to have a score and has none."""
    return [_missing(node, today) for node in _expected(project) if node.get("value") is None]


def _expected(node: Node) -> Iterator[Node]:
    for child in children(node):
        if child["kind"] == "indicator" and child.get("denominator") is not None:
            yield child
        elif child["kind"] in {"level", "result", "project"}:
            yield from _expected(child)


def _missing(node: Node, today: date) -> Missing:
    flags = {*(node.get("flags") or ()), *(node.get("hints") or ())}
    reasons = tuple(code for code in _REASONS if code in flags)
    if not reasons:
        reasons = (
            ("WITHHELD",) if node.get("state") == "WITHHELD" else ("MISSING",) if node.get("state") == "MISSING" else ()
        )
    return Missing(node["id"], told(node, "label"), reasons, _since(node, today))


def _since(node: Node, today: date) -> str:
    """Until when it was reported, or since when it is due."""
    said = [_end(child) for child in children(node) if child["kind"] == "observation"]
    due = [_end(child) for child in children(node) if child["kind"] == "target"]
    last = max((end for end in said if end is not None), default=None)
    owed = min((end for end in due if end is not None and end < today and (last is None or end > last)), default=None)
    if owed is not None:
        return _("due since %(day)s", day=day(owed))
    return _("last value of %(day)s", day=day(last)) if last is not None else ""


def _end(node: Node) -> date | None:
    found = _DATES.findall(str(node.get("label", "")))
    return date.fromisoformat(found[-1]) if found else None

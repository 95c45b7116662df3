"""Results, indicators and their values (ruleset 8.*; methodology §2.5 R6 and R7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from intake.domain.iati.node import Node, said
from intake.domain.iati.verdict import Verdict
from intake.domain.values import day, decimal

TYPES: Final = frozenset("1239")
MEASURES: Final = frozenset("12345")
QUALITATIVE: Final = "5"

_VALUES: Final = {
    "baseline": ("iati:8.8.1", "iati:8.8.2", "iati:8.8.3"),
    "target": ("iati:8.9.1", "iati:8.9.2", "iati:8.9.3"),
    "actual": ("iati:8.10.1", "iati:8.10.2", "iati:8.10.3"),
}
"""A value is there; it is a decimal; a qualitative indicator has none."""


def judge(activity: Node, verdict: Verdict) -> None:
    """What can be read of each indicator, and what cannot."""
    for result in activity.all("result"):
        if result.get("type") not in TYPES:
            verdict.add(
                "plumbline:RESULT_TYPE",
                result,
                "The result type cannot be read.",
                attribute="type",
                text=result.get("type"),
            )
        for indicator in result.all("indicator"):
            _indicator(result, indicator, verdict)


def _indicator(result: Node, indicator: Node, verdict: Verdict) -> None:
    measure = indicator.get("measure")
    if measure not in MEASURES:
        verdict.add("plumbline:MEASURE", indicator, "The measure cannot be read.", attribute="measure", text=measure)
        return
    if result.all("reference") and indicator.all("reference"):
        verdict.add("iati:8.11.1", indicator.all("reference")[0], "Result and indicator both have a reference.")
    for period in indicator.all("period"):
        _period(period, verdict)
    for node in _valued(indicator):
        _value(node, measure, verdict)
    for baseline in indicator.all("baseline"):
        year = baseline.get("year")
        if year is not None and not (year.isascii() and year.isdigit() and 1900 <= int(year[:9]) <= 2200):
            verdict.add("plumbline:YEAR", baseline, "The year cannot be meant.", attribute="year", text=year)


def _valued(indicator: Node) -> Iterator[Node]:
    yield from indicator.all("baseline")
    yield from indicator.deep("period", "target")
    yield from indicator.deep("period", "actual")


def _value(node: Node, measure: str, verdict: Verdict) -> None:
    there, plain, qualitative = _VALUES[node.tag]
    text = node.get("value")
    if measure == QUALITATIVE:
        if text is not None:
            verdict.add(
                qualitative,
                node,
                f"A qualitative indicator has a value for its {node.tag}; it is kept as words.",
                attribute="value",
                text=text,
            )
    elif text is None:
        comment = node.first("comment")
        words = said(comment.narratives()) if comment is not None else None
        message = f"The {node.tag} has no value" + (", only words." if words else ".")
        verdict.add(there, node, f"{message} It counts as missing.", text=words)
    elif decimal(text) is None:
        verdict.add(
            plain,
            node,
            f"The {node.tag} is no plain decimal. It counts as missing.",
            attribute="value",
            text=node.attributes["value"],
        )


def _period(period: Node, verdict: Verdict) -> None:
    edges = [period.first("period-start"), period.first("period-end")]
    days = [day(edge.get("iso-date")) if edge is not None else None for edge in edges]
    for edge, read in zip(edges, days, strict=True):
        if edge is not None and edge.get("iso-date") and read is None:
            verdict.add(
                "plumbline:DATE_RANGE",
                edge,
                "The day cannot be meant.",
                attribute="iso-date",
                text=edge.get("iso-date"),
            )
    start, end = days
    if start is not None and end is not None and start > end:
        verdict.add("iati:8.6.1", period, f"The period ends {end}, before it begins {start}; it is not read.")

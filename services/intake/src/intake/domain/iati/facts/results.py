"""Indicators with their baselines and targets, and observations (M1; methodology §2.5 R6, R7)."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from intake.domain.fact import INDICATOR, OBSERVATION, Fact, short
from intake.domain.iati.facts.common import (
    LONGEST_TEXT,
    TRUTH,
    comment,
    extension,
    first_words,
    limit,
    own,
    plain,
    title,
    yes,
)
from intake.domain.iati.facts.project import identifier_of
from intake.domain.iati.node import Node
from intake.domain.iati.rules.results import QUALITATIVE
from intake.domain.iati.verdict import Verdict
from intake.domain.ledger import business_key
from intake.domain.values import day, decimal

_KINDS: Final = ("REACH", "MAINTAIN", "BAND", "RUBRIC")
_ACCUMULATIONS: Final = ("CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO")
_RUBRIC: Final = ("NOT", "PARTIAL", "MOSTLY", "FULL")
_SOURCES: Final = (
    "INDEPENDENT_EVALUATION", "OFFICIAL_STATISTIC", "THIRD_PARTY", "VERIFIED_ADMIN", "SELF_DOCUMENTED", "SELF",
)  # fmt: skip
_MOST: Final = {"baselines": 500, "targets": 2000, "ordinal": 1000, "evidence": 200}


def results(activity: Node, verdict: Verdict) -> list[Fact]:
    """Every indicator of an activity in which no error was found, each followed by its observations."""
    project_id = identifier_of(activity) or ""
    found: list[Fact] = []
    for (result, indicator), name in zip(_pairs(activity), _names(activity), strict=True):
        found.append(_indicator(project_id, name, result, indicator, verdict))
        found += _observations(project_id, name, indicator, verdict)
    return found


def _pairs(activity: Node) -> list[tuple[Node, Node]]:
    return [(result, indicator) for result in activity.all("result") for indicator in result.all("indicator")]


def _names(activity: Node) -> list[str]:
    """Short ids made of content, so that another order of the file changes none of them.

    A reference names an indicator; where several share one, and where there is none, the title does too.
    Indicators alike in all of that are numbered.
    """
    by_reference: list[tuple[object, ...]] = []
    by_title: list[tuple[object, ...]] = []
    for result, indicator in _pairs(activity):
        base = (result.get("type"), first_words(result), indicator.get("measure"))
        references = sorted(
            (node.get("vocabulary") or "", node.get("indicator-uri") or "", node.get("code") or "")
            for node in indicator.all("reference")
        )
        words = first_words(indicator)
        by_reference.append((*base, references or words))
        by_title.append((*base, references, words))
    shared = Counter(short(*parts) for parts in by_reference)
    seen: Counter[str] = Counter()
    names = []
    for first, second in zip(by_reference, by_title, strict=True):
        name = short(*first)
        if shared[name] > 1:
            name = short(*second)
        seen[name] += 1
        names.append(f"i{name}" if seen[name] == 1 else f"i{name}-{seen[name]}")
    return names


def _indicator(project_id: str, name: str, result: Node, indicator: Node, verdict: Verdict) -> Fact:
    measure = indicator.get("measure") or ""
    low, high = (_number(indicator, edge, verdict) for edge in ("band-low", "band-high"))
    weight = indicator.extension("weight") or ""
    baselines = [_baseline(node, measure, verdict) for node in indicator.all("baseline")]
    targets = [
        {**_period(period), **_figure(node, measure, verdict)}
        for period in _periods(indicator)
        for node in period.all("target")
    ]
    for what, some in (("baselines", baselines), ("targets", targets)):
        limit(some, _MOST[what], indicator, what, verdict)
    data = plain(
        project_id=project_id,
        indicator_id=name,
        result_id="r" + short(result.get("type"), first_words(result)),
        result_type=result.get("type"),
        result_title=title(result, verdict),
        title=title(indicator, verdict),
        measure=measure,
        ascending=TRUTH.get(indicator.get("ascending") or ""),
        kind=extension(indicator, "kind", _KINDS, verdict),
        accumulation=extension(indicator, "accumulation", _ACCUMULATIONS, verdict),
        baselines=baselines,
        targets=targets,
        tol_abs=_number(indicator, "tolerance", verdict),
        band={"low": low, "high": high} if low is not None and high is not None else None,
        weight=int(weight) if weight.isascii() and weight.isdigit() and 1 <= int(weight[:8]) <= 1_000_000 else None,
        unit=(indicator.extension("unit") or "")[:200],
        not_applicable=yes(indicator, "not-applicable", verdict) or None,
        withheld=yes(indicator, "withheld", verdict) or None,
    )
    return Fact(type=INDICATOR, data=data, line=indicator.line, path=indicator.path)


def _observations(project_id: str, name: str, indicator: Node, verdict: Verdict) -> list[Fact]:
    measure = indicator.get("measure") or ""
    seen: Counter[str] = Counter()
    found = []
    for period in _periods(indicator):
        when = _period(period)
        for actual in period.all("actual"):
            data: dict[str, Any] = {
                "project_id": project_id,
                "indicator_id": name,
                "period": {"start": when["period_start"], "end": when["period_end"]},
                **_figure(actual, measure, verdict),
            }
            slot = business_key(OBSERVATION, data)
            seen[slot] += 1
            if seen[slot] > _MOST["ordinal"]:
                limit(period.all("actual"), _MOST["ordinal"], period, "actuals of one period and place", verdict)
                continue
            evidence = [_address(link) for link in actual.all("document-link") if link.get("url")]
            limit(evidence, _MOST["evidence"], actual, "documents", verdict)
            data |= {
                "ordinal": seen[slot],
                **plain(evidence=evidence, source_type="SELF_DOCUMENTED" if evidence else None),
                **_assessment(actual, verdict),
            }
            found.append(Fact(type=OBSERVATION, data=data, line=actual.line, path=actual.path))
    return found


def _assessment(actual: Node, verdict: Verdict) -> dict[str, Any]:
    """What IATI has no place for: a rubric level with its assessor, a ratio's parts, who says it, a withheld value."""
    node = own(actual, "observation")
    if node is None:
        return {}
    # Attributes of our own element need no prefix, so they are read as written.
    names = ("rubric", "assessor", "numerator", "denominator", "source-type", "withheld")
    read = {name: node.get(name) for name in names}
    allowed = {"rubric": _RUBRIC, "source-type": _SOURCES, "withheld": ("1", "0", "true", "false")}
    for name, text in read.items():
        wrong = text is not None and (
            text not in allowed[name] if name in allowed else name != "assessor" and decimal(text) is None
        )
        if wrong:
            verdict.add("plumbline:EXTENSION", node, f"{name} cannot be read.", attribute=name, text=text)
            read[name] = None
    return plain(
        rubric=read["rubric"],
        assessor=read["assessor"],
        numerator=read["numerator"],
        denominator=read["denominator"],
        source_type=read["source-type"],
        withheld=read["withheld"] in {"1", "true"} or None,
    )


def _baseline(node: Node, measure: str, verdict: Verdict) -> dict[str, Any]:
    year = node.get("year") or ""
    read = day(node.get("iso-date"))
    return plain(
        year=int(year) if year.isascii() and year.isdigit() and 1900 <= int(year[:9]) <= 2200 else None,
        iso_date=read.isoformat() if read is not None else None,
        **_figure(node, measure, verdict),
    )


def _figure(node: Node, measure: str, verdict: Verdict) -> dict[str, Any]:
    """Value, place and words of a baseline, target or actual.

    Words are never read as a figure: what stands in ``value`` and is none goes to the comment.
    """
    text = node.get("value")
    value = decimal(text) if measure != QUALITATIVE else None
    words = comment(node, verdict)
    if text is not None and value is None:
        words = f"{text} – {words}"[:LONGEST_TEXT] if words else text[:LONGEST_TEXT]
    return plain(value=value, place=_place(node), comment=words)


def _place(node: Node) -> dict[str, Any]:
    """Location and dimensions; several locations of one value are one place."""
    locations = sorted({location.get("ref") or "" for location in node.all("location")} - {""})
    dimensions: dict[str, str] = {}
    for dimension in node.all("dimension"):
        name = dimension.get("name") or "-"
        value = dimension.get("value") or "-"
        dimensions[name] = f"{dimensions[name]}, {value}" if name in dimensions else value
    located = " ".join(locations) or ("-" if node.all("location") else None)
    return plain(location=located, dimensions=dict(sorted(dimensions.items())))


def _periods(indicator: Node) -> list[Node]:
    """The periods that can be placed in time; one that ends before it begins was told of, and is missing."""
    return [node for node in indicator.all("period") if (when := _period(node))["period_start"] <= when["period_end"]]


def _period(period: Node) -> dict[str, str]:
    found = {}
    for name in ("period-start", "period-end"):
        edge = period.first(name)
        read = day(edge.get("iso-date")) if edge is not None else None
        found[name.replace("-", "_")] = read.isoformat() if read is not None else ""
    return found


def _number(node: Node, name: str, verdict: Verdict) -> str | None:
    text = node.extension(name)
    if text is None:
        return None
    read = decimal(text)
    if read is None:
        verdict.add("plumbline:EXTENSION", node, f"{name} cannot be read.", attribute=f"plumbline:{name}", text=text)
    return read


def _address(link: Node) -> str:
    """A document's address; one too long for a reference is named by its hash."""
    url = link.get("url") or ""
    return url if len(url) <= 256 else f"sha256:{short(url, length=64)}"

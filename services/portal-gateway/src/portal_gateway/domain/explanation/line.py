"""The plumb line: from the figure down, by one project and one of its indicators, to the event it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from portal_gateway.domain.explanation.sums import (
    Node,
    Sum,
    amount,
    children,
    dated,
    placed,
    quarter,
    whole_percent,
)
from portal_gateway.domain.explanation.table import listed
from portal_gateway.domain.numbers import MICRO, exact, grouped

_SHOWN: Final = 3
"""Targets and earlier values said beside an indicator; all of them are on the project's page."""

_OPEN_FIRST: Final = ("2", "3", "1", "9")
"""Levels in the order in which one is opened unasked: outcomes say most."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where else the line could go on: a project, or an indicator of the same one."""

    text: str
    project: str | None = None
    indicator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station of the line, from the figure down; ``origin`` is set at the event."""

    kind: str
    title: str
    what: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    origin: Node | None = None


def steps(tree: Node, project: Node | None, indicator: str | None, *, metric_name: str, scope: str) -> list[Step]:
    """The line from the figure down to the event, by one project and one of its indicators."""
    found = [_figure(tree, metric_name, scope)]
    if project is not None:
        if "share" in project or project["kind"] != "project":
            found.append(_part(tree, project))
        found += _inside(tree, project, indicator)
    else:
        alone = next((node for node in children(tree) if node["kind"] == "indicator"), None)
        if alone is not None:
            found += _indicator(alone, ())
    return found


def _figure(tree: Node, metric_name: str, scope: str) -> Step:
    sums: list[Sum] = []
    value, aggregate = tree.get("value"), not tree["scope"].startswith(("project:", "indicator:"))
    if tree.get("denominator") and (aggregate or tree["metric"] == "M2"):
        top, bottom = _sums(tree, aggregate)
        # What is withheld is not said in another place; its sums are, because every part of them is listed below.
        sums.append(Sum(f"{top} ÷ {bottom}", _quotient(tree)))
    elif value is not None:
        sums.append(Sum("", exact(value)))
    if tree.get("lower") is not None and tree.get("lower") != tree.get("upper"):
        sums.append(Sum(f"Lower {exact(tree['lower'])}"))
        sums.append(Sum(f"Upper {exact(tree['upper'])}"))
    notes = []
    if tree.get("state") == "INSUFFICIENT_DATA":
        notes.append("Less than half is known, so the value is withheld; what it is made of is shown all the same.")
    if tree["metric"] == "M4" and tree.get("projects", 0) > 1:
        notes.append("The sum of share × score over the projects that have one, by the sum of their shares.")
    if tree["metric"] == "M10" and aggregate:
        notes.append("The figure is the highest of all open risks; below, how many of them are high or very high.")
    what = f"{metric_name} ({tree['metric']}), {scope}"
    return Step(kind="figure", title="The figure", what=(what,), sums=tuple(sums), notes=tuple(notes))


def _quotient(tree: Node) -> str:
    """What numerator by denominator comes to, where that is the figure; a highest value is no quotient."""
    if tree.get("value") is None:
        return ""
    ratio = Fraction(int(tree["numerator"]), int(tree["denominator"]))
    found = next((value for scale in (MICRO, 1) if abs((value := round(ratio * scale)) - tree["value"]) <= 1), None)
    return f" = {exact(found)}" if found is not None else ""


def _sums(tree: Node, aggregate: bool) -> tuple[str, str]:
    """Numerator and denominator: shares counted in projects, or the weights of one project's indicators."""
    if not aggregate:
        return grouped(tree["numerator"]), grouped(tree["denominator"])
    metric = tree["metric"]
    return amount(metric, tree["numerator"], above=True), amount(metric, tree["denominator"], above=False)


def _part(tree: Node, project: Node) -> Step:
    share, metric = project.get("share", MICRO), tree["metric"]
    top, bottom = (amount(metric, project[k], above=k == "numerator") for k in ("numerator", "denominator"))
    whole = share == MICRO
    what = f"{project['label']}, {'all of it' if whole else f'{whole_percent(share)}% of it'} in this figure"
    sums = [Sum(f"{top} of {bottom}")]
    if metric == "M4":
        value = project.get("value")
        sums = [Sum(f"{exact(share)} × {exact(value)} = ", top) if value is not None else Sum("nothing reported")]
    elif metric == "M2":
        sums = [Sum(f"share × weight on track {top}"), Sum(f"share × weight judged {bottom}")]
    owned = project["kind"] == "project"
    if not owned:
        what = project["label"]
    rank = [node["id"] for node in listed(tree)].index(project["id"]) + 1
    note = f"{'The largest part' if rank == 1 else f'Part {rank} by size'} of {grouped(tree.get('projects', 0))}."
    return Step(
        kind="part",
        title="One project’s part" if owned else "One part",
        what=(what,),
        sums=tuple(sums),
        notes=(note,) if owned else (),
        links=(Link("Open project", project["id"]),) if owned else (),
    )


def _inside(tree: Node, project: Node, wanted: str | None) -> Iterator[Step]:
    """Levels, results and indicators of a project; for money its budget lines, for judgements the facts."""
    metric = tree["metric"]
    if metric == "M7":
        yield from _money(project)
        return
    facts = [c for c in children(project) if c["kind"] == "fact"]
    if facts:
        yield from _facts(project, facts)
        return
    ways = list(_ways(project, ()))
    others = tuple(
        Link(str(way[-1]["label"]), project["id"], way[-1]["id"]) for way in ways if way[-1]["kind"] == "indicator"
    )
    way = _choose(ways, wanted)
    if metric == "M4":
        yield _project(project, tree["scope"].startswith("project:") and tree.get("value") is None)
    for node in way:
        match node["kind"]:
            case "level":
                yield _level(node)
            case "result":
                yield _result(node)
            case "indicator":
                rest = tuple(link for link in others if link.indicator != node["id"])
                yield from _indicator(node, rest)


def _ways(node: Node, way: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """Every way from a project to one of its indicators."""
    for child in children(node):
        if child["kind"] in {"level", "result"}:
            yield from _ways(child, (*way, child))
        elif child["kind"] == "indicator":
            yield (*way, child)


def _choose(ways: Sequence[tuple[Node, ...]], wanted: str | None) -> tuple[Node, ...]:
    for way in ways:
        if wanted is not None and way[-1]["id"] == wanted:
            return way

    def first(way: tuple[Node, ...]) -> tuple[bool, int]:
        level = way[0]["id"] if way[0]["kind"] == "level" else "1"
        return way[-1].get("value") is None, _OPEN_FIRST.index(level) if level in _OPEN_FIRST else 9

    return min(ways, key=first, default=())


def _project(node: Node, withheld: bool) -> Step:
    levels = [c for c in children(node) if c["kind"] == "level" and c.get("weight") and c.get("value") is not None]
    whole = sum(level["weight"] for level in levels)
    if len(levels) > 1:
        terms = " + ".join(f"{quarter(level['weight'])} × {exact(level['value'])}" for level in levels)
        sums = (Sum(f"({terms}) ÷ {quarter(whole)}", "" if withheld else f" = {exact(node['value'])}"),)
    elif levels:
        sums = (Sum("", exact(levels[0]["value"])),)
    else:
        sums = (Sum("nothing reported"),)
    said = ", ".join(f"{level['label'].lower()} {quarter(level['weight'])}" for level in levels)
    return Step(
        kind="project",
        title="The project’s score",
        what=(node["label"], *((f"Weights: {said}",) if len(levels) > 1 else ())),
        sums=sums,
        notes=_bounds(node),
        flags=tuple(node.get("flags") or ()),
    )


def _level(node: Node) -> Step:
    results = [c for c in children(node) if c["kind"] == "result"]
    known = [r for r in results if r.get("value") is not None]
    title = f"The level: {node['label'].lower()}"
    what = f"Mean of {len(known)} of {len(results)} results" if len(results) > 1 else "One result"
    notes = ("Results are averaged, not indicators.",) if len(known) > 1 else ()
    return Step(kind="level", title=title, what=(what,), sums=(_mean(known, node),), notes=(*notes, *_bounds(node)))


def _result(node: Node) -> Step:
    members = [c for c in children(node) if c["kind"] == "indicator"]
    expected = [c for c in members if c.get("denominator") is not None]
    known = [c for c in expected if c.get("value") is not None]
    missing = len(expected) - len(known)
    notes = (f"{len(known)} of {len(expected)} indicators known.",) if missing else ()
    return Step(
        kind="result",
        title=f"The result {node['id']}" if len(str(node["id"])) < 12 else "The result",
        what=(node["label"],) if node["label"] != node["id"] else (),
        sums=(_mean(known, node),),
        notes=(*notes, *_bounds(node)),
    )


def _mean(known: Sequence[Node], node: Node) -> Sum:
    if not known or node.get("value") is None:
        return Sum("nothing reported")
    if len(known) == 1:
        return Sum("", exact(node["value"]))
    weights = [n.get("weight", 1) if n["kind"] == "indicator" else 1 for n in known]
    plain = set(weights) == {1}
    terms = " + ".join(
        exact(n["value"]) if plain else f"{w} × {exact(n['value'])}" for w, n in zip(weights, known, strict=True)
    )
    return Sum(f"({terms}) ÷ {sum(weights)} = ", exact(node["value"]))


def _bounds(node: Node) -> tuple[str, ...]:
    lower, upper, coverage = node.get("lower"), node.get("upper"), node.get("coverage")
    if lower is None or upper is None or lower == upper or not coverage or not coverage["expected"]:
        return ()
    share = whole_percent(coverage["observed"] * MICRO // coverage["expected"])
    return (f"{share}% known; between {exact(lower)} and {exact(upper)} whatever is missing.",)


def _indicator(node: Node, others: tuple[Link, ...]) -> list[Step]:
    below = children(node)
    stated = [c for c in below if c["kind"] in {"baseline", "target"}]
    notes = [f"{dated(c['label'])}: {c['calc']}{placed(c)}" for c in stated if c["kind"] == "baseline"]
    targets = [c for c in stated if c["kind"] == "target"]
    notes += [f"{dated(c['label'])}: {c['calc']}{placed(c)}" for c in targets[-_SHOWN:]]
    if len(targets) > _SHOWN:
        notes.append(f"And {len(targets) - _SHOWN} targets of earlier periods.")
    if node.get("original") is not None:
        notes.append(f"On the target as first set: {exact(node['original'])}")
    steps_ = [
        Step(
            kind="indicator",
            title="The indicator",
            what=(node["label"],),
            sums=(_formula(node),),
            notes=tuple(notes),
            flags=(*(node.get("flags") or ()), *(node.get("hints") or ())),
            links=others,
        )
    ]
    actuals = [c for c in below if c["kind"] == "observation"]
    used = next((c for c in reversed(actuals) if c.get("used")), actuals[-1] if actuals else None)
    if used is not None:
        more = [c for c in actuals if c is not used]
        steps_.append(
            Step(
                kind="observation",
                title="The observation",
                what=(dated(used["label"]) + placed(used),),
                sums=(Sum("value ", str(used["calc"])),),
                notes=tuple(f"Also reported: {dated(c['label'])}{placed(c)}: {c['calc']}" for c in more[-_SHOWN:]),
                flags=tuple(used.get("flags") or ()),
            )
        )
    origin = (used or {}).get("origin") or next((c["origin"] for c in stated if c.get("origin")), None)
    if origin is not None:
        steps_.append(_event(origin))
    return steps_


def _formula(node: Node) -> Sum:
    calc = str(node.get("calc", ""))
    text, equals, result = calc.rpartition(" = ")
    if equals and result.lstrip("-").isdigit():
        return Sum(f"{text} = ", exact(int(result)))
    return Sum(calc)


def _money(project: Node) -> Iterator[Step]:
    lines = [c for c in children(project) if c["kind"] == "budget"]
    sums = tuple(Sum(f"{dated(line['label'])}: ", str(line["calc"])) for line in lines)
    cents = project.get("cents") or {}
    notes = tuple(
        f"{'Not allocated' if code == 'unallocated' else code}: {amount('M7', value, above=True)}"
        for code, value in cents.items()
        if value
    )
    yield Step(
        kind="budget",
        title="Its budget lines",
        what=(project["label"],),
        sums=sums or (Sum("no budget reported"),),
        notes=notes,
        flags=tuple(project.get("flags") or ()),
    )
    origin = next((line["origin"] for line in lines if line.get("origin")), project.get("origin"))
    if origin is not None:
        yield _event(origin)


def _facts(project: Node, facts: Sequence[Node]) -> Iterator[Step]:
    sums = tuple(Sum(f"{fact['label']}: ", str(fact["calc"])) for fact in facts)
    yield Step(kind="fact", title="The facts", what=(project["label"],), sums=sums)
    origin = next((fact["origin"] for fact in facts if fact.get("origin")), None)
    if origin is not None:
        yield _event(origin)


def _event(origin: Node) -> Step:
    return Step(
        kind="event",
        title="The source event",
        what=tuple(text for text in (origin.get("path"),) if text),
        sums=(
            Sum(
                f"{str(origin.get('type') or 'event').removeprefix('org.plumbline.')} · ",
                str(origin.get("event_id", "")),
            ),
        ),
        origin=origin,
    )

"""The plumb line inside a project: levels, results and indicators; for money its lines, for judgements the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from portal_gateway.domain.explanation.step import Link, Step
from portal_gateway.domain.explanation.sums import (
    Node,
    Sum,
    amount,
    children,
    dated,
    placed,
    quarter,
)
from portal_gateway.domain.speech.language import _, ngettext, said
from portal_gateway.domain.speech.numbers import MICRO, exact, whole_percent
from portal_gateway.domain.speech.told import told
from portal_gateway.domain.speech.words import LEVELS

SCORED: Final = frozenset({"M1", "M2", "M4"})
"""Metrics whose line leads through the indicators of a project; the others lead to its facts."""

_SHOWN: Final = 3
"""Targets and earlier values said beside an indicator; all of them are on the project's page."""

_FACTS: Final = 20
"""Facts listed: some publishers have a thousand transactions in a project."""

_OPEN_FIRST: Final = ("2", "3", "1", "9")
"""Levels in the order in which one is opened unasked: outcomes say most."""


def inside(tree: Node, project: Node, wanted: str | None) -> Iterator[Step]:
    """Levels, results and indicators of a project; for money its budget lines, for judgements the facts."""
    metric = tree["metric"]
    if metric == "M7":
        yield from _money(project)
        return
    facts = [c for c in children(project) if c["kind"] == "fact"]
    if facts or metric not in SCORED:
        yield from _facts(project, facts)
        return
    ways = list(_ways(project, ()))
    others = tuple(
        Link(told(way[-1], "label"), project["id"], way[-1]["id"]) for way in ways if way[-1]["kind"] == "indicator"
    )
    way = _choose(ways, wanted)
    found: list[Step] = []
    if metric == "M4":
        found.append(_project(project, tree["scope"].startswith("project:") and tree.get("value") is None))
    for node in way:
        match node["kind"]:
            case "level":
                found.append(_level(node))
            case "result":
                found.append(_result(node))
            case "indicator":
                rest = tuple(link for link in others if link.indicator != node["id"])
                found += indicator_steps(node, rest)
    yield from found
    if project.get("origin") is not None and not any(step.origin for step in found):
        yield _event(project["origin"])  # that nothing is reported is seen there


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
        sums = (Sum(_("nothing reported")),)
    weights = _(", ").join(f"{_level_name(level)} {quarter(level['weight'])}" for level in levels)
    return Step(
        kind="project",
        title=_("The project’s score"),
        what=(node["label"], *((_("Weights: %(weights)s", weights=weights),) if len(levels) > 1 else ())),
        sums=sums,
        notes=_bounds(node),
        flags=tuple(node.get("flags") or ()),
    )


def _level_name(node: Node) -> str:
    return said(LEVELS[node["id"]]) if node["id"] in LEVELS else told(node, "label")


def _level(node: Node) -> Step:
    results = [c for c in children(node) if c["kind"] == "result"]
    known = [r for r in results if r.get("value") is not None]
    title = _("The level: %(level)s", level=_level_name(node))
    what = _("One result")
    if len(results) > 1:
        what = _("Mean of %(known)s of %(all)s results", known=len(known), all=len(results))
    notes = (_("Results are averaged, not indicators."),) if len(known) > 1 else ()
    return Step(kind="level", title=title, what=(what,), sums=(_mean(known, node),), notes=(*notes, *_bounds(node)))


def _result(node: Node) -> Step:
    members = [c for c in children(node) if c["kind"] == "indicator"]
    expected = [c for c in members if c.get("denominator") is not None]
    known = [c for c in expected if c.get("value") is not None]
    missing = len(expected) - len(known)
    notes = (_("%(known)s of %(all)s indicators known.", known=len(known), all=len(expected)),) if missing else ()
    return Step(
        kind="result",
        title=_("The result %(id)s", id=node["id"]) if len(str(node["id"])) < 12 else _("The result"),
        what=(node["label"],) if node["label"] != node["id"] else (),
        sums=(_mean(known, node),),
        notes=(*notes, *_bounds(node)),
        why=ngettext("Why is the other missing?", "Why are the other %(n)s missing?", missing) if missing else "",
    )


def _mean(known: Sequence[Node], node: Node) -> Sum:
    if not known or node.get("value") is None:
        return Sum(_("nothing reported"))
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
    return (
        _(
            "%(share)s%% known; between %(lower)s and %(upper)s whatever is missing.",
            share=share,
            lower=exact(lower),
            upper=exact(upper),
        ),
    )


def indicator_steps(node: Node, others: tuple[Link, ...]) -> list[Step]:
    below = children(node)
    stated = [c for c in below if c["kind"] in {"baseline", "target"}]
    notes = [_reported(c) for c in stated if c["kind"] == "baseline"]
    targets = [c for c in stated if c["kind"] == "target"]
    notes += [_reported(c) for c in targets[-_SHOWN:]]
    if len(targets) > _SHOWN:
        earlier = len(targets) - _SHOWN
        notes.append(ngettext("And one target of an earlier period.", "And %(n)s targets of earlier periods.", earlier))
    if node.get("original") is not None:
        notes.append(_("On the target as first set: %(value)s", value=exact(node["original"])))
    steps_ = [
        Step(
            kind="indicator",
            title=_("The indicator"),
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
                title=_("The observation"),
                what=(dated(told(used, "label")) + placed(used),),
                sums=(Sum(_("value") + " ", told(used, "calc")),),
                notes=tuple(_("Also reported: %(value)s", value=_reported(c)) for c in more[-_SHOWN:]),
                flags=tuple(used.get("flags") or ()),
            )
        )
    origin = (used or {}).get("origin") or next((c["origin"] for c in stated if c.get("origin")), None)
    if origin is not None:
        steps_.append(_event(origin))
    return steps_


def _reported(node: Node) -> str:
    """A value with its period and its place."""
    return f"{dated(told(node, 'label'))}{placed(node)}: {told(node, 'calc')}"


def _formula(node: Node) -> Sum:
    calc = told(node, "calc")
    text, equals, result = calc.rpartition(" = ")
    if equals and result.lstrip("-").isdigit():
        return Sum(f"{text} = ", exact(int(result)))
    return Sum(calc)


def _money(project: Node) -> Iterator[Step]:
    lines = [c for c in children(project) if c["kind"] == "budget"]
    sums = tuple(Sum(f"{dated(told(line, 'label'))}: ", told(line, "calc")) for line in lines)
    cents = project.get("cents") or {}
    notes = tuple(
        f"{_('Not allocated') if code == 'unallocated' else code}: {amount('M7', value, above=True)}"
        for code, value in cents.items()
        if value
    )
    yield Step(
        kind="budget",
        title=_("Its budget lines"),
        what=(told(project, "label"),),
        sums=sums or (Sum(_("no budget reported")),),
        notes=notes,
        flags=tuple(project.get("flags") or ()),
    )
    origin = next((line["origin"] for line in lines if line.get("origin")), project.get("origin"))
    if origin is not None:
        yield _event(origin)


def _facts(project: Node, facts: Sequence[Node]) -> Iterator[Step]:
    sums = tuple(Sum(f"{told(fact, 'label')}: ", told(fact, "calc")) for fact in facts[:_FACTS])
    more = len(facts) - len(sums)
    yield Step(
        kind="fact",
        title=_("The facts"),
        what=(told(project, "label"),),
        sums=sums or (Sum(_("nothing reported")),),
        notes=(ngettext("And one more, in the data.", "And %(n)s more, in the data.", more),) if more else (),
    )
    # Where nothing is reported, that is seen where the project itself is.
    origin = next((fact["origin"] for fact in facts if fact.get("origin")), None) or project.get("origin")
    if origin is not None:
        yield _event(origin)


def _event(origin: Node) -> Step:
    return Step(
        kind="event",
        title=_("The source event"),
        what=tuple(text for text in (origin.get("path"),) if text),
        sums=(
            Sum(
                f"{str(origin.get('type') or 'event').removeprefix('org.plumbline.')} · ",
                str(origin.get("event_id", "")),
            ),
        ),
        origin=origin,
    )

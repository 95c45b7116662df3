"""The plumb line: from the figure down, by one project and one of its indicators, to the event it came from."""

from __future__ import annotations

from fractions import Fraction

from portal_gateway.domain.explanation.inside import indicator_steps, inside
from portal_gateway.domain.explanation.step import Link, Step
from portal_gateway.domain.explanation.sums import Node, Sum, amount, children
from portal_gateway.domain.explanation.table import listed
from portal_gateway.domain.speech.language import _, said
from portal_gateway.domain.speech.numbers import MICRO, counted, exact, grouped, whole_percent
from portal_gateway.domain.speech.told import told
from portal_gateway.domain.speech.words import PILLARS


def steps(tree: Node, project: Node | None, indicator: str | None, *, metric_name: str, scope: str) -> list[Step]:
    """The line from the figure down to the event, by one project and one of its indicators."""
    found = [_figure(tree, metric_name, scope)]
    if project is not None:
        if "share" in project or project["kind"] != "project":
            found.append(_part(tree, project))
        found += inside(tree, project, indicator)
    else:
        alone = next((node for node in children(tree) if node["kind"] == "indicator"), None)
        if alone is not None:
            found += indicator_steps(alone, ())
        pillars = [node for node in children(tree) if node["kind"] == "pillar"]
        if pillars:
            found.append(_pillars(tree, pillars))
    return found


def _pillars(tree: Node, pillars: list[Node]) -> Step:
    """The four figures that one is made of, each with its own line down."""
    return Step(
        kind="part",
        title=_("The four pillars"),
        what=(_("Each has a line of its own down to the file."),),
        sums=(Sum(told(tree, "calc")),),
        links=tuple(
            Link(
                _("%(name)s: %(value)s", name=said(PILLARS[node["id"]][0]), value=exact(node["value"]))
                if node.get("value") is not None
                else said(PILLARS[node["id"]][0]),
                figure=("M4", f"pillar:{node['id']}"),
            )
            for node in pillars
        ),
    )


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
        sums.append(Sum(_("Lower %(value)s", value=exact(tree["lower"]))))
        sums.append(Sum(_("Upper %(value)s", value=exact(tree["upper"]))))
    notes = []
    if tree.get("state") == "INSUFFICIENT_DATA":
        notes.append(_("Less than half is known, so the value is withheld; what it is made of is shown all the same."))
    if tree["metric"] == "M4" and tree.get("projects", 0) > 1:
        notes.append(_("The sum of share × score over the projects that have one, by the sum of their shares."))
    if tree["metric"] == "M10" and aggregate:
        notes.append(_("The figure is the highest of all open risks; below, how many of them are high or very high."))
    what = _("%(metric)s (%(code)s), %(scope)s", metric=metric_name, code=tree["metric"], scope=scope)
    return Step(kind="figure", title=_("The figure"), what=(what,), sums=tuple(sums), notes=tuple(notes))


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
        return counted(tree["numerator"]), counted(tree["denominator"])
    metric = tree["metric"]
    return amount(metric, tree["numerator"], above=True), amount(metric, tree["denominator"], above=False)


def _part(tree: Node, project: Node) -> Step:
    share, metric = project.get("share", MICRO), tree["metric"]
    top, bottom = (amount(metric, project[k], above=k == "numerator") for k in ("numerator", "denominator"))
    whole = share == MICRO
    what: tuple[str, ...] = (told(project, "label"), _("All of it is in this figure"))
    if not whole:
        what = (what[0], _("%(share)s%% of it is in this figure", share=whole_percent(share)))
    sums = [Sum(_("%(part)s of %(whole)s", part=top, whole=bottom))]
    if not int(project["denominator"]):
        sums = [Sum(told(project, "calc") if project["kind"] == "pair" else _("nothing reported"))]
    elif metric == "M4":
        value = project.get("value")
        sums = [Sum(f"{exact(share)} × {exact(value)} = ", top) if value is not None else Sum(_("nothing reported"))]
    elif metric == "M2":
        sums = [
            Sum(_("share × weight on track %(sum)s", sum=top)),
            Sum(_("share × weight judged %(sum)s", sum=bottom)),
        ]
    owned = project["kind"] == "project"
    links = (Link(_("Open project"), project["id"]),) if owned else ()
    if not owned:
        what = what[:1]
    if project["kind"] == "pair" and len(project.get("projects") or ()) == 2:
        one, other = project["projects"]
        links = (Link(_("Side by side"), one, beside=other),)
    rank = [node["id"] for node in listed(tree)].index(project["id"]) + 1
    whole_number = grouped(tree.get("projects", 0))
    note = _("The largest part of %(all)s.", all=whole_number)
    if rank > 1:
        note = _("Part %(rank)s by size of %(all)s.", rank=grouped(rank), all=whole_number)
    return Step(
        kind="part",
        title=_("One project’s part") if owned else _("One part"),
        what=what,
        sums=tuple(sums),
        notes=(note,) if owned else (),
        links=links,
    )

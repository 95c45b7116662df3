"""What the projects bring into a total, listed so that it adds up."""

from __future__ import annotations

from dataclasses import dataclass

from portal_gateway.domain.explanation.sums import Node, amount, children
from portal_gateway.domain.speech.told import told

_OWN = ("project:", "indicator:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a project, a need or a duty brings into a total; ``numerator`` and ``denominator`` as they are added up."""

    project_id: str
    title: str
    share: int | None
    value: int | None
    lower: int | None
    upper: int | None
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A line for projects that are not listed: the smaller ones, or those that are not the reader's to see.

    Of the latter only the number is told, and their sums are ``''``.
    """

    kind: str
    count: int
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The table: what is listed, what closes it, the totals and their quotient.

    ``adds_up`` is None where what is not the reader's to see brings something that is not told.
    """

    rows: tuple[Part, ...]
    closing: tuple[Closing, ...]
    numerator: str
    denominator: str
    adds_up: bool | None


_CLOSING = frozenset({"others", "withheld"})


def listed(tree: Node) -> list[Node]:
    """What a total is made of, one by one: projects, or needs, assessments and duties, which no project owns."""
    return [
        node for node in children(tree) if node["kind"] == "project" or (
            "numerator" in node and node["kind"] not in _CLOSING and not tree["scope"].startswith(_OWN)
        )
    ]  # fmt: skip


def project_node(tree: Node, project: str | None) -> Node | None:
    """The part whose way is followed: the one asked for, else the one that brings most."""
    found = listed(tree)
    return next((node for node in found if node["id"] == project), found[0] if found else None)


def hidden(tree: Node) -> int:
    """How many projects are in the figure and not the reader's to see."""
    return sum(node["count"] for node in children(tree) if node["kind"] == "withheld")


def parts(tree: Node) -> Parts | None:
    """The projects of a total; None for a figure that is of one project or one indicator."""
    rows = [node for node in listed(tree) if "share" in node or node["kind"] != "project"]
    closing = [node for node in children(tree) if node["kind"] in _CLOSING]
    if not rows and not closing:
        return None
    metric = tree["metric"]
    everything = [node for node in (*rows, *closing) if "numerator" in node]
    adds_up = all(
        sum(int(node[side]) for node in everything) == int(tree[side]) for side in ("numerator", "denominator")
    )
    return Parts(
        rows=tuple(
            Part(
                project_id=node["id"],
                title=told(node, "label"),
                share=node.get("share"),
                value=node.get("value"),
                lower=node.get("lower"),
                upper=node.get("upper"),
                numerator=amount(metric, node["numerator"], above=True),
                denominator=amount(metric, node["denominator"], above=False),
            )
            for node in rows
        ),
        closing=tuple(
            Closing(
                kind=node["kind"],
                count=node["count"],
                numerator=amount(metric, node["numerator"], above=True) if "numerator" in node else "",
                denominator=amount(metric, node["denominator"], above=False) if "denominator" in node else "",
            )
            for node in closing
        ),
        numerator=amount(metric, tree["numerator"], above=True),
        denominator=amount(metric, tree["denominator"], above=False),
        adds_up=adds_up or (None if hidden(tree) else False),
    )

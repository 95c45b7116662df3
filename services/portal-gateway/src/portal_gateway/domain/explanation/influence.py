"""What moves a figure most, as scoring found it: without each part, and with what is missing (methodology §0.4)."""

from __future__ import annotations

from dataclasses import dataclass

from portal_gateway.domain.explanation.sums import Node
from portal_gateway.domain.speech.numbers import percent, points
from portal_gateway.domain.speech.told import told


@dataclass(frozen=True, slots=True)
class Mover:
    """A part of a figure and two numbers of it, as text: empty where one cannot be said."""

    kind: str
    id: str
    title: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Influence:
    """``effects``: the figure without the part, and the part's effect in points. ``missing``: the figure were what
    is missing of the part reported as nothing reached, and as all reached.
    """

    effects: tuple[Mover, ...]
    missing: tuple[Mover, ...]


def influence(tree: Node) -> Influence:
    """What the tree says of it; the greatest first."""
    return Influence(
        tuple(_mover(n, _percent(n.get("without")), _points(n.get("effect"))) for n in tree.get("influence") or ()),
        tuple(_mover(n, _percent(n["if_none"]), _percent(n["if_full"])) for n in tree.get("missing") or ()),
    )


def _mover(node: Node, first: str, second: str) -> Mover:
    return Mover(node["kind"], node["id"], told(node, "label") or node["id"], first, second)


def _percent(value: int | None) -> str:
    return percent(value) if value is not None else ""


def _points(value: int | None) -> str:
    return points(value) if value is not None else ""

"""How a figure is made: from scoring's tree to the plumb line and to the table that adds up.

The tree is integers: scores in µ, shares in ppm, money in cents, each node with the sums it rests on. Here one way
down is chosen, and every sum is written as a person would check it with a pencil.
"""

from __future__ import annotations

from portal_gateway.domain.explanation.influence import Influence, Mover, influence
from portal_gateway.domain.explanation.inside import SCORED
from portal_gateway.domain.explanation.line import steps
from portal_gateway.domain.explanation.missing import Missing, missing
from portal_gateway.domain.explanation.named import named, scopes_of
from portal_gateway.domain.explanation.step import Link, Step
from portal_gateway.domain.explanation.sums import Node, Sum, amount, places
from portal_gateway.domain.explanation.table import Closing, Part, Parts, hidden, parts, project_node

__all__ = [
    "SCORED",
    "Closing",
    "Influence",
    "Link",
    "Missing",
    "Mover",
    "Node",
    "Part",
    "Parts",
    "Step",
    "Sum",
    "amount",
    "hidden",
    "influence",
    "missing",
    "named",
    "parts",
    "places",
    "project_node",
    "scopes_of",
    "steps",
]

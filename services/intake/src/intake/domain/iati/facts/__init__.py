"""The facts of an activity: the project, its indicators, their observations, its transactions (methodology §2.1)."""

from __future__ import annotations

from intake.domain.fact import Fact
from intake.domain.iati.facts import money, project, results
from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict


def facts(activity: Node, verdict: Verdict) -> list[Fact]:
    """Every fact of an activity in which no error was found; what is noticed on the way goes to the verdict."""
    return [
        project.project(activity, verdict),
        *results.results(activity, verdict),
        *money.transactions(activity),
    ]

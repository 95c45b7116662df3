"""The rules of the IATI 2.03 ruleset and of the methodology, by what they are about."""

from __future__ import annotations

from intake.domain.iati.node import Node
from intake.domain.iati.rules import activity, codes, identity, money, percentages, placing, results
from intake.domain.iati.verdict import Verdict


def judge(node: Node, verdict: Verdict) -> None:
    """Judge an activity by every rule; all faults are noted at once."""
    identity.judge(node, verdict)
    activity.judge(node, verdict)
    placing.judge(node, verdict)
    percentages.judge(node, verdict)
    money.judge(node, verdict)
    results.judge(node, verdict)
    codes.judge(node, verdict)

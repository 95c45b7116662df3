"""On which level recipients and sectors stand, and what own codes need (ruleset 2.2, 3.6, 3.7, 6.2, 6.6, 6.7, 102)."""

from __future__ import annotations

from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import OWN

_RECIPIENTS = ("recipient-country", "recipient-region")


def judge(activity: Node, verdict: Verdict) -> None:
    """Activity or transactions, never both."""
    _sectors(activity, verdict)
    _recipients(activity, verdict)


def _sectors(activity: Node, verdict: Verdict) -> None:
    own = activity.all("sector")
    transactions = activity.all("transaction")
    below = [transaction for transaction in transactions if transaction.all("sector")]
    if own and below:
        verdict.add(
            "iati:6.6.2", below[0].all("sector")[0], "Sectors stand both on the activity and on its transactions."
        )
    elif not own and not below:
        verdict.add("iati:6.2.2", activity, "The activity has no sector.")
    elif below and len(below) < len(transactions):
        lacking = next(transaction for transaction in transactions if not transaction.all("sector"))
        verdict.add("iati:6.7.2", lacking, f"{len(transactions) - len(below)} transactions have no sector.")
    if own and not any((sector.get("vocabulary") or "1") == "1" for sector in own):
        verdict.add("iati:102.1.1", own[0], "No sector of vocabulary 1 (DAC purpose) stands beside the others.")
    for sector in own:
        if sector.get("vocabulary") in OWN and not sector.narratives():
            verdict.add("iati:2.2.1", sector, "A code of the reporter's own list has no name.", text=sector.get("code"))


def _recipients(activity: Node, verdict: Verdict) -> None:
    own = [node for tag in _RECIPIENTS for node in activity.all(tag)]
    transactions = activity.all("transaction")
    below = [node for node in transactions if _placed(node)]
    if own and below:
        verdict.add("iati:3.6.2", below[0], "Recipients stand both on the activity and on its transactions.")
    elif not own and not below:
        verdict.add("iati:3.7.1", activity, "The activity has no recipient country or region.")
    elif not own and len(below) < len(transactions):
        lacking = next(node for node in transactions if not _placed(node))
        verdict.add("iati:3.7.2", lacking, f"{len(transactions) - len(below)} transactions have no recipient.")


def _placed(transaction: Node) -> bool:
    return any(transaction.all(tag) for tag in _RECIPIENTS)

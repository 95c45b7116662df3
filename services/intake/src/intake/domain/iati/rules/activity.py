"""Dates, language and texts of the activity (ruleset 4.*, 6.11, 11.1, 107)."""

from __future__ import annotations

from datetime import date

from intake.domain.iati.node import LANG, Node
from intake.domain.iati.verdict import Verdict
from intake.domain.values import day


def judge(activity: Node, verdict: Verdict) -> None:
    """What the activity says about itself."""
    _dates(activity, verdict)
    _texts(activity, verdict)
    _aid_types(activity, verdict)


def dates(activity: Node) -> dict[str, tuple[Node, date]]:
    """The first readable day of each activity-date type."""
    found: dict[str, tuple[Node, date]] = {}
    for node in activity.all("activity-date"):
        read = day(node.get("iso-date"))
        kind = node.get("type")
        if read is not None and kind is not None:
            found.setdefault(kind, (node, read))
    return found


def _dates(activity: Node, verdict: Verdict) -> None:
    for node in activity.all("activity-date"):
        if node.get("iso-date") and day(node.get("iso-date")) is None:
            verdict.add(
                "plumbline:DATE_RANGE",
                node,
                "The day cannot be meant.",
                attribute="iso-date",
                text=node.get("iso-date"),
            )
    found = dates(activity)
    if not {node.get("type") for node in activity.all("activity-date")} & {"1", "2"}:
        verdict.add("iati:6.11.1", activity, "The activity has neither a planned nor an actual start.")
    for start, end, rule, name in (("1", "3", "iati:11.1.2", "planned"), ("2", "4", "iati:11.1.3", "actual")):
        if start in found and end in found and found[start][1] > found[end][1]:
            verdict.add(
                rule,
                found[end][0],
                f"The {name} end {found[end][1]} is before the {name} start {found[start][1]}.",
                attribute="iso-date",
                text=found[end][0].get("iso-date"),
            )
    for kind, rule, name in (("2", "iati:11.1.4", "start"), ("4", "iati:11.1.5", "end")):
        if kind in found and found[kind][1] > verdict.today:
            verdict.add(
                rule,
                found[kind][0],
                f"The actual {name} is still ahead.",
                attribute="iso-date",
                text=found[kind][0].get("iso-date"),
            )
    updated = activity.get("last-updated-datetime")
    if updated:
        read = day(updated[:10])
        if read is not None and read > verdict.today:
            verdict.add(
                "iati:11.1.1",
                activity,
                "last-updated-datetime is still ahead.",
                attribute="last-updated-datetime",
                text=updated,
            )


def _texts(activity: Node, verdict: Verdict) -> None:
    for node in activity.walk():
        if node.tag == "narrative":
            if node.words and activity.get(LANG) is None and node.get(LANG) is None:
                verdict.add("iati:4.1.1", node, "No language is said for this text.", text=node.words)
        elif node.tag in {"title", "description"} and not node.narratives():
            rule = "iati:4.3.1" if node.tag == "title" else "iati:4.4.1"
            verdict.add(rule, node, f"The {node.tag} holds no text.")


def _aid_types(activity: Node, verdict: Verdict) -> None:
    _aid_type(activity.all("default-aid-type"), "iati:107.1.1", "iati:107.1.2", verdict)
    for transaction in activity.all("transaction"):
        _aid_type(transaction.all("aid-type"), "iati:107.2.1", "iati:107.2.2", verdict)


def _aid_type(some: list[Node], with_dac: str, once: str, verdict: Verdict) -> None:
    if not some:
        return
    used: set[str] = set()
    for node in some:
        vocabulary = node.get("vocabulary") or "1"
        if vocabulary in used:
            verdict.add(once, node, f"Another {node.tag} of vocabulary {vocabulary} stands before this one.")
        used.add(vocabulary)
    if "1" not in used:
        verdict.add(with_dac, some[0], f"No {some[0].tag} of vocabulary 1 stands beside this one.")

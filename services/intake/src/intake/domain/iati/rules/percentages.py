"""Percentages: the ruleset's (2.1, 3.1, 3.4, 7.9, 12.*) and the methodology's reading of them (§0.6)."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from intake.domain.finding import Severity
from intake.domain.iati.groups import Group, feeding, is_pillars, recipients, sectors
from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import PILLARS
from intake.domain.shares import within_tolerance
from intake.domain.values import percentage

_RULES: Final = {
    "countries": ("iati:3.1.1", "iati:3.1.2", "iati:3.1.4"),
    "regions": ("iati:3.4.1", "iati:3.4.2", "iati:3.4.4"),
    "sectors": ("iati:2.1.1", "iati:2.1.2", "iati:2.1.4"),
}
"""Each needs a percentage; together 100; a single one 100 or none."""

_RANGES: Final = (
    (("recipient-country",), "iati:12.1.1"),
    (("recipient-region",), "iati:12.1.1"),
    (("sector",), "iati:12.3.1"),
    (("capital-spend",), "iati:12.2.1"),
    (("country-budget-items", "budget-item"), "iati:12.2.1"),
)


def judge(activity: Node, verdict: Verdict) -> None:
    """Ranges first, then what belongs together."""
    for steps, rule in _RANGES:
        for node in activity.deep(*steps):
            text = node.get("percentage")
            if text is not None and percentage(text) is None:
                verdict.add(rule, node, "The percentage is not from 0 to 100.", attribute="percentage", text=text)
    stood_on = {group.members for group in feeding(activity)}
    for group in (*recipients(activity), *sectors(activity)):
        _together(group, verdict, group.members in stood_on)
        if is_pillars(group):
            for member in group.members:
                if member.get("code") not in PILLARS:
                    verdict.add(
                        "plumbline:PILLAR_UNKNOWN",
                        member,
                        "The code is no pillar.",
                        attribute="code",
                        text=member.get("code"),
                    )
    _budget_items(activity, verdict)


def _together(group: Group, verdict: Verdict, stood_on: bool) -> None:
    """A group that no figure stands on only warns."""
    each, together, single = _RULES[group.kind]
    grave: Severity = "error" if stood_on else "warning"
    first = group.members[0]
    missing = [member for member in group.members if member.get("percentage") is None]
    if len(group.members) > 1 and missing:
        message = f"{len(missing)} of {len(group.members)} {group.label} have no percentage."
        verdict.add(each, missing[0], message, severity=grave)
        if stood_on:
            verdict.add("plumbline:PERCENTAGE_REQUIRED", missing[0], message)
        return
    total = group.total()
    if total is None or total == 100:
        return  # out of range, and told so; or exact
    message = f"The percentages of the {group.label} add up to {_plain(total)}."
    text = " + ".join(member.get("percentage") or "" for member in group.members)
    near = within_tolerance(total)
    rule = single if len(group.members) == 1 else together
    verdict.add(rule, first, message, attribute="percentage", text=text, severity="warning" if near else grave)
    if stood_on:
        own = "plumbline:PERCENT_NORMALISED" if near else "plumbline:PERCENT_SUM"
        verdict.add(own, first, message, attribute="percentage", text=text)


def _budget_items(activity: Node, verdict: Verdict) -> None:
    for items in activity.all("country-budget-items"):
        some = items.all("budget-item")
        missing = [item for item in some if item.get("percentage") is None]
        if len(some) > 1 and missing:
            verdict.add("iati:7.9.1", missing[0], f"{len(missing)} of {len(some)} budget items have no percentage.")
            continue
        total = sum((percentage(item.get("percentage")) or Fraction(0) for item in some), Fraction(0))
        if some and not missing and total != 100:
            rule = "iati:7.9.2" if len(some) > 1 else "iati:7.9.4"
            verdict.add(rule, some[0], f"The budget items' percentages add up to {_plain(total)}.")


def _plain(total: Fraction) -> str:
    """A sum of percentages as people write it."""
    return f"{float(total):.6f}".rstrip("0").rstrip(".")

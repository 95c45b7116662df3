"""Budgets, planned disbursements and transactions (ruleset 7.5, 7.8, 8.6.3, 11.2)."""

from __future__ import annotations

import re
from typing import Final

from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict
from intake.domain.values import day, decimal

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DIGITS: Final = re.compile(r"[+-]?[0-9.]+")
_CHECKED: Final = ("budget", "planned-disbursement", "transaction")


def judge(activity: Node, verdict: Verdict) -> None:
    """Amounts, currencies and days."""
    default = activity.get("default-currency")
    for tag in _CHECKED:
        for node in activity.all(tag):
            value = node.first("value")
            if value is not None:
                _amount(value, default, verdict, tag == "transaction")
    for tag in ("budget", "planned-disbursement"):
        for node in activity.all(tag):
            _period(node, verdict, "iati:8.6.3", year=tag == "budget")
    for transaction in activity.all("transaction"):
        when = transaction.first("transaction-date")
        if when is not None:
            _not_ahead(when, "iso-date", "iati:11.2.1", verdict)


def currency(value: Node, default: str | None) -> str | None:
    """The currency of an amount, its own or the activity's, where it is three capital letters."""
    said = value.get("currency") or default
    return said if said and _CURRENCY.fullmatch(said) else None


def _amount(value: Node, default: str | None, verdict: Verdict, posted: bool) -> None:
    said = value.get("currency") or default
    if said is None:
        verdict.add("iati:7.8.1", value, "No currency is said for this amount.", text=value.words)
    elif not _CURRENCY.fullmatch(said):
        verdict.add("plumbline:CURRENCY", value, "The currency cannot be read.", attribute="currency", text=said)
    if _DIGITS.fullmatch(value.words) and decimal(value.text) is None:  # another text is the schema's fault
        verdict.add("plumbline:AMOUNT", value, "The amount is no plain decimal.", text=value.words)
    if value.get("value-date"):
        if day(value.get("value-date")) is None:
            verdict.add(
                "plumbline:DATE_RANGE",
                value,
                "The value date cannot be meant.",
                attribute="value-date",
                text=value.get("value-date"),
            )
        elif posted:
            _not_ahead(value, "value-date", "iati:11.2.2", verdict)


def _not_ahead(node: Node, attribute: str, rule: str, verdict: Verdict) -> None:
    text = node.get(attribute)
    if text is None:
        return
    read = day(text)
    if read is None:
        verdict.add("plumbline:DATE_RANGE", node, "The day cannot be meant.", attribute=attribute, text=text)
    elif read > verdict.today:
        verdict.add(rule, node, f"The day {read} is still ahead.", attribute=attribute, text=text)


def _period(node: Node, verdict: Verdict, rule: str, *, year: bool) -> None:
    start, end = (node.first(name) for name in ("period-start", "period-end"))
    days = [day(edge.get("iso-date")) if edge is not None else None for edge in (start, end)]
    for edge, read in zip((start, end), days, strict=True):
        if edge is not None and edge.get("iso-date") and read is None:
            verdict.add(
                "plumbline:DATE_RANGE",
                edge,
                "The day cannot be meant.",
                attribute="iso-date",
                text=edge.get("iso-date"),
            )
    first, last = days
    if first is None or last is None:
        return
    if first > last:
        verdict.add(rule, node, f"The period ends {last}, before it begins {first}.")
    elif year and (last.year - first.year, last.month, last.day) > (1, first.month, first.day):
        verdict.add("iati:7.5.3", node, f"The budget runs from {first} to {last}, more than a year.")

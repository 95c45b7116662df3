"""Budgets and transactions: exact amounts in their own currency, on their own value date."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from intake.domain.fact import TRANSACTION, Fact, short
from intake.domain.iati.facts.common import plain
from intake.domain.iati.node import Node, said
from intake.domain.iati.rules.identity import LONGEST
from intake.domain.iati.rules.money import currency
from intake.domain.values import day, decimal

_LATER: Final = frozenset({"provider_activity_id", "agreement_ref"})
"""Fields read since names were first made of content: a name given then must last."""


def budgets(activity: Node) -> list[dict[str, Any]]:
    """The budget lines; type 1 original and status 1 indicative where the file says none."""
    return [_budget(node, activity.get("default-currency")) for node in activity.all("budget")]


def _budget(node: Node, default: str | None) -> dict[str, Any]:
    start, end = _day(node.first("period-start"), "iso-date"), _day(node.first("period-end"), "iso-date")
    value = node.first("value")
    return {
        "period_start": start,
        "period_end": end,
        "type": node.get("type") or "1",
        "status": node.get("status") or "1",
        "amount": decimal(value.text) if value is not None else None,
        "currency": currency(value, default) if value is not None else None,
        "value_date": _day(value, "value-date") or start,
    }


def transactions(activity: Node) -> list[Fact]:
    """The transactions, each under the publisher's own ledger id where that is said once, else under its content.

    A transaction without an id that changes is another transaction: the old one is reversed.
    """
    default = activity.get("default-currency")
    identifier = activity.first("iati-identifier")
    project_id = identifier.text.strip() if identifier is not None else ""
    ledger = Counter(node.get("ref") for node in activity.all("transaction"))
    seen: Counter[str] = Counter()
    found = []
    for node in activity.all("transaction"):
        data = _transaction(node, default)
        ref = node.get("ref")
        if ref is not None and ledger[ref] == 1 and len(ref) <= LONGEST:
            name = ref
        else:
            named_by = {name: value for name, value in data.items() if name not in _LATER}
            content = short(named_by, _words(node), length=16)
            base = f"{ref[:200]}#{content}" if ref is not None else f"#{content}"
            seen[base] += 1
            name = base if seen[base] == 1 else f"{base}-{seen[base]}"
        found.append(
            Fact(
                type=TRANSACTION,
                data={"project_id": project_id, "transaction_id": name, **data},
                line=node.line,
                path=node.path,
            )
        )
    return found


def _transaction(node: Node, default: str | None) -> dict[str, Any]:
    kind, value = node.first("transaction-type"), node.first("value")
    provider, receiver = node.first("provider-org"), node.first("receiver-org")
    posted = _day(node.first("transaction-date"), "iso-date")
    return plain(
        type=kind.get("code") if kind is not None else None,
        date=posted,
        amount=decimal(value.text) if value is not None else None,
        currency=currency(value, default) if value is not None else None,
        value_date=_day(value, "value-date") or posted,
        provider=_organisation(provider),
        receiver=_organisation(receiver),
        provider_activity_id=provider.get("provider-activity-id") if provider is not None else None,
        receiver_activity_id=receiver.get("receiver-activity-id") if receiver is not None else None,
        agreement_ref=node.extension("agreement-ref"),
    )


def _organisation(node: Node | None) -> str | None:
    """An organisation's reference, or its name where it has none."""
    return (node.get("ref") or said(node.narratives())) if node is not None else None


def _words(node: Node) -> str:
    description = node.first("description")
    return (said(description.narratives()) or "") if description is not None else ""


def _day(node: Node | None, attribute: str) -> str | None:
    read = day(node.get(attribute)) if node is not None else None
    return read.isoformat() if read is not None else None

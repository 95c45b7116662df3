"""Receipts: what became of a submission, and how to mend what was not accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.answers import instant_cursor, next_address, nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, names, reader, render, router
from portal_gateway.domain.drawing import figure
from portal_gateway.domain.heard import heard
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import _, ngettext
from portal_gateway.domain.speech.numbers import MICRO
from portal_gateway.store import receipts
from runtime.http import cursor

_PAGE = 30
_GRAVE = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class Rule:
    """The findings of one rule; ``findings`` may be fewer than ``count``."""

    id: str
    severity: str
    count: int
    findings: list[dict[str, Any]]
    message: str
    """What all of them say; the empty text where each says something else."""
    remedy: str
    """The remedy of all of them, likewise."""


@router.get("/receipts")
async def list_receipts(
    request: Request, who: Annotated[Caller, Depends(reader)], entity: str | None = None
) -> Response:
    """The submissions whose receipts the reader may see."""
    before = instant_cursor(request.query_params.get("cursor"))
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = await receipts.page(tx.conn, entity=entity, before=before, limit=_PAGE)
        named = await names(tx.conn, (), {row["entity"] for row in rows})
    following = cursor(rows[-1]["received_at"], rows[-1]["submission_id"]) if len(rows) == _PAGE else None
    return render(
        request,
        "receipts.html",
        who,
        **around,
        place="receipts",
        names=named,
        receipts=[_dated(row) | {"findings_count": sum(row["rules"].values())} for row in rows],
        next=next_address(request, following) if following else None,
    )


@router.get("/receipts/{submission_id}")
async def show_receipt(request: Request, who: Annotated[Caller, Depends(reader)], submission_id: str) -> Response:
    """One receipt."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        found = await receipts.one(tx.conn, submission_id)
        if found is None:
            raise nothing(_("Receipt %(id)s", id=submission_id))
        about = {one["project_id"] for one in (found, *found["findings"]) if one.get("project_id")}
        named = await names(tx.conn, about, {found["entity"]})
    rules = _rules(found)
    total = sum(rule.count for rule in rules)
    return render(
        request,
        "receipt.html",
        who,
        **around,
        place="receipts",
        names=named,
        receipt=_dated(found),
        sentence=_sentence(found),
        counts=_counts(found),
        readability=_readability(found["readability"]),
        rules=rules,
        findings_about=ngettext(
            "%(total)s under one rule, the gravest first.",
            "%(total)s under %(rules)s rules, the gravest first.",
            len(rules),
            total=numbers.grouped(total),
            rules=numbers.grouped(len(rules)),
        ),
    )


def _dated(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return dict(receipt) | {
        "received_at": datetime.fromisoformat(receipt["received_at"]),
        "processed_at": datetime.fromisoformat(receipt["processed_at"]),
    }


def _counts(receipt: Mapping[str, Any]) -> list[tuple[str, int]]:
    names = (
        (_("Projects"), "activities"),
        (_("Accepted"), "accepted"),
        (_("Amended"), "amended"),
        (_("Unchanged"), "unchanged"),
        (_("Quarantined"), "quarantined"),
        (_("Facts published"), "events"),
    )
    return [(label, receipt[name]) for label, name in names if name != "activities" or receipt[name]]


def _sentence(receipt: Mapping[str, Any]) -> str:
    """What happened, in one sentence."""
    file = receipt["channel"] == "file"
    match receipt["outcome"]:
        case "accepted":
            return _("The file is accepted.") if file else _("The event is accepted.")
        case "unchanged":
            if file:
                return _("The file says nothing new: everything in it was known.")
            return _("The event says nothing new: everything in it was known.")
        case "quarantined":
            if file:
                return _("The file is held back until it is mended. Nothing of it counts yet.")
            return _("The event is held back until it is mended. Nothing of it counts yet.")
        case _:
            held = receipt["quarantined"]
            return ngettext(
                "Of %(whole)s projects %(good)s count; one is held back until it is mended. The others do not wait for"
                " that.",
                "Of %(whole)s projects %(good)s count; %(held)s are held back until they are mended. The others do not"
                " wait for that.",
                held,
                whole=numbers.grouped(receipt["activities"]),
                good=numbers.grouped(receipt["activities"] - held),
                held=numbers.grouped(held),
            )


def _readability(found: Mapping[str, Any]) -> dict[str, Any]:
    indicators, scorable = found["indicators"], found["scorable"]
    reasons = sorted(found["reasons"].items(), key=lambda reason: (-reason[1], reason[0]))
    return {
        "indicators": indicators,
        "scorable": scorable,
        "share": scorable * MICRO // indicators if indicators else 0,
        "pieces": figure.shares({"scorable": scorable, "rest": indicators - scorable}),
        "reasons": [
            {"code": code, "count": count, "remedy": heard(found["remedies"].get(code, ""))} for code, count in reasons
        ],
    }


def _rules(receipt: Mapping[str, Any]) -> list[Rule]:
    shown: dict[str, list[dict[str, Any]]] = {rule: [] for rule in receipt["rules"]}
    for finding in receipt["findings"]:
        told = {name: heard(finding[name]) for name in ("message", "remedy")}
        shown.setdefault(finding["rule"], []).append(finding | told)
    rules = [
        Rule(
            rule,
            min((f["severity"] for f in shown[rule]), key=_GRAVE.index, default="notice"),
            count,
            shown[rule],
            _common(shown[rule], "message"),
            _common(shown[rule], "remedy"),
        )
        for rule, count in receipt["rules"].items()
    ]
    return sorted(rules, key=lambda r: (_GRAVE.index(r.severity), -r.count, r.id))


def _common(findings: list[dict[str, Any]], name: str) -> str:
    """What every finding says under ``name``; the empty text where they differ."""
    said = {str(finding[name]): finding[name] for finding in findings}
    return next(iter(said.values())) if len(said) == 1 else ""

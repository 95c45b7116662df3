"""Where a project works and on what: shares in ppm by country, region, DAC purpose, pillar and theme (§0.6, §2.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from intake.domain.iati.groups import feeding, is_pillars, recipients, sectors, shares
from intake.domain.iati.node import Node
from intake.domain.iati.rules.money import currency
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import DAC_CATEGORY, DAC_PURPOSE, PILLAR_URI, THEME_URI
from intake.domain.shares import largest_remainder
from intake.domain.values import decimal

Shares = dict[str, int]
"""ppm by code."""

_WEIGHED: Final = (frozenset({"2"}), frozenset({"3", "4"}))
"""Transaction types whose amounts weigh: commitments, where there are none disbursements and expenditure."""

_THEMES: Final = (("99", THEME_URI), ("3", None), ("2", None))
"""Tags that are themes: Plumbline's own list, else SDG targets, else SDG goals."""


@dataclass(slots=True)
class Placed:
    """The allocations of a project, and what there is to say about how they came about."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    inferred: bool = False

    def put(self, dim: str, parts: Shares, vocabulary: str | None = None) -> None:
        """Add the shares of a dimension."""
        for code, ppm in sorted(parts.items()):
            row = {"dim": dim, "code": code, "ppm": ppm}
            self.rows.append(row | {"vocabulary": vocabulary} if vocabulary else row)

    def flag(self, name: str) -> None:
        """Say once how something was read."""
        if name not in self.flags:
            self.flags.append(name)


def allocations(activity: Node, verdict: Verdict) -> Placed:
    """All shares of an activity whose percentages were judged.

    Countries and regions together make 1 000 000 ppm. Inferred pillars may make less: what the crosswalk
    does not list stays unallocated; so does what transactions without recipient or sector leave open.
    """
    placed = Placed()
    on_activity = feeding(activity)
    if recipients(activity):
        _recipients(activity, placed)
    else:
        _recipients_of_transactions(activity, placed)
    purposes: tuple[str, Shares] | None = None
    pillars: Shares = {}
    for group in on_activity:
        if group.kind != "sectors":
            continue
        read = shares(group)
        if read is None:
            continue
        parts = {code: ppm for (_, code), ppm in read[0].items()}
        if read[1]:
            placed.flag("PERCENT_NORMALISED")
        if is_pillars(group):
            pillars = pillars or parts
        else:
            purposes = (group.vocabulary, parts)
    if not sectors(activity):
        purposes, pillars = _sectors_of_transactions(activity, placed)
    if purposes is not None:
        placed.put("DAC", purposes[1], purposes[0] if purposes[0] != DAC_PURPOSE else None)
    _pillars(activity, pillars, purposes, placed, verdict)
    _themes(activity, placed)
    if "ALLOCATION_FROM_TRANSACTIONS" in placed.flags:
        verdict.add("plumbline:ALLOCATION_FROM_TRANSACTIONS", activity, "Shares were weighed by transaction amounts.")
    return placed


def _recipients(activity: Node, placed: Placed) -> None:
    group = recipients(activity)[0]
    read = shares(group)
    if read is None:
        return
    if read[1]:
        placed.flag("PERCENT_NORMALISED")
    placed.put("COUNTRY", {code: ppm for (tag, code), ppm in read[0].items() if tag == "recipient-country"})
    regions = {code: ppm for (tag, code), ppm in read[0].items() if tag == "recipient-region"}
    placed.put("REGION", regions, group.vocabulary)


def _pillars(
    activity: Node, declared: Shares, purposes: tuple[str, Shares] | None, placed: Placed, verdict: Verdict
) -> None:
    """Declared pillars win; else each listed purpose gives its share to its pillar."""
    if declared:
        placed.put("PILLAR", declared)
        return
    parts: Counter[str] = Counter()
    for code, ppm in (purposes[1] if purposes else {}).items():
        pillar = verdict.vocabularies.crosswalk.get(code)
        if pillar is not None:
            parts[pillar] += ppm
    if parts:
        placed.inferred = True
        placed.flag("PILLAR_INFERRED")
        placed.put("PILLAR", dict(parts))
        share = f"{sum(parts.values()) / 10_000:g} %"
        verdict.add("plumbline:PILLAR_INFERRED", activity, f"The pillar of {share} was inferred from DAC purposes.")


def _themes(activity: Node, placed: Placed) -> None:
    """Tags have no percentages, so themes share equally."""
    for vocabulary, uri in _THEMES:
        codes = {
            tag.get("code") or ""
            for tag in activity.all("tag")
            if tag.get("vocabulary") == vocabulary and (uri is None or tag.get("vocabulary-uri") == uri)
        } - {""}
        if codes:
            parts = largest_remainder({code: Fraction(1) for code in codes})
            placed.put("THEME", parts, None if uri else vocabulary)
            if len(codes) > 1:
                placed.flag("THEME_EQUAL_SHARES")
            return


def _weighed(activity: Node) -> list[tuple[Node, Fraction]]:
    """The transactions whose amounts weigh, in the currency that most of them have."""
    some = activity.all("transaction")
    for types in _WEIGHED:
        kept = [t for t in some if any(kind.get("code") in types for kind in t.all("transaction-type"))]
        if kept:
            some = kept
            break
    default = activity.get("default-currency")
    read: list[tuple[Node, str, Fraction]] = []
    for transaction in some:
        value = transaction.first("value")
        amount = decimal(value.text) if value is not None else None
        money = currency(value, default) if value is not None else None
        if amount is not None and money is not None:
            read.append((transaction, money, abs(Fraction(amount))))
    counts = Counter(money for _, money, _ in read)
    common = min(counts, key=lambda money: (-counts[money], money), default=None)
    return [(transaction, amount) for transaction, money, amount in read if money == common and amount]


def _by_amount(found: list[tuple[str | None, Fraction]]) -> Shares:
    """Shares by amount; what has no code takes its share and leaves it unallocated."""
    weights: dict[str, Fraction] = {}
    for code, amount in found:
        weights[code or ""] = weights.get(code or "", Fraction(0)) + amount
    if not any(weights.get(code) for code in weights if code):
        return {}
    return {code: ppm for code, ppm in largest_remainder(weights).items() if code and ppm}


def _recipients_of_transactions(activity: Node, placed: Placed) -> None:
    found: list[tuple[str | None, Fraction]] = []
    vocabulary = "1"
    for transaction, amount in _weighed(activity):
        country, region = transaction.first("recipient-country"), transaction.first("recipient-region")
        if country is not None and country.get("code"):
            found.append((f"C{(country.get('code') or '').upper()}", amount))
        elif region is not None and region.get("code"):
            vocabulary = region.get("vocabulary") or "1"
            found.append((f"R{region.get('code')}", amount))
        else:
            found.append((None, amount))
    parts = _by_amount(found)
    if parts:
        placed.flag("ALLOCATION_FROM_TRANSACTIONS")
        placed.put("COUNTRY", {code[1:]: ppm for code, ppm in parts.items() if code[0] == "C"})
        placed.put("REGION", {code[1:]: ppm for code, ppm in parts.items() if code[0] == "R"}, vocabulary)


def _sectors_of_transactions(activity: Node, placed: Placed) -> tuple[tuple[str, Shares] | None, Shares]:
    weighed = _weighed(activity)

    def parts(vocabulary: str, uri: str | None) -> Shares:
        found: list[tuple[str | None, Fraction]] = []
        for transaction, amount in weighed:
            codes = [
                sector.get("code")
                for sector in transaction.all("sector")
                if (sector.get("vocabulary") or DAC_PURPOSE) == vocabulary
                and (uri is None or sector.get("vocabulary-uri") == uri)
            ]
            found.append((codes[0] if codes else None, amount))
        return _by_amount(found)

    purposes = next(((v, read) for v in (DAC_PURPOSE, DAC_CATEGORY) if (read := parts(v, None))), None)
    pillars = parts("99", PILLAR_URI)
    if purposes or pillars:
        placed.flag("ALLOCATION_FROM_TRANSACTIONS")
    return purposes, pillars

"""Who says it, and which activity and organisations are meant (ruleset 1.*, 6.8 to 6.10)."""

from __future__ import annotations

import re
from typing import Final

from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict

LONGEST: Final = 256
"""Characters of an identifier."""

_SYMBOLS: Final = re.compile(r"[/&|?]")

_SPACES: Final = (
    (("other-identifier",), "ref", "iati:1.6.1"),
    (("related-activity",), "ref", "iati:1.7.1"),
    (("participating-org",), "ref", "iati:1.8.1"),
    (("participating-org",), "activity-id", "iati:1.9.1"),
    (("other-identifier", "owner-org"), "ref", "iati:1.11.1"),
    (("transaction", "provider-org"), "ref", "iati:1.10.1"),
    (("transaction", "provider-org"), "provider-activity-id", "iati:1.4.1"),
    (("transaction", "receiver-org"), "ref", "iati:1.15.1"),
    (("transaction", "receiver-org"), "receiver-activity-id", "iati:1.5.1"),
    (("planned-disbursement", "provider-org"), "ref", "iati:1.10.1"),
    (("planned-disbursement", "provider-org"), "provider-activity-id", "iati:1.4.1"),
    (("planned-disbursement", "receiver-org"), "ref", "iati:1.15.1"),
    (("planned-disbursement", "receiver-org"), "receiver-activity-id", "iati:1.5.1"),
)
_SYMBOL_RULES: Final = (
    (("participating-org",), "iati:1.8.13"),
    (("other-identifier", "owner-org"), "iati:1.11.13"),
    (("transaction", "provider-org"), "iati:1.10.13"),
    (("transaction", "receiver-org"), "iati:1.15.13"),
    (("planned-disbursement", "provider-org"), "iati:1.10.13"),
    (("planned-disbursement", "receiver-org"), "iati:1.15.13"),
)
_NAMED: Final = (
    (("participating-org",), "iati:6.10.1"),
    (("other-identifier", "owner-org"), "iati:6.8.1"),
    (("transaction", "provider-org"), "iati:6.9.1"),
    (("transaction", "receiver-org"), "iati:6.9.2"),
    (("planned-disbursement", "provider-org"), "iati:6.9.1"),
    (("planned-disbursement", "receiver-org"), "iati:6.9.2"),
)


def judge(activity: Node, verdict: Verdict) -> None:
    """Identifier, reporting organisation, and the references to others."""
    _identifier(activity, verdict)
    for steps, attribute, rule in _SPACES:
        for node in activity.deep(*steps):
            _no_spaces(node, attribute, rule, verdict)
    for steps, rule in _SYMBOL_RULES:
        for node in activity.deep(*steps):
            _no_symbols(node, "ref", node.get("ref"), rule, verdict)
    for steps, rule in _NAMED:
        for node in activity.deep(*steps):
            if not node.get("ref") and not node.narratives():
                verdict.add(rule, node, f"The {node.tag} has neither a reference nor a name.")


def _identifier(activity: Node, verdict: Verdict) -> None:
    element = activity.first("iati-identifier")
    identifier = element.text.strip() if element is not None else ""
    if element is None or not identifier:
        verdict.add("plumbline:IDENTIFIER_MISSING", element or activity, "The activity has no identifier.")
    else:
        if len(identifier) > LONGEST:
            verdict.add("plumbline:TEXT_LENGTH", element, "The identifier is too long.", text=identifier)
        if element.text != identifier:
            verdict.add("iati:1.3.1", element, "The identifier stands between spaces.", text=element.text)
        _no_symbols(element, None, identifier, "iati:1.3.13", verdict)
    reporter = activity.first("reporting-org")
    reference = reporter.get("ref") if reporter is not None else None
    if reporter is None or reference is None:
        verdict.add("plumbline:REPORTER_MISSING", reporter or activity, "The reporting organisation has no reference.")
        return
    if len(reference) > LONGEST:
        verdict.add("plumbline:TEXT_LENGTH", reporter, "The reference is too long.", attribute="ref", text=reference)
    _no_spaces(reporter, "ref", "iati:1.14.1", verdict)
    _no_symbols(reporter, "ref", reference, "iati:1.14.13", verdict)
    agencies = verdict.vocabularies.lists["OrganisationRegistrationAgency"].codes
    if not any(reference[:cut] in agencies for cut, letter in enumerate(reference) if letter == "-"):
        verdict.add(
            "iati:1.14.8",
            reporter,
            "The reference does not begin with a registration agency.",
            attribute="ref",
            text=reference,
        )
    if element is None or not identifier:
        return
    if identifier == reference:
        verdict.add("iati:1.1.3", element, "The identifier is the organisation's own reference.", text=identifier)
    former = [other for other in activity.all("other-identifier") if other.get("type") == "B1"]
    for other in former:
        _no_spaces(other, "ref", "iati:1.16.1", verdict)
    if not any(identifier.startswith(f"{ref}-") for ref in (reference, *(other.get("ref") for other in former)) if ref):
        verdict.add("iati:1.1.21", element, f"The identifier does not begin with {reference[:80]}-.", text=identifier)


def _no_spaces(node: Node, attribute: str, rule: str, verdict: Verdict) -> None:
    raw = node.attributes.get(attribute)
    if raw is not None and raw != raw.strip() and raw.strip():
        verdict.add(rule, node, f"{attribute} stands between spaces.", attribute=attribute, text=raw)


def _no_symbols(node: Node, attribute: str | None, text: str | None, rule: str, verdict: Verdict) -> None:
    if text and _SYMBOLS.search(text):
        verdict.add(rule, node, "The reference holds one of the symbols / & | ?.", attribute=attribute, text=text)

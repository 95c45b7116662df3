"""Codes of the standard's lists. Another code is an error where the list is part of the standard, else a warning."""

from __future__ import annotations

from typing import Final

from intake.domain.iati.node import LANG, Node
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import CASELESS, Branch

_NEEDED: Final = frozenset({"ActivityStatus", "TransactionType"})
"""Lists whose code no fact can do without: a blank one is as wrong as an unknown one."""


def judge(activity: Node, verdict: Verdict) -> None:
    """Every mapped attribute, the languages, and the regions of the United Nations' list."""
    _mapped(activity, verdict.vocabularies.branches, verdict)
    areas = verdict.vocabularies.lists["M49"].codes
    for region in activity.deep("recipient-region"):
        code = region.get("code")
        if region.get("vocabulary") == "2" and code and code.zfill(3) not in areas:
            verdict.code(region, "code", "M49", code)
    _languages(activity, verdict)
    _markers(activity, verdict)


def _mapped(node: Node, branch: Branch, verdict: Verdict) -> None:
    """Check what is mapped at this element, and follow the tree of mapped elements down."""
    for mapped in branch.mapped:
        raw = node.words if mapped.attribute is None else node.attributes.get(mapped.attribute)
        known = verdict.vocabularies.lists[mapped.codelist].codes
        if raw in known:
            continue
        code = (raw or "").strip()
        if code in known or (not code and mapped.codelist not in _NEEDED):
            continue
        if mapped.codelist in CASELESS and code.lower() in known:
            continue
        if mapped.vocabulary is None or node.get("vocabulary") in mapped.vocabulary:
            verdict.code(node, mapped.attribute, mapped.codelist, code)
    if branch.below:
        for tag, some in node.children():
            below = branch.below.get(tag)
            if below is not None:
                for child in some:
                    _mapped(child, below, verdict)


def _languages(activity: Node, verdict: Verdict) -> None:
    """One finding a language: a file that writes it wrong does so everywhere."""
    known = verdict.vocabularies.lists["Language"].codes
    told: set[str] = set()
    for node in activity.walk():
        language = node.attributes.get(LANG)
        if not language or language in told:
            continue
        told.add(language)
        if language.lower().split("-")[0] not in known:
            verdict.code(node, "xml:lang", "Language", language)


def _markers(activity: Node, verdict: Verdict) -> None:
    for marker in activity.all("policy-marker"):
        if (marker.get("vocabulary") or "1") == "1" and marker.get("significance") is None:
            verdict.add("iati:6.14.1", marker, "The policy marker has no significance.", text=marker.get("code"))
        if marker.get("vocabulary") == "99" and not marker.narratives():
            verdict.add(
                "iati:6.13.1", marker, "A marker of the reporter's own list has no name.", text=marker.get("code")
            )

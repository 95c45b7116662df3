"""Collecting what the rules find in one activity."""

from __future__ import annotations

from datetime import date
from typing import Final

from intake.domain.finding import Finding, Severity, clip
from intake.domain.iati.node import Node
from intake.domain.iati.rulebook import RULES
from intake.domain.iati.vocabulary import Vocabularies

MOST_A_RULE: Final = 200
"""Findings of one rule in one activity that are told one by one; the rest is counted."""


class Verdict:
    """The findings of one activity, and what judging it needs: code lists and today's UTC day."""

    def __init__(self, vocabularies: Vocabularies, today: date) -> None:
        self.vocabularies = vocabularies
        self.today = today
        self._found: list[Finding] = []
        self._count: dict[str, int] = {}
        self._further: dict[str, Finding] = {}

    def add(
        self,
        rule: str,
        node: Node,
        message: str,
        *,
        attribute: str | None = None,
        text: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Note a fault at an element or one of its attributes; the rule's own severity unless given."""
        known = RULES[rule]
        path = "/".join(part for part in (node.path, f"@{attribute}" if attribute else "") if part)
        self.take(
            Finding(
                rule=rule,
                severity=severity or known.severity,
                message=message,
                remedy=known.remedy,
                path=path or None,
                line=node.line,
                text=clip(text),
            )
        )

    def code(self, node: Node, attribute: str | None, codelist: str, code: str) -> None:
        """Note a code that its list does not have: an error where the list is part of the standard."""
        severity: Severity = "error" if self.vocabularies.lists[codelist].embedded else "warning"
        known = RULES["iati:codelist-embedded" if severity == "error" else "iati:codelist"]
        path = "/".join(part for part in (node.path, f"@{attribute}" if attribute else "") if part)
        self.take(
            Finding(
                rule=f"iati:codelist:{codelist}",
                severity=severity,
                message=f"The code is not in the list {codelist}.",
                remedy=known.remedy,
                path=path or None,
                line=node.line,
                text=clip(code),
            )
        )

    def take(self, finding: Finding) -> None:
        """Note a finding made elsewhere."""
        count = self._count[finding.rule] = self._count.get(finding.rule, 0) + 1
        if count <= MOST_A_RULE:
            self._found.append(finding)
        elif finding.severity == "error" or finding.rule not in self._further:
            self._further[finding.rule] = finding

    def findings(self) -> tuple[Finding, ...]:
        """Everything found, by line; a rule found more than 200 times ends with how many more there are."""
        found = list(self._found)
        for rule, last in self._further.items():
            more = self._count[rule] - MOST_A_RULE
            found.append(
                Finding(
                    rule=rule,
                    severity=last.severity,
                    message=f"And {more} more of this rule in the activity, from here on.",
                    remedy=last.remedy,
                    path=last.path,
                    line=last.line,
                )
            )
        return tuple(sorted(found, key=lambda finding: (finding.line or 0, finding.rule)))

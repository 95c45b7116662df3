"""One activity, judged: its findings, and its facts where no finding is an error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from intake.domain.fact import Fact
from intake.domain.finding import Finding, quarantines
from intake.domain.iati import facts, rules
from intake.domain.iati.facts.project import identifier_of, reporter_of
from intake.domain.iati.node import Node
from intake.domain.iati.verdict import Verdict
from intake.domain.iati.vocabulary import Vocabularies
from intake.domain.readability import Readability, quarantined, readability


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of an activity. ``facts`` is empty where a finding is an error: it is quarantined whole."""

    project_id: str | None
    reporting_org: str | None
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    readability: Readability


def judge(activity: Node, schema: Iterable[Finding], vocabularies: Vocabularies, today: date) -> Judged:
    """Judge an activity by the schema's findings, every rule, and what its facts need; all faults at once."""
    verdict = Verdict(vocabularies, today)
    for finding in schema:
        verdict.take(finding)
    rules.judge(activity, verdict)
    read: list[Fact] = []
    if not quarantines(verdict.findings()):
        read = facts.facts(activity, verdict)
    findings = verdict.findings()
    if quarantines(findings):
        read = []
    return Judged(
        project_id=identifier_of(activity),
        reporting_org=reporter_of(activity),
        findings=findings,
        facts=tuple(read),
        readability=readability(read) if read else quarantined(sum(1 for _ in activity.deep("result", "indicator"))),
    )

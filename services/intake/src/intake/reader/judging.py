"""Reading one file from its first byte to its summary, inside the reader process."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from intake.codelists import load
from intake.domain.finding import Finding
from intake.domain.iati.judge import judge
from intake.domain.readability import Readability, quarantined
from intake.reader.faults import Refused, fault
from intake.reader.protocol import MIB, FileSummary, JudgedActivity, Limits, Progress
from intake.reader.scanner import Cut, Scanner
from intake.reader.schema import Unreadable, attributes_of, judge_root, read
from intake.reader.source import Source

_VERSIONS: Final = frozenset({"2.01", "2.02", "2.03"})
_IDENTIFIER: Final = re.compile(rb"<iati-identifier[^>]{0,200}>\s*([^<]{1,256}?)\s*</")
_INDICATOR: Final = re.compile(rb"<indicator[\s>]")
_SHOWN: Final = 4096
"""Bytes told of an activity that is not judged."""

_PROGRESS_BYTES: Final = 8 * MIB
"""Bytes read without an activity after which the process says that it still works."""


def judge_file(
    path: Path, limits: Limits, today: date, *, first: int = 0, killed: str | None = None
) -> Iterator[JudgedActivity | FileSummary | Progress]:
    """Every activity of a file, judged on its own, and the summary at the end, whatever the file holds.

    Those before ``first`` are passed, and counted in the summary as activities only. ``killed`` says what judging
    the first one did to a process: it is not looked at, and quarantined with these words.
    """
    source = Source(path, limits)
    scanner = Scanner(source.pieces(), limits)
    run = _Run(scanner, limits, today, first, killed)
    try:
        yield from run.activities(source)
    except Refused as refused:
        run.findings.append(refused.finding)
    else:
        if not run.count:
            run.findings.append(fault("NO_ACTIVITIES", "The file holds no activity.", line=scanner.root_line))
    yield FileSummary(
        findings=tuple(sorted((*source.findings, *run.findings, *scanner.findings), key=lambda f: f.line or 0)),
        activities=run.count,
        quarantined=run.quarantined,
        version=run.version,
        encoding=source.encoding,
        packed=source.packed,
        bytes_read=source.bytes_read,
        lines=scanner.line,
        readability=run.readability(),
    )


class _Run:
    """What one file has come to so far."""

    def __init__(self, scanner: Scanner, limits: Limits, today: date, first: int, killed: str | None) -> None:
        self._scanner = scanner
        self._limits = limits
        self._today = today
        self._first = first
        self._killed = killed
        self.findings: list[Finding] = []
        self.count = 0
        self.quarantined = 0
        self.version: str | None = None
        self._indicators = 0
        self._scorable = 0
        self._reasons: Counter[str] = Counter()

    def activities(self, source: Source) -> Iterator[JudgedActivity | Progress]:
        told = 0
        rooted = False
        for cut in self._scanner.cuts():
            if not rooted:
                self._judge_root()
                rooted = True
            if source.bytes_read - told > _PROGRESS_BYTES:
                told = source.bytes_read
                yield Progress(line=cut.line, bytes_read=told)
            if self.count < self._first:
                self.count += 1
            elif self.count == self._first and self._killed is not None:
                yield self._fatal(cut, self._killed)
            else:
                yield self._judge(cut)
        if not rooted:
            self._judge_root()

    def readability(self) -> dict[str, object]:
        return Readability(self._indicators, self._scorable, dict(self._reasons)).as_dict()

    def _judge_root(self) -> None:
        """The version decides whether the file is read; other attributes only warn."""
        root, line = self._scanner.root, self._scanner.root_line
        faults = judge_root(root)
        if any(kind == "syntax" for kind, _, _ in faults):
            raise Refused(fault("NOT_XML", f"The root's start tag is broken: {faults[0][1]}", line=line))
        self.version = attributes_of(root).get("version", "").strip() or None
        if self.version is None:
            raise Refused(fault("VERSION_MISSING", "The file does not say which version of IATI it is.", line=line))
        if self.version.startswith("1"):
            raise Refused(
                fault("VERSION_1", f"The file is IATI {self.version[:10]}; 2.01 to 2.03 are read.", line=line)
            )
        if self.version not in _VERSIONS:
            self.findings.append(
                fault("VERSION_UNKNOWN", "This version of IATI is not known.", line=line, text=self.version)
            )
        self.findings += [fault("ROOT_ATTRIBUTE", message, line=line, text=text) for _, message, text in faults]

    def _judge(self, cut: Cut) -> JudgedActivity:
        index = self.count
        self.count += 1
        try:
            if cut.fault is not None:
                raise Unreadable(
                    Finding(
                        rule="plumbline:ACTIVITY_CUT",
                        severity="error",
                        message=cut.fault,
                        remedy="Send the whole activity, no larger than the limit, with its end tag.",
                        line=cut.line,
                    )
                )
            node, schema = read(cut.xml, self._scanner.root, cut.line, self._limits)
        except Unreadable as unreadable:
            return self._unreadable(index, cut, unreadable.finding)
        judged = judge(node, schema, load(), self._today)
        self._add(judged.readability)
        self.quarantined += not judged.facts
        return JudgedActivity(
            index=index,
            line=cut.line,
            project_id=judged.project_id,
            reporting_org=judged.reporting_org,
            findings=judged.findings,
            facts=judged.facts,
            readability=judged.readability.of_project(),
            xml=cut.xml,
        )

    def _fatal(self, cut: Cut, killed: str) -> JudgedActivity:
        """An activity that is not judged, for what that did before; little of it is told, for the same reason."""
        index = self.count
        self.count += 1
        message = f"The reader {killed} while reading this activity."
        told = self._unreadable(index, cut, fault("ACTIVITY_FATAL", message, line=cut.line))
        return replace(told, xml=told.xml[:_SHOWN])

    def _unreadable(self, index: int, cut: Cut, finding: Finding) -> JudgedActivity:
        """A quarantined activity; its identifier is looked for in the bytes, so that its owner knows which it is."""
        self.quarantined += 1
        match = _IDENTIFIER.search(cut.xml)
        readability = quarantined(len(_INDICATOR.findall(cut.xml)))
        self._add(readability)
        return JudgedActivity(
            index=index,
            line=cut.line,
            project_id=(match[1].decode("utf-8", "replace").strip() or None) if match else None,
            reporting_org=None,
            findings=(finding,),
            facts=(),
            readability=readability.of_project(),
            xml=cut.xml,
        )

    def _add(self, readability: Readability) -> None:
        self._indicators += readability.indicators
        self._scorable += readability.scorable
        self._reasons.update(readability.reasons)

"""What the reader process says: one JSON line an activity, one summary line at the end; nothing else.

A line is an object with ``kind`` ``activity``, ``progress`` or ``summary``. The bytes of an activity travel as
base64. Only this module knows how the lines look.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from intake.domain.fact import Fact
from intake.domain.finding import Finding, quarantines

MIB: Final = 1024 * 1024
LONGEST_LINE: Final = 256 * MIB
"""Bytes of one line the service takes before it gives the reader up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost. Sizes in bytes, times in seconds.

    ``cpu_seconds`` grows with what is read, so that no place in a file can hold the reader up for long;
    ``silence_seconds`` is the longest wait for the next line, ``wall_seconds`` the whole wait, both without the
    time the service itself takes over what it was told. ``deaths`` is how often the process is started again.
    """

    unpacked_bytes: int = 2048 * MIB
    packed_ratio: int = 200
    activity_bytes: int = 32 * MIB
    activity_elements: int = 1_000_000
    depth: int = 100
    prolog_bytes: int = MIB
    memory_bytes: int = 2048 * MIB
    cpu_seconds: int = 30
    cpu_seconds_a_mib: float = 4.0
    silence_seconds: float = 120.0
    deaths: int = 20
    wall_seconds: float = 7200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedActivity:
    """One activity of a file. ``index`` counts from 0, ``line`` from 1 in the file as received.

    ``xml`` is the activity's own bytes in UTF-8, empty where it was too large to keep; its first byte stands in
    line ``line``. ``facts`` is empty where a finding is an error: then the activity is quarantined.
    """

    index: int
    line: int
    project_id: str | None
    reporting_org: str | None
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    readability: dict[str, Any]
    xml: bytes

    @property
    def accepted(self) -> bool:
        """Whether no finding is an error."""
        return not quarantines(self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """The end of a file: what is wrong with it as a whole, and how much was read.

    An error among ``findings`` says that the file was refused, or broke off at its line; activities before it stand.
    """

    findings: tuple[Finding, ...] = ()
    activities: int = 0
    quarantined: int = 0
    version: str | None = None
    encoding: str | None = None
    packed: bool = False
    bytes_read: int = 0
    lines: int = 0
    readability: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reader is, so that silence means trouble."""

    line: int
    bytes_read: int


def encode(said: JudgedActivity | FileSummary | Progress) -> bytes:
    """One line, with its end."""
    if isinstance(said, Progress):
        body: dict[str, Any] = {"kind": "progress", "line": said.line, "bytes_read": said.bytes_read}
    elif isinstance(said, FileSummary):
        body = {name: getattr(said, name) for name in FileSummary.__slots__}
        body |= {"kind": "summary", "findings": [finding.as_dict() for finding in said.findings]}
    else:
        body = {name: getattr(said, name) for name in ("index", "line", "project_id", "reporting_org", "readability")}
        body |= {
            "kind": "activity",
            "findings": [finding.as_dict() for finding in said.findings],
            "facts": [[fact.type, fact.line, fact.path, fact.data] for fact in said.facts],
            "xml": base64.b64encode(said.xml).decode(),
        }
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> JudgedActivity | FileSummary | Progress:
    """The opposite of ``encode``. Raises ValueError for anything else."""
    try:
        body = orjson.loads(line)
        kind = body.pop("kind")
        if kind == "progress":
            return Progress(**body)
        body["findings"] = tuple(Finding(**finding) for finding in body["findings"])
        if kind == "summary":
            return FileSummary(**body)
        body["facts"] = tuple(
            Fact(type=type_, line=at, path=path, data=data) for type_, at, path, data in body["facts"]
        )
        body["xml"] = base64.b64decode(body["xml"])
        return JudgedActivity(**body)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(line[:200]) from error

"""IATI activities for tests: name only what the test is about. And the real files, where they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from intake.codelists import load
from intake.domain.fact import Fact
from intake.domain.finding import Finding
from intake.domain.iati.judge import Judged, judge
from intake.reader.judging import judge_file
from intake.reader.protocol import FileSummary, JudgedActivity, Limits, Progress
from intake.reader.schema import read

TODAY: Final = date(2026, 11, 23)
ROOT: Final = '<iati-activities version="2.03" xmlns:plumbline="https://plumbline.example/ns/iati">'
IDENTIFIER: Final = "XM-DAC-41120-1"

DATA: Final = Path(os.environ.get("PLUMBLINE_DATA") or Path(__file__).parents[2] / ".." / "shared" / "data").resolve()
needs_data: Final = pytest.mark.skipif(
    not (DATA / "iati").is_dir(), reason=f"no real files: {DATA} has no iati folder; set PLUMBLINE_DATA"
)


def an_activity(
    *,
    identifier: str = IDENTIFIER,
    attributes: str = 'xml:lang="en" default-currency="USD"',
    title: str = "<narrative>Border posts</narrative>",
    dates: str = '<activity-date type="1" iso-date="2024-01-01"/><activity-date type="3" iso-date="2026-12-31"/>',
    status: str = "2",
    places: str = '<recipient-country code="ML"/>',
    sectors: str = '<sector vocabulary="1" code="15130"/>',
    after_sectors: str = "",
    money: str = "",
    results: str = "",
) -> str:
    """One valid activity; each part is XML as it stands in the file."""
    return (
        f"<iati-activity {attributes}>\n"
        f"<iati-identifier>{identifier}</iati-identifier>\n"
        '<reporting-org ref="XM-DAC-41120" type="40"><narrative>UN-Habitat</narrative></reporting-org>\n'
        f"<title>{title}</title>\n"
        "<description><narrative>What it does.</narrative></description>\n"
        '<participating-org role="4" ref="XM-DAC-41120"/>\n'
        f'<activity-status code="{status}"/>\n{dates}\n{places}\n{sectors}\n{after_sectors}\n{money}\n{results}\n'
        "</iati-activity>"
    )


def a_file(*activities: str, root: str = ROOT) -> bytes:
    """A whole file of some activities."""
    return "\n".join([root, *(activities or (an_activity(),)), "</iati-activities>"]).encode()


def a_result(*indicators: str, type_: str = "1", title: str = "Posts work") -> str:
    """A result around some indicators."""
    return f'<result type="{type_}"><title><narrative>{title}</narrative></title>{"".join(indicators)}</result>'


def an_indicator(
    periods: str = "", *, title: str = "Officers trained", measure: str = "1", attributes: str = "", before: str = ""
) -> str:
    """An indicator; ``before`` is what stands between title and periods: references, baselines."""
    return (
        f'<indicator measure="{measure}" {attributes}><title><narrative>{title}</narrative></title>'
        f"{before}{periods}</indicator>"
    )


def a_period(inner: str = "", start: str = "2024-01-01", end: str = "2024-12-31") -> str:
    """A period with its targets and actuals."""
    return f'<period><period-start iso-date="{start}"/><period-end iso-date="{end}"/>{inner}</period>'


def a_transaction(
    amount: str = "100", *, type_: str = "3", date_: str = "2024-05-01", ref: str = "", inner: str = "", value: str = ""
) -> str:
    """A transaction; ``value`` are further attributes of its amount."""
    named = f' ref="{ref}"' if ref else ""
    return (
        f'<transaction{named}><transaction-type code="{type_}"/><transaction-date iso-date="{date_}"/>'
        f'<value value-date="{date_}" {value}>{amount}</value>{inner}</transaction>'
    )


def judged(activity: str, *, root: str = ROOT, line: int = 1) -> Judged:
    """Judge one activity as the reader does."""
    node, schema = read(activity.encode(), root.encode(), line, Limits())
    return judge(node, schema, load(), TODAY)


def rules(found: Judged | JudgedActivity) -> dict[str, str]:
    """The rules that found something, with their severity."""
    return {finding.rule: finding.severity for finding in found.findings}


def of_rule(found: Judged | JudgedActivity, rule: str) -> Finding:
    """The first finding of a rule."""
    return next(finding for finding in found.findings if finding.rule == rule)


def facts_of(found: Judged | JudgedActivity, family: str) -> list[Fact]:
    """The facts of a kind: project, indicator, observation or transaction."""
    return [fact for fact in found.facts if fact.type.startswith(f"{family}.")]


def read_whole(path: Path, limits: Limits | None = None) -> tuple[list[JudgedActivity], FileSummary]:
    """Read a file in this process, without its limits on the process."""
    activities: list[JudgedActivity] = []
    for said in judge_file(path, limits or Limits(), TODAY):
        if isinstance(said, JudgedActivity):
            activities.append(said)
        elif isinstance(said, FileSummary):
            return activities, said
        else:
            assert isinstance(said, Progress)
    raise AssertionError("no summary")


def real_files(*folders: str) -> Iterator[Path]:
    """The real activity files below some folders of ``iati``; all of them without."""
    root = DATA / "iati"
    for folder in folders or sorted(path.name for path in root.iterdir() if path.is_dir()):
        yield from sorted(path for path in (root / folder).iterdir() if path.is_file())

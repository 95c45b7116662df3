"""The reader as the service runs it: a process of its own that no file can make it wait for, grow or die with."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.support.iati import TODAY, a_file, a_period, a_result, a_transaction, an_activity, an_indicator

from intake.reader import FileSummary, JudgedActivity, Limits, read_file
from intake.reader.protocol import MIB

PLAIN = a_file(*(an_activity(identifier=f"XM-DAC-41120-{n}") for n in range(3)))


def rich(number: int) -> str:
    """An activity of about 60 kB with results and transactions."""
    actual = '<actual value="{}"><comment><narrative>counted at the border</narrative></comment></actual>'
    periods = "".join(a_period(actual.format(year), f"{year}-01-01", f"{year}-12-31") for year in range(2000, 2020))
    results = "".join(
        a_result(*(an_indicator(periods, title=f"Officers {r} {i}") for i in range(3)), title=f"Result {r}")
        for r in range(3)
    )
    money = "".join(a_transaction(str(n), ref=f"T{n}") for n in range(40))
    return an_activity(identifier=f"XM-DAC-41120-{number}", money=money, results=results)


def write(path: Path, size: int) -> int:
    """A file of about that many bytes; how many activities it holds."""
    begin, end = a_file("HERE").split(b"HERE")
    count = 0
    with path.open("wb") as file:
        file.write(begin)
        while file.tell() < size:
            file.write(rich(count).encode() + b"\n")
            count += 1
        file.write(end)
    return count


async def told(path: Path, limits: Limits | None = None) -> tuple[list[JudgedActivity], FileSummary]:
    said = [piece async for piece in read_file(path, declared_name="a.xml", limits=limits, today=TODAY)]
    assert isinstance(said[-1], FileSummary)
    return [piece for piece in said[:-1] if isinstance(piece, JudgedActivity)], said[-1]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(PLAIN)
    return path


async def test_activities_come_in_order_and_a_summary_ends_them(spool: Path) -> None:
    activities, summary = await told(spool)
    assert [activity.index for activity in activities] == [0, 1, 2]
    assert all(activity.accepted and activity.facts and activity.xml for activity in activities)
    assert (summary.activities, summary.findings) == (3, ())


async def test_a_crash_is_a_finding(tmp_path: Path) -> None:
    activities, summary = await told(tmp_path / "missing")
    assert activities == []
    (finding,) = summary.findings
    assert (finding.rule, finding.severity) == ("plumbline:READER_FAILED", "error")
    assert "a.xml" in finding.message


async def test_silence_is_a_finding(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # nobody writes: opening it never returns
    _, summary = await told(pipe, Limits(silence_seconds=0.5))
    assert [finding.rule for finding in summary.findings] == ["plumbline:READER_LIMIT"]
    _, summary = await told(pipe, Limits(wall_seconds=0.5))
    assert [finding.rule for finding in summary.findings] == ["plumbline:READER_LIMIT"]


async def test_processor_time_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    write(path, 12 * MIB)
    activities, summary = await told(path, Limits(cpu_seconds=1, cpu_seconds_a_mib=0))
    (finding,) = summary.findings
    assert finding.rule == "plumbline:READER_LIMIT"
    assert "processor" in finding.message
    assert summary.activities == len(activities) > 0  # what came before stands
    last = activities[-1]
    end = last.line + last.xml.count(b"\n")
    assert finding.line in {end, end + 1}  # where the last one ends, or the next was announced to begin


async def test_memory_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    sectors = '<sector code="15130" percentage="1"/>' * 400_000
    path.write_bytes(a_file(an_activity(), an_activity(sectors=sectors)))
    activities, summary = await told(path, Limits(memory_bytes=200 * MIB))
    # Where the memory ends inside libxml2 or expat, the process dies of a signal and cannot say why.
    (finding,) = activities[1].findings
    assert finding.rule == "plumbline:ACTIVITY_FATAL"
    assert "memory" in finding.message or "died of SIG" in finding.message
    assert (len(activities), summary.findings) == (2, ())
    activities, summary = await told(path)
    assert summary.findings == ()
    assert [activity.accepted for activity in activities] == [True, False]  # shares of 400 000 per cent
    assert "plumbline:ACTIVITY_FATAL" not in {finding.rule for finding in activities[1].findings}


def deadly(path: Path) -> Limits:
    """A file of five activities whose second and fourth kill the reader within these limits."""
    sectors = '<sector code="15130" percentage="1"/>' * 400_000
    some = (an_activity(identifier=f"XM-DAC-41120-{n}", **({"sectors": sectors} if n % 2 else {})) for n in range(5))
    path.write_bytes(a_file(*some))
    return Limits(memory_bytes=200 * MIB)


async def test_an_activity_that_kills_the_reader_delays_no_other(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    activities, summary = await told(path, deadly(path))
    assert [(activity.index, activity.project_id) for activity in activities] == [
        (n, f"XM-DAC-41120-{n}") for n in range(5)
    ]
    assert [activity.accepted for activity in activities] == [True, False, True, False, True]
    assert {finding.rule for n in (1, 3) for finding in activities[n].findings} == {"plumbline:ACTIVITY_FATAL"}
    text = path.read_text().splitlines()
    assert all(text[activity.line - 1].startswith("<iati-activity ") for activity in activities)
    assert (summary.activities, summary.quarantined, summary.findings) == (5, 2, ())
    assert summary.readability["indicators"] == sum(activity.readability["indicators"] for activity in activities)


async def test_the_reader_is_not_started_again_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    activities, summary = await told(path, replace(deadly(path), deaths=2))
    assert [activity.accepted for activity in activities] == [True, False, True]
    (finding,) = summary.findings
    assert finding.rule in {"plumbline:READER_LIMIT", "plumbline:READER_FAILED"}
    assert (summary.activities, summary.quarantined) == (3, 1)


async def test_one_death_accuses_nobody(tmp_path: Path) -> None:
    """The system may kill the reader for want of memory, or a person may."""
    path = tmp_path / "upload"
    count = write(path, 4 * MIB)
    me = psutil.Process()
    before = {child.pid for child in me.children()}
    pieces = read_file(path, today=TODAY)
    first = await anext(pieces)
    (reader,) = [child for child in me.children() if child.pid not in before]
    reader.kill()
    rest = [piece async for piece in pieces]
    summary = rest.pop()
    assert isinstance(first, JudgedActivity)
    assert isinstance(summary, FileSummary)
    assert [piece.index for piece in rest if isinstance(piece, JudgedActivity)] == list(range(1, count))
    assert (summary.activities, summary.quarantined, summary.findings) == (count, 0, ())


async def test_who_stops_listening_ends_the_process(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    write(path, 4 * MIB)
    me = psutil.Process()
    before = {child.pid for child in me.children()}
    pieces = read_file(path)
    first = await anext(pieces)
    assert isinstance(first, JudgedActivity)
    (reader,) = [child for child in me.children() if child.pid not in before]
    await pieces.aclose()
    assert not psutil.pid_exists(reader.pid)


async def test_files_are_read_side_by_side(spool: Path) -> None:
    both = await asyncio.gather(told(spool), told(spool))
    assert both[0] == both[1]


def peak(path: Path) -> Iterator[int]:
    """Peak memory of a reader in bytes, and how many lines it wrote; a child of its own, so that peaks are its own."""
    program = (
        "import resource, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-I', '-m', 'intake.reader', sys.argv[1]], stdout=subprocess.PIPE)\n"
        "lines = sum(1 for _ in child.stdout)\n"
        "assert child.wait() == 0\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, lines)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=True, text=True)
    return map(int, done.stdout.split())


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    write(small, 3 * MIB)
    count = write(large, 15 * MIB)
    little, _ = peak(small)
    much, lines = peak(large)
    assert lines > count
    assert much < little + 12 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


@pytest.mark.long
def test_memory_of_two_hundred_megabytes(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    write(small, 4 * MIB)
    count = write(large, 200 * MIB)
    little, _ = peak(small)
    much, lines = peak(large)
    assert lines > count
    assert much < little + 12 * MIB

"""Tables, as CSV: each row judged as the one event it is, kept in small transactions, resumed after a crash."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec
import orjson

from contracts.envelope import PREFIX
from contracts.tables import KINDS, Column, Row, column_of, kind_of, row_of
from intake.domain.acceptance import Fault, fault
from intake.store import entities, findings, submissions
from intake.store.submissions import Submission
from intake.usecases import events
from intake.usecases.item import Item
from intake.usecases.progress import Progress
from runtime.access import SYSTEM
from runtime.db import Database, Tx

SUFFIX: Final = ".csv"
_CHUNK: Final = 500  # rows a transaction
_ROW_BYTES: Final = 1_000_000
_LINE: Final = 1_000_000  # characters of one line; a file without line ends must not fill the memory


@dataclass(frozen=True, slots=True)
class _Line:
    """A row as it stands: its number as a spreadsheet shows it, the line it begins on, its cells."""

    number: int
    line: int
    cells: list[str]


class _Unreadable(Exception):
    """The file cannot be read any further; ``faults`` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0]["message"])
        self.faults = list(faults)


class _Undo(Exception):
    """A dry run is over: nothing of it stays."""


async def keep(database: Database, progress: Progress, path: Path) -> list[Fault]:
    """Judge a table row by row, and keep the good ones; returns what is wrong with the file as a whole."""
    done, chunk = progress.submission.activities, []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _lines(file)
            head = next(lines, None)
            kind, columns = _head(head.cells if head else [])
            for n, line in enumerate(lines):
                if n < done:
                    continue  # kept before the crash
                chunk.append(line)
                if len(chunk) >= _CHUNK:
                    await _keep(database, progress, kind, columns, chunk)
                    chunk = []
            await _keep(database, progress, kind, columns, chunk)
    except _Unreadable as error:
        if chunk:
            await _keep(database, progress, kind, columns, chunk)
        return error.faults
    return []


def _lines(file: IO[str]) -> Iterator[_Line]:
    """The rows that say something, header first; the delimiter is the one the header has more of."""
    begin = 1
    try:
        first = file.readline(_LINE)
        file.seek(0)
        rows = csv.reader(_bounded(file), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
        for number, cells in enumerate(rows, start=1):
            if any(cell.strip() for cell in cells):
                yield _Line(number, begin, cells)
            begin = rows.line_num + 1
    except UnicodeDecodeError:
        raise _Unreadable(
            fault("NOT_UTF8", f"After line {begin - 1} the file is not UTF-8", "Save it as CSV UTF-8") | {"line": begin}
        ) from None
    except csv.Error as error:
        remedy = "Mend its quotation marks; what follows was not read"
        raise _Unreadable(fault("NOT_CSV", f"The row cannot be read: {error}", remedy) | {"line": begin}) from None


def _bounded(file: IO[str]) -> Iterator[str]:
    while line := file.readline(_LINE):
        if len(line) == _LINE:
            raise csv.Error(f"a line has more than {_LINE} characters")
        yield line


def _head(names: Sequence[str]) -> tuple[str, list[Column]]:
    """Which table it is, by its columns. Raises _Unreadable with everything that is wrong with them."""
    names = [name.strip() for name in names]
    while names and not names[-1]:
        names.pop()
    kind, unknown, missing = kind_of(names)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise _Unreadable(
            fault("TABLE_UNKNOWN", "The first row names no columns of a known table", f"Use one of: {known}")
            | {"line": 1}
        )
    remedy = f"plumbline template {kind} shows the columns"
    found = [fault("COLUMN_UNKNOWN", f"A table of {kind} has no column {name!r}", remedy, name) for name in unknown]
    found += [fault("COLUMN_MISSING", f"A table of {kind} needs the column {name}", remedy, name) for name in missing]
    twice = sorted({name for name in names if names.count(name) > 1})
    found += [fault("COLUMN_TWICE", f"{name} stands there twice", "Keep one", name) for name in twice]
    if found:
        raise _Unreadable(*(f | {"line": 1} for f in found))
    columns = [column_of(KINDS[kind], name) for name in names]
    return kind, [column for column in columns if column is not None]


async def _keep(
    database: Database, progress: Progress, kind: str, columns: list[Column], lines: Sequence[_Line]
) -> None:
    """Decide about some rows and keep what they say, in one transaction; a dry run takes it all back."""
    if not lines:
        return
    rows = [row_of(columns, line.cells) for line in lines]
    items = [_item(progress, kind, line, row) for line, row in zip(lines, rows, strict=True)]
    for item, line in zip(items, lines, strict=True):
        if any(cell.strip() for cell in line.cells[len(columns) :]):
            message = f"The row has {len(line.cells)} cells, the first row {len(columns)}"
            item.faults.append(fault("ROW_LENGTH", message, "Put a text with the delimiter in quotation marks"))
    if progress.submission.dry_run:
        with suppress(_Undo):
            async with database.transaction(SYSTEM) as tx:
                await _judge(tx, progress, items)
                raise _Undo
    async with database.transaction(SYSTEM) as tx:
        if not progress.submission.dry_run:
            await _judge(tx, progress, items)
        faults = [told for item, line, row in zip(items, lines, rows, strict=True) for told in _told(item, line, row)]
        _count(progress.submission, items)
        if faults:
            await findings.add(tx.conn, progress.submission.id, progress.findings + 1, faults)
            progress.findings += len(faults)
        await submissions.update(tx.conn, progress.submission)


async def _judge(tx: Tx, progress: Progress, items: Sequence[Item]) -> None:
    await events.judge(tx, progress.entity, await entities.every(tx.conn), items, _ROW_BYTES)


def _item(progress: Progress, kind: str, line: _Line, row: Row) -> Item:
    """A row as the event it is, counted on its own."""
    whole = progress.submission
    origin = {"submission_id": whole.id, "file": whole.file, "sha256": whole.sha256, "line": line.line}
    data = orjson.dumps(row.data, option=orjson.OPT_NON_STR_KEYS)
    envelope = msgspec.structs.replace(progress.cause(), type=PREFIX + KINDS[kind].TYPE, data=data)
    return Item(envelope, Submission(whole.id, whole.entity, "file", whole.received_at), origin=origin)


def _told(item: Item, line: _Line, row: Row) -> Iterator[Fault]:
    """The findings of a row, each with its row and column in the place of the event's path."""
    for told in item.faults:
        path = told.get("path", "")
        column = row.column(path.removeprefix("data/")) if path.startswith("data/") else ""
        place = f"row {line.number}, column {column}" if column else f"row {line.number}"
        yield told | {"path": place, "line": line.line, "project_id": item.submission.project_id}


def _count(submission: Submission, items: Sequence[Item]) -> None:
    submission.activities += len(items)
    for item in items:
        if item.refused:
            submission.quarantined += 1
            continue
        for name in ("accepted", "amended", "unchanged", "events"):
            setattr(submission, name, getattr(submission, name) + getattr(item.submission, name))

"""Exports that are written from the first row to the last: CSV and JSON, a part of the bytes for a part of the rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Generic

import orjson

from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import Cell, Column, R, Row, cells, plain

ALONG: Final = ("as_of", "feed_revision", "read_as", "filter", "address")
"""What a CSV says of itself, in the last columns of every row: the table stays one table in every program, and a row
that is copied out of it still says where it comes from."""


class Csv(Generic[R]):
    """UTF-8 with a byte order mark, by which spreadsheets know it; no cell is a formula."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self._columns = columns

    def begin(self, about: About) -> bytes:
        """The head row."""
        fields = about.fields()
        self._along = [_text(fields[name]) for name in ALONG]
        return b"\xef\xbb\xbf" + _lines([[*(column.name for column in self._columns), *ALONG]])

    def part(self, rows: Sequence[R]) -> bytes:
        """Some rows."""
        return _lines([[*(_text(cell) for cell in cells(row, self._columns)), *self._along] for row in rows])

    def end(self, _count: int) -> bytes:
        """Nothing: the table ends with its last row."""
        return b""


class Document(Generic[R]):
    """JSON: what the file is, every record as ``told`` has it, and how many they were."""

    def __init__(self, records: str, told: Callable[[R], Any]) -> None:
        self._records, self._told = records, told

    def begin(self, about: About) -> bytes:
        """The opening, with what the file is."""
        self._first = True
        return b'{"meta":' + orjson.dumps(about.fields()) + b',\n"' + self._records.encode() + b'":['

    def part(self, rows: Sequence[R]) -> bytes:
        """Some records, a line each."""
        if not rows:
            return b""
        head = b"\n" if self._first else b",\n"
        self._first = False
        return head + b",\n".join(orjson.dumps(self._told(row)) for row in rows)

    def end(self, count: int) -> bytes:
        """The closing: a file without it is cut off."""
        return b'\n],\n"count":' + str(count).encode() + b"}\n"


def project(row: Row) -> dict[str, Any]:
    """A project as the API has it, with its figures."""
    return {**row.project, "figures": row.figures}


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case str():
            return plain(cell)
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case _:
            return repr(cell)


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")

"""Projects as a workbook: typed cells, and a sheet that says what the file is. Written in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import COLUMNS, Cell, Row, cells

MOST: Final = 1_048_575
"""Rows that a sheet has room for below its head."""

_LONGEST: Final = 32_767  # characters of a cell
_FIRST: Final = date(1900, 1, 1)  # what a sheet can count days from
_CLOSED: Final = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}


class Workbook:
    """The file at ``path``; it is whole once ``end`` was called. Temporary files are made in its folder."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent), **_CLOSED})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._sheet: Any = None
        self._row = 0

    def begin(self, about: About) -> None:
        """Both sheets, and the head."""
        self._book.set_properties({"title": "Plumbline: projects", "created": about.as_of.replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet("Projects")
        self._sheet.freeze_panes(1, 1)
        for n, column in enumerate(COLUMNS):
            self._sheet.set_column(n, n, column.width)
        for n, column in enumerate(COLUMNS):
            self._sheet.write_string(0, n, column.name, self._head)
        self._sheet.autofilter(0, 0, max(1, about.number), len(COLUMNS) - 1)
        told = self._book.add_worksheet("About")
        told.set_column(0, 0, 18)
        told.set_column(1, 1, 100)
        for n, (name, value) in enumerate(about.fields().items()):
            told.write_string(n, 0, name, self._head)
            self._write(told, n, 1, value, self._wrapped)

    def part(self, rows: Sequence[Row]) -> None:
        """Some rows."""
        for row in rows:
            self._row += 1
            for n, cell in enumerate(cells(row, COLUMNS)):
                self._write(self._sheet, self._row, n, cell)

    def end(self) -> None:
        """Put the file together."""
        self._book.close()

    def _write(self, sheet: Any, row: int, column: int, cell: Cell, style: Any = None) -> None:
        """By type; a text is always a text, whatever it begins with."""
        match cell:
            case None:
                return
            case bool():
                sheet.write_boolean(row, column, cell, style)
            case int() | float():
                sheet.write_number(row, column, cell, style)
            case datetime():
                sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), self._instant)
            case date() if cell >= _FIRST:
                sheet.write_datetime(row, column, cell, self._day)
            case date():
                sheet.write_string(row, column, cell.isoformat(), style)
            case _:
                sheet.write_string(row, column, cell[:_LONGEST], style)

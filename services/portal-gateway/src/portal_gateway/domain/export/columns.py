"""Records as rows of typed cells, projects first: the same columns in CSV and XLSX, named alike in every language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from portal_gateway.domain.drawing.figure import MARKS
from portal_gateway.domain.export.about import DEMONSTRATION, OTHERS
from portal_gateway.domain.search import facets
from portal_gateway.domain.search.wish import NONE
from portal_gateway.domain.speech.language import language, said
from portal_gateway.domain.speech.words import PROJECT_STATUSES
from portal_gateway.domain.view import narrative

METRICS: Final = ("M2", "M3", "M4")
"""The figures of a project that a file holds."""

_WIDE: Final = "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
_SIGNS: Final = "=+-@\t\r" + _WIDE
_PASSED_OVER: Final = " \"'\n\v\f\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"

Cell = str | int | float | bool | date | datetime | None
R = TypeVar("R")
"""What a row is of."""


@dataclass(frozen=True, slots=True)
class Row:
    """A project as the API has it, with its figures by metric as the reader may know of them; for IATI also its
    indicators, each with ``observations``, and its budget lines."""

    project: Mapping[str, Any]
    figures: Mapping[str, Mapping[str, Any]]
    indicators: Sequence[Mapping[str, Any]] = ()
    budgets: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """``width`` in characters, for sheets."""

    name: str
    width: int
    cell: Callable[[R], Cell]


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before one that would begin one.

    Blanks and quotes before the sign do not help: programs pass over them. The wide forms of the signs are formulas in
    Japanese and Chinese versions.
    """
    begin = text.lstrip(_PASSED_OVER)[:1]
    return "'" + text if begin and begin in _SIGNS else text


def cells(row: R, columns: Sequence[Column[R]]) -> list[Cell]:
    """The row's cells by column."""
    return [column.cell(row) for column in columns]


def _field(name: str) -> Callable[[Row], Cell]:
    return lambda row: row.project.get(name)


def _title(row: Row) -> Cell:
    return narrative(row.project.get("title"), language())[0] or None


def _status(row: Row) -> Cell:
    return said(PROJECT_STATUSES.get(row.project["status"], "")) or None


def _day(name: str) -> Callable[[Row], Cell]:
    def day(row: Row) -> Cell:
        text = (row.project.get("dates") or {}).get(name)
        return date.fromisoformat(text) if text else None

    return day


def _shares(dim: str) -> Callable[[Row], Cell]:
    """Codes with their share in per cent, the largest first: ``ML 40; NE 35``."""

    def shares(row: Row) -> Cell:
        found = [a for a in row.project.get("allocations") or () if a["dim"] == dim]
        ordered = sorted(found, key=lambda a: (-a["ppm"], a["code"]))
        return "; ".join(f"{a['code']} {a['ppm'] / 10_000:g}" for a in ordered) or None

    return shares


def _percent(metric: str, name: str) -> Callable[[Row], Cell]:
    """µ as per cent; a value only where its state lets it be said."""

    def percent(row: Row) -> Cell:
        figure = row.figures.get(metric)
        if figure is None or figure[name] is None or (name == "value" and figure["state"] not in MARKS):
            return None
        return int(figure[name]) / 10_000

    return percent


def _coverage(row: Row) -> Cell:
    coverage = (row.figures.get("M4") or {}).get("coverage")
    return round(100 * coverage["observed"] / coverage["expected"], 4) if coverage and coverage["expected"] else None


def _of_figure(metric: str, name: str) -> Callable[[Row], Cell]:
    return lambda row: (row.figures.get(metric) or {}).get(name)


def _facet(name: str) -> Callable[[Row], Cell]:
    def facet(row: Row) -> Cell:
        value = facets.of_figures(row.figures)[name][0]
        return None if value == NONE else value

    return facet


def _budget(row: Row) -> Cell:
    cents = facets.budget(row.figures)
    return None if cents is None else cents / 100


def _flags(row: Row) -> Cell:
    every = [row.project.get("flags"), *(figure.get("flags") for figure in row.figures.values())]
    return "; ".join(sorted({flag for flags in every for flag in flags or ()})) or None


def _licence(row: Row) -> Cell:
    return DEMONSTRATION if row.project.get("demonstration") else OTHERS


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("project_id", 26, _field("project_id")),
    Column("title", 48, _title),
    Column("entity", 18, _field("entity")),
    Column("entity_name", 28, _field("entity_name")),
    Column("status_code", 8, _field("status")),
    Column("status", 16, _status),
    Column("planned_start", 12, _day("planned_start")),
    Column("actual_start", 12, _day("actual_start")),
    Column("planned_end", 12, _day("planned_end")),
    Column("actual_end", 12, _day("actual_end")),
    Column("pillars_percent", 18, _shares("PILLAR")),
    Column("pillars_inferred", 9, _field("pillar_inferred")),
    Column("countries_percent", 24, _shares("COUNTRY")),
    Column("regions_percent", 16, _shares("REGION")),
    Column("themes_percent", 24, _shares("THEME")),
    Column("budget_usd", 16, _budget),
    Column("effectiveness_percent", 14, _percent("M4", "value")),
    Column("effectiveness_lower_percent", 14, _percent("M4", "lower")),
    Column("effectiveness_upper_percent", 14, _percent("M4", "upper")),
    Column("effectiveness_coverage_percent", 14, _coverage),
    Column("effectiveness_state", 20, _of_figure("M4", "state")),
    Column("pace", 16, _facet("pace")),
    Column("pace_percent", 12, _percent("M2", "value")),
    Column("evidence_grade", 10, _facet("evidence")),
    Column("evidence_percent", 12, _percent("M3", "value")),
    Column("flags", 32, _flags),
    Column("method_version", 12, _of_figure("M4", "method_version")),
    Column("updated_at", 20, _field("updated_at")),
    Column("classification", 14, _field("classification")),
    Column("demonstration", 10, _field("demonstration")),
    Column("licence", 28, _licence),
)

"""Figures as rows of typed cells: what the list of figures shows of each, and the way to how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain import scope as scopes
from portal_gateway.domain.export.about import DEMONSTRATION, OTHERS
from portal_gateway.domain.export.columns import Cell, Column
from portal_gateway.domain.speech.language import said
from portal_gateway.domain.speech.words import metric
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, ``data`` as the API has it; ``name`` of its scope, M3 of the same scope beside it, and its address."""

    figure: Figure
    data: Mapping[str, Any]
    name: str
    evidence: Figure | None
    why: str

    @property
    def strength(self) -> int | None:
        """How strong the evidence is, µ."""
        return self.evidence.value if self.evidence is not None and self.evidence.shown else None


def told(row: Row) -> dict[str, Any]:
    """A figure as the API has it, with its name, the strength of its evidence, and the page that explains it."""
    return {**row.data, "name": row.name, "evidence": row.strength, "why": row.why}


def _of(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row.figure, name)


def _percent(value: Callable[[Row], int | None]) -> Callable[[Row], Cell]:
    """µ as per cent."""

    def percent(row: Row) -> Cell:
        micro = value(row)
        return None if micro is None else micro / 10_000

    return percent


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("metric", 8, _of("metric")),
    Column("metric_name", 28, lambda row: said(metric(row.figure.metric).name)),
    Column("scope", 28, _of("scope")),
    Column("kind", 14, lambda row: scopes.parse(row.figure.scope).kind),
    Column("name", 40, lambda row: row.name),
    Column("value_percent", 12, _percent(lambda row: row.figure.value if row.figure.shown else None)),
    Column("lower_percent", 12, _percent(lambda row: row.figure.lower)),
    Column("upper_percent", 12, _percent(lambda row: row.figure.upper)),
    Column("state", 20, _of("state")),
    Column("withheld", 16, _of("kept_back")),
    Column("coverage_percent", 12, _percent(lambda row: None if row.figure.kept_back else row.figure.known)),
    Column("evidence_percent", 12, _percent(lambda row: row.strength)),
    Column("projects", 10, lambda row: None if row.figure.kept_back else row.figure.projects),
    Column("pillars_inferred_percent", 12, _percent(lambda row: row.figure.inferred_ppm)),
    Column("flags", 32, lambda row: "; ".join(row.figure.flags) or None),
    Column("before_percent", 12, _percent(lambda row: row.figure.previous)),
    Column("classification", 14, _of("classification")),
    Column("valid_as_of", 12, _of("valid_as_of")),
    Column("known_as_of", 20, _of("known_as_of")),
    Column("updated_at", 20, _of("updated_at")),
    Column("revision", 10, _of("revision")),
    Column("method_version", 12, _of("method_version")),
    Column("why", 48, lambda row: row.why),
    Column("demonstration", 10, _of("demonstration")),
    Column("licence", 28, lambda row: DEMONSTRATION if row.figure.demonstration else OTHERS),
)

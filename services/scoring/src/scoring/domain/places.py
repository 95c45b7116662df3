"""Which regions a country or a region lies in: a small table of facts (UN M49), or a code list in its place."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Final


class Regions:
    """From ``country:`` and ISO 3166-1 alpha-2, ``m49:`` or ``dac:`` and a region's code to the M49 region around it.

    The last two share no code, so that the vocabulary need not be trusted.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = table
        self._of_country: dict[str, tuple[str, ...]] = {}

    def of_country(self, code: str) -> tuple[str, ...]:
        """The M49 regions of a country, innermost first; none for a code the table does not list."""
        known = self._of_country.get(code)
        if known is None:
            known = self._of_country[code] = self._upwards(self.table.get(f"country:{code}", ""))
        return known

    def of_region(self, code: str) -> tuple[str, ...] | None:
        """The M49 regions of an M49 or DAC region, itself included where it is M49; None for a code of neither."""
        three = code.zfill(3)
        if f"m49:{three}" in self.table:
            return self._upwards(three)
        within = self.table.get(f"dac:{code}")
        return self._upwards(within) if within is not None else None

    def _upwards(self, code: str) -> tuple[str, ...]:
        found: list[str] = []
        while code and code not in found:
            found.append(code)
            code = self.table.get(f"m49:{code}", "")
        return tuple(found)


def _packaged() -> dict[str, str]:
    lines = (files("scoring.domain") / "places.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {f"{row['kind']}:{row['code']}": row["within"] for row in rows}


M49: Final = Regions(_packaged())
"""The table the software was released with."""

"""Which regions a country or a region lies in: a small table of facts, read once (UN M49)."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[tuple[str, str], str]:
    lines = (files("scoring.domain") / "places.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {(row["kind"], row["code"]): row["within"] for row in rows}


@cache
def regions_of_country(code: str) -> tuple[str, ...]:
    """The M49 regions of a country (ISO 3166-1 alpha-2), innermost first; none for a code M49 does not list."""
    return _upwards(_table().get(("country", code), ""))


@cache
def regions_of_region(code: str) -> tuple[str, ...] | None:
    """The M49 regions of an M49 or DAC region, itself included where it is M49; None for a code of neither.

    The two lists share no code, so that the vocabulary need not be trusted.
    """
    table = _table()
    three = code.zfill(3)
    if ("m49", three) in table:
        return _upwards(three)
    if ("dac", code) in table:
        return _upwards(table["dac", code])
    return None


def _upwards(code: str) -> tuple[str, ...]:
    found: list[str] = []
    while code:
        found.append(code)
        code = _table().get(("m49", code), "")
    return tuple(found)

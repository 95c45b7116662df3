"""Countries, areas and regions of UN M49, with their names in the six official languages.

``countries.csv`` and ``regions.csv`` beside this file are written by ``python -m intake.codelists`` from the tables
of the United Nations Statistics Division; ``others.csv`` is written by hand.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

WORLD: Final = "001"

# Where the table's name is not the one the United Nations uses.
_CORRECTED: Final[Mapping[str, Mapping[str, str]]] = {
    "CI": {"en": "Côte d’Ivoire"},
    "TW": {
        "ar": "مقاطعة تايوان الصينية",
        "zh": "中国台湾省",
        "en": "Taiwan Province of China",
        "fr": "Province chinoise de Taïwan",
        "ru": "Тайвань, провинция Китая",
        "es": "Provincia china de Taiwán",
    },
}


@cache
def countries() -> Mapping[str, Mapping[str, str]]:
    """Rows of ``countries.csv`` by ISO 3166-1 alpha-2 code: ``iso3``, ``m49``, ``region``, ``subregion``,
    ``intermediate`` and a name by language."""
    return {row["iso2"]: {**row, **_CORRECTED.get(row["iso2"], {})} for row in _rows("countries.csv")}


@cache
def regions() -> Mapping[str, Mapping[str, str]]:
    """Names of M49 regions, by code and language; the world is one of them."""
    return {row["m49"]: row for row in _rows("regions.csv")}


@cache
def others() -> Mapping[str, Mapping[str, str]]:
    """Names by language of codes that IATI files use and M49 has not: regions of the OECD's DAC, and XK."""
    return {row["code"]: row for row in _rows("others.csv")}


@cache
def names(language: str) -> Mapping[str, str]:
    """Names of countries by ISO 3166-1 alpha-2, of regions by M49 or DAC code, in a language; English where it has
    none. Not every code that has a name is a country or a region here: ``countries`` and ``regions`` are."""
    rows = (*countries().items(), *regions().items(), *others().items())
    return {code: row[language] or row["en"] for code, row in rows}


@cache
def countries_of(region: str) -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes of the countries and areas in an M49 region; of the world all."""
    return frozenset(code for code in countries() if region == WORLD or region in regions_of(code))


@cache
def regions_of(country: str) -> tuple[str, ...]:
    """M49 regions that a country or area lies in, the widest first, without the world; none for an unknown code."""
    row = countries().get(country, {})
    return tuple(code for kind in ("region", "subregion", "intermediate") if (code := row.get(kind)))


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("portal_gateway.places") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))

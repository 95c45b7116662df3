"""What a portfolio is made of: invented entities, themes and indicators, real countries (``data/*.csv``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from plumbline.generate.draw import Weighted

Pillar = Literal["P1", "P2", "P3", "P4"]
Level = Literal[1, 2, 3]

PILLARS: dict[Pillar, str] = {
    "P1": "Pillar I: conditions conducive to the spread of terrorism",
    "P2": "Pillar II: preventing and combating terrorism",
    "P3": "Pillar III: capacity of States and the role of the United Nations",
    "P4": "Pillar IV: human rights and the rule of law",
}
"""The four pillars of the Global Counter-Terrorism Strategy."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An invented reporting organisation; ``type`` is IATI OrganisationType."""

    ref: str
    name: str
    type: str
    leaning: Weighted[Pillar]


@dataclass(frozen=True, slots=True)
class Funder:
    """An invented funding organisation, known by name only."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Country:
    """A real country and its UN M49 region."""

    code: str
    name: str
    name_fr: str
    region: str
    region_name: str


@dataclass(frozen=True, slots=True)
class Theme:
    """What a project is about; ``purposes`` are DAC purpose codes that the crosswalk puts in its pillar."""

    code: str
    pillar: Pillar
    name: str
    purposes: tuple[str, ...]
    title: str
    title_fr: str
    objective: str


@dataclass(frozen=True, slots=True)
class Template:
    """An indicator to fill in. ``measure`` is IATI IndicatorMeasure; ``adds`` says that actuals of several
    periods are added up, else the latest counts; baseline and target lie in the given ranges."""

    code: str
    pillar: Pillar
    level: Level
    measure: Literal[1, 2, 3, 4, 5]
    ascending: bool
    adds: bool
    baseline: tuple[float, float]
    target: tuple[float, float]
    title: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything a portfolio is drawn from."""

    entities: Weighted[Entity]
    funders: Weighted[Funder]
    countries: Weighted[Country]
    regions: dict[str, str]
    neighbours: dict[str, tuple[Country, ...]]
    themes: dict[Pillar, tuple[Theme, ...]]
    templates: dict[tuple[Pillar, Level], tuple[Template, ...]]
    phrases: dict[str, tuple[str, ...]]


@cache
def vocabulary() -> Vocabulary:
    """Read the package's tables, once."""
    countries = [Country(r["code"], r["name"], r["name_fr"], r["region"], r["region_name"]) for r in _rows("countries")]
    entities = _rows("entities")
    funders = _rows("funders")
    themes = [_theme(r) for r in _rows("themes")]
    templates = [_template(r) for r in _rows("indicators")]
    phrases = _rows("phrases")
    levels: tuple[Level, ...] = (1, 2, 3)
    return Vocabulary(
        entities=Weighted(map(_entity, entities), (float(r["weight"]) for r in entities)),
        funders=Weighted((Funder(r["name"], r["type"]) for r in funders), (float(r["weight"]) for r in funders)),
        countries=Weighted(countries, (float(r["weight"]) for r in _rows("countries"))),
        regions={c.region: c.region_name for c in countries},
        neighbours={c.region: tuple(n for n in countries if n.region == c.region) for c in countries},
        themes={pillar: tuple(t for t in themes if t.pillar == pillar) for pillar in PILLARS},
        templates={
            (pillar, level): tuple(t for t in templates if t.pillar == pillar and t.level == level)
            for pillar in PILLARS
            for level in levels
        },
        phrases={kind: tuple(r["text"] for r in phrases if r["kind"] == kind) for kind in {r["kind"] for r in phrases}},
    )


def _rows(table: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath("data", f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _entity(row: dict[str, str]) -> Entity:
    return Entity(row["ref"], row["name"], row["type"], Weighted(PILLARS, (float(row[p]) for p in PILLARS)))


def _theme(row: dict[str, str]) -> Theme:
    return Theme(
        row["code"],
        _pillar(row["pillar"]),
        row["name"],
        tuple(row["purposes"].split()),
        row["title"],
        row["title_fr"],
        row["objective"],
    )


def _template(row: dict[str, str]) -> Template:
    return Template(
        code=row["code"],
        pillar=_pillar(row["pillar"]),
        level={"1": 1, "2": 2, "3": 3}[row["level"]],  # type: ignore[arg-type]
        measure=int(row["measure"]),  # type: ignore[arg-type]
        ascending=row["way"] == "up",
        adds=row["adds"] == "sum",
        baseline=(float(row["base_low"]), float(row["base_high"])),
        target=(float(row["target_low"]), float(row["target_high"])),
        title=row["title"],
    )


def _pillar(text: str) -> Pillar:
    return next(pillar for pillar in PILLARS if pillar == text)

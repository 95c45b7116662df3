"""The code lists that activities are judged by: small CSVs of facts, written by ``python -m intake.codelists``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from intake.domain.iati.vocabulary import CASELESS, Branch, Codes, Mapped, Vocabularies

CROSSWALK = "crosswalk-0"
"""The version of the crosswalk from DAC purpose to pillar that inference uses (methodology §2.2)."""


@cache
def load() -> Vocabularies:
    """Every list, read once a process."""
    mapping = [Mapped.of(row["path"], row["list"], row["vocabulary"]) for row in _rows("mapping")]
    names = {mapped.codelist for mapped in mapping} | {"M49", "OrganisationRegistrationAgency", "Language"}
    return Vocabularies(
        branches=Branch.of(mapping),
        lists={name: _codes(name) for name in names},
        crosswalk={row["code"]: row["pillar"] for row in _rows(CROSSWALK)},
    )


def _codes(name: str) -> Codes:
    head = _text(name).split("\n", 1)[0]
    return Codes(
        name=name,
        codes=frozenset(row["code"].lower() if name in CASELESS else row["code"] for row in _rows(name)),
        embedded="embedded=1" in head,
        complete="complete=1" in head,
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(line for line in _text(name).splitlines() if not line.startswith("#"))


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.csv").read_text("utf-8")

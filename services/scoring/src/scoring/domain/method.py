"""A version of the method: its parameters, and the tables that are read with them (methodology §0.8, §2.2, ADR 0078).

A release of parameters and each new version of a table make a version of their own, named so that it says what is in
it: ``1.1.0``, or ``1.1.0~regions.2027`` where tables other than the software's own are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scoring.domain.parameters import FIRST, Parameters
from scoring.domain.places import M49, Regions


@dataclass(frozen=True, slots=True)
class Method:
    """What figures are computed by; ``lists`` are the versions of tables read in place of the software's own.

    ``crosswalk`` leads from DAC purposes to pillars; without one, pillars are as intake inferred them.
    """

    release: str = "1.0.0"
    parameters: Parameters = FIRST
    regions: Regions = M49
    crosswalk: Mapping[str, str] | None = None
    lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version figures name: the release, and each table that is not the software's own."""
        return named(self.release, self.lists)

    @property
    def codelists(self) -> str:
        """The versions of the tables alone, ``own`` where all are the software's."""
        return named("", self.lists)[1:] or "own"


def named(release: str, lists: Mapping[str, str]) -> str:
    """The name of a version."""
    return "~".join((release, *(f"{name}.{lists[name]}" for name in sorted(lists))))


def parts_of(version: str) -> tuple[str, dict[str, str]]:
    """The release a version names, and its tables: the inverse of ``named``."""
    release, *tables = version.split("~")
    return release, {name: of for name, _, of in (table.partition(".") for table in tables)}


FIRST_METHOD: Final = Method()
"""1.0.0, as the software was released with it."""

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
    """What figures are computed by; ``lists`` are the versions of tables read in place of the software's own."""

    release: str = "1.0.0"
    parameters: Parameters = FIRST
    regions: Regions = M49
    lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version figures name: the release, and each table that is not the software's own."""
        return "~".join((self.release, *(f"{name}.{self.lists[name]}" for name in sorted(self.lists))))

    @property
    def codelists(self) -> str:
        """The versions of the tables alone, ``own`` where all are the software's."""
        return "~".join(f"{name}.{self.lists[name]}" for name in sorted(self.lists)) or "own"


FIRST_METHOD: Final = Method()
"""1.0.0, as the software was released with it."""

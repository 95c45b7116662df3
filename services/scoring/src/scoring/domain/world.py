"""What the score of a project rests on beside its own facts: the method, rates of exchange, its publisher's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scoring.domain.method import FIRST_METHOD, Method
from scoring.domain.rates import NO_RATES, Rates
from scoring.domain.readings import PLAIN, Readings


@dataclass(frozen=True, slots=True)
class World:
    """As it stands at one moment; a change of it scores the projects concerned again."""

    rates: Rates = NO_RATES
    dialects: Mapping[str, Readings] = field(default_factory=dict)  # by publisher
    method: Method = FIRST_METHOD

    @property
    def fx(self) -> str:
        """The tables that rates stand in, each with its version; ``none`` without any."""
        tables = {rate.table for rates in self.rates.by_currency.values() for rate in rates}
        return "~".join(sorted(tables)) or "none"

    def readings(self, entity: str) -> Readings:
        """How this publisher's figures are read."""
        return self.dialects.get(entity, PLAIN)


NO_WORLD: Final = World()

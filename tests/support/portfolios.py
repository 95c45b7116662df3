"""Portfolios made by chance: what the proof of methodology §0.4 is tried on, and how a failing one is made small."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Final

from pydantic import ValidationError
from tests.support.drawn import A_PROJECT, DRAWN, PROJECTS, Data

from contracts.catalogue import BY_TYPE
from scoring.domain.facts import Version

_MOST: Final = 40  # events in a portfolio
_RECORDED: Final = 17_956  # days from 1970 to 1 March 2019
_DAY_MICROS: Final = 86_400_000_000


@dataclass(frozen=True)
class Said:
    """One event as intake published it."""

    type: str
    data: Data
    version: Version

    @cached_property
    def body(self) -> bytes:
        """The payload as it travels."""
        return BY_TYPE[self.type].model_validate(self.data).to_json()

    def plain(self) -> Data:
        """As a case keeps it."""
        return {"type": self.type, "version": list(self.version), "data": self.data}


@dataclass(frozen=True)
class Portfolio:
    """Events in the order they were said; ``seed`` is for the order in which they arrive, and how often."""

    said: tuple[Said, ...]
    seed: int

    def text(self) -> str:
        """As a case keeps it."""
        return json.dumps({"seed": self.seed, "said": [one.plain() for one in self.said]}, indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> Portfolio:
        """The inverse of ``text``."""
        found = json.loads(text)
        said = (Said(one["type"], one["data"], Version(*one["version"])) for one in found["said"])
        return cls(tuple(said), found["seed"])


def a_portfolio(seed: int) -> Portfolio:
    """Projects, most of them at the beginning, and whatever else comes: recorded on few days, some at one instant."""
    chance, types = Random(seed), sorted(DRAWN)
    found = [("project.submitted.v1", A_PROJECT(chance) | {"project_id": n}) for n in PROJECTS if chance.random() < 0.8]
    found += [(type_, DRAWN[type_](chance)) for type_ in chance.choices(types, k=chance.randint(0, _MOST))]
    said = []
    for n, (type_, data) in enumerate(found):
        recorded = (_RECORDED + chance.randint(0, 1_200)) * _DAY_MICROS
        said.append(Said(type_, data, Version(recorded, f"{chance.randint(0, 2):010d}", f"e{n:03d}")))
    return Portfolio(tuple(said), seed)


def arrivals(portfolio: Portfolio) -> list[list[Said]]:
    """The events in another order, some of them twice, in batches of any size."""
    said, chance = portfolio.said, Random(portfolio.seed)
    shuffled = [*said, *(chance.choice(said) for _ in range(min(len(said), 5)))]
    chance.shuffle(shuffled)
    batches = []
    while shuffled:
        size = chance.randint(1, 6)
        batches.append(shuffled[:size])
        del shuffled[:size]
    return batches


def shrunk(portfolio: Portfolio, fails: Callable[[Portfolio], bool]) -> Portfolio:
    """The portfolio without any event, and any field of an event, that it fails without as well."""
    found = portfolio
    while (smaller := next((one for one in _smaller(found) if fails(one)), None)) is not None:
        found = smaller
    return found


def _smaller(portfolio: Portfolio) -> Iterator[Portfolio]:
    said = portfolio.said
    for size in (len(said) // 2, len(said) // 4, 1):
        for start in range(0, len(said), size) if size else ():
            yield replace(portfolio, said=said[:start] + said[start + size :])
    for n, one in enumerate(said):
        for name in one.data:
            less = replace(one, data={key: value for key, value in one.data.items() if key != name})
            if _follows_the_contract(less):
                yield replace(portfolio, said=(*said[:n], less, *said[n + 1 :]))


def _follows_the_contract(said: Said) -> bool:
    try:
        return bool(said.body)
    except ValidationError:
        return False

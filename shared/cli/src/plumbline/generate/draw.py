"""Repeatable choices: the same key gives the same choices, on every machine and whatever was drawn before."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Things to choose from, each as often as its weight says."""

    __slots__ = ("cumulative", "items")

    def __init__(self, items: Iterable[T], weights: Iterable[float]) -> None:
        self.items = tuple(items)
        self.cumulative = list(accumulate(weights))


class Draw(Random):
    """A source of choices named by its key.

    Only ``random()`` is asked: it is what Python promises to keep the same between versions. No logarithm
    or power either, whose last digit differs between C libraries.
    """

    def __init__(self, *key: object) -> None:
        super().__init__("/".join(map(str, key)))

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return self.random() < share

    def whole(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def spread(self, low: float, high: float) -> float:
        """A number between low and high, evenly."""
        return low + self.random() * (high - low)

    def around(self, middle: float, reach: float) -> float:
        """A number near the middle, at most ``reach`` away (triangular)."""
        return middle + (self.random() - self.random()) * reach

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, evenly."""
        return items[int(self.random() * len(items))]

    def weighted(self, among: Weighted[T]) -> T:
        """One of the items, by weight."""
        place = bisect(among.cumulative, self.random() * among.cumulative[-1])
        return among.items[min(place, len(among.items) - 1)]

    def skewed(self, median: float) -> float:
        """A number with a long upper tail, close to log-normal: half lie within a factor of two of the median."""
        amount = median
        for _ in range(4):
            step = self.random()
            amount *= (0.5 + step) / (1.5 - step)
        return amount

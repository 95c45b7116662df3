"""What two records say for and against being one project: Fellegi–Sunter with fixed m and u (methodology M12).

Probabilities are exact fractions; logarithms are taken only where a reader sees them, from whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from scoring.domain.numbers import Ratio, half_even
from scoring.domain.parameters import MICRO

PRIOR: Final[Ratio] = (1, 9_999)
"""λ/(1−λ): of ten thousand pairs that meet, one is one project twice [POLICY]."""


class Level(NamedTuple):
    """One level of a comparison: ``least`` likeness that reaches it, m and u in thousandths."""

    name: str
    least: Ratio
    m: int
    u: int


_NEVER: Final[Ratio] = (0, 1)

LEVELS: Final[Mapping[str, tuple[Level, ...]]] = MappingProxyType(
    {
        "title": (
            Level("same", (92, 100), 800, 2),
            Level("close", (80, 100), 100, 10),
            Level("alike", (60, 100), 50, 38),
            Level("different", _NEVER, 50, 950),
        ),
        "country": (
            Level("same", (80, 100), 900, 50),
            Level("overlap", (30, 100), 80, 150),
            Level("different", _NEVER, 20, 800),
        ),
        "theme": (
            Level("same", (50, 100), 850, 100),
            Level("overlap", (1, 1_000), 100, 150),
            Level("different", _NEVER, 50, 750),
        ),
        "time": (
            Level("same", (80, 100), 800, 300),
            Level("overlap", (30, 100), 150, 300),
            Level("different", _NEVER, 50, 400),
        ),
        "organisation": (Level("same", (1, 1), 700, 30), Level("different", _NEVER, 300, 970)),
        "budget": (Level("same", (95, 100), 600, 50), Level("different", _NEVER, 400, 950)),
        "donor": (Level("same", (1, 1), 600, 100), Level("different", _NEVER, 400, 900)),
    }
)
"""By field, the levels from the best; m and u of each field sum to one thousand. Those of the worked table are the
specification's, the others are ADR 0077's [POLICY]. What either project does not say is no evidence: weight 0."""

Evidence = tuple[tuple[str, str], ...]
"""Fields that could be compared, each with the level it reached."""

_BY_NAME: Final = {(field, level.name): level for field, levels in LEVELS.items() for level in levels}
_DEEP: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_LN2: Final = _DEEP.ln(Decimal(2))
_PLACES: Final = Decimal("0.0001")


def level_of(field: str, likeness: Ratio) -> str:
    """The level that a likeness within 0 and 1 reaches."""
    n, d = likeness
    for level in LEVELS[field]:
        if n * level.least[1] >= level.least[0] * d:
            return level.name
    raise ValueError(f"{field} has no level for {n}/{d}")


def odds(evidence: Evidence) -> Ratio:
    """λ/(1−λ) · Π m/u, exact."""
    n, d = PRIOR
    for field, reached in evidence:
        level = _BY_NAME[field, reached]
        n, d = n * level.m, d * level.u
    return n, d


def probability(found: Ratio) -> int:
    """P in µ from odds: odds/(1+odds), no logarithm in between."""
    return half_even(found[0] * MICRO, found[0] + found[1])


def reaches(found: Ratio, least: Ratio) -> bool:
    """Whether the P of these odds is at least this, exactly."""
    return found[0] * least[1] >= least[0] * (found[0] + found[1])


def weight(found: Ratio) -> str:
    """M in bits, log2 of the odds, to four places."""
    return _log2(*found)


def weights(evidence: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Each piece of evidence with log2(m/u) to four places."""
    found = ((field, reached, _BY_NAME[field, reached]) for field, reached in evidence)
    return [(field, reached, _log2(level.m, level.u)) for field, reached, level in found]


@lru_cache(maxsize=4_096)
def _log2(n: int, d: int) -> str:
    bits = _DEEP.divide(_DEEP.subtract(_DEEP.ln(Decimal(n)), _DEEP.ln(Decimal(d))), _LN2)
    return str(bits.quantize(_PLACES, ROUND_HALF_EVEN, _DEEP))

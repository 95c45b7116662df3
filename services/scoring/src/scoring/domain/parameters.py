"""The parameters of the method (methodology §0.8), and what is fixed beside them.

What §0.8 names is a value: changing it is a new version of the method, released as an event (ADR 0078). The rest are
constants of the software.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MICRO: Final = 1_000_000
"""µ in one: scores are integers of micro-units, shares are parts per million."""

COVERAGE_UNIT: Final = 3_603_600
"""Parts into which a project's coverage is cut inside a cell: 2⁴·3²·5²·7·11·13 (ADR 0030)."""

UNSTABLE_WIDTH: Final = (1, 2)  # width of the forecast interval that is flagged
REPORTING_YEAR: Final = 365  # days a value is current for, before the days of grace (ADR 0032)

OUTPUTS_HIGH: Final = 800_000  # µ; OUTPUTS_WITHOUT_OUTCOMES from here …
OUTCOMES_LOW: Final = 500_000  # … where outcomes stay below this

UNALLOCATED_LIMIT: Final = (1, 5)  # share without a pillar above which the indices of balance are withheld

WPS_TARGET: Final = (15, 100)  # of programme expenditure, with gender equality as principal objective (¶68)

CAP: Final = 1_200_000  # µ; scenario S3 holds A within this instead of the method's cap (§0.7)

PILLARS: Final = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What §0.8 names; the defaults are version 1.0.0. Shares are exact fractions."""

    on_track: tuple[int, int] = (95, 100)
    accelerate: tuple[int, int] = (60, 100)
    limited: tuple[int, int] = (0, 1)
    """Least pace R of each status; below the last it is regressing [ADAPT, Open SDG and Statistics Canada]."""

    early_output: tuple[int, int] = (10, 100)
    early_outcome: tuple[int, int] = (25, 100)
    """Share of the duration before which pace says nothing, for outputs and for outcomes and impact [POLICY]."""

    cap: int = MICRO  # µ; A is held within 0 and this [POLICY]
    over_achieved: tuple[int, int] = (6, 5)  # A_raw above which the target is worth a review [POLICY]
    maintain_tolerance: tuple[int, int] = (1, 10)  # of |T|, where none is stated [POLICY]

    rubric: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: {"NOT": (0, 3), "PARTIAL": (1, 3), "MOSTLY": (2, 3), "FULL": (3, 3)}
    )
    """What a qualitative rating is worth [ADAPT, IEG]."""

    level_weights: Mapping[int, int] = field(default_factory=lambda: {1: 1, 2: 2, 3: 1})
    """λ by result type: output ¼, outcome ½, impact ¼ [POLICY]."""

    confidence: Mapping[int, int] = field(default_factory=lambda: {4: 100, 3: 85, 2: 60, 1: 30})
    """κ by grade, A to D, per cent: a convention, not a probability (M3) [POLICY]."""

    published: tuple[int, int] = (2, 3)
    provisional: tuple[int, int] = (1, 2)
    """Least coverage for a figure to be published or provisional [ADAPT, COINr]."""

    risk_bands: Mapping[str, int] = field(default_factory=lambda: {"LOW": 1, "MEDIUM": 5, "HIGH": 10, "VERY_HIGH": 16})
    """Least score of each band (M10) [POLICY]."""

    grace_days: int = 90  # after its day before a report is late, or a value no longer current [POLICY, M15]
    evaluation_quality: int = 4  # of 6, by the quality panel, for an evaluation to feed a headline (M5) [POLICY]

    duplicate_queue: tuple[int, int] = (95, 100)
    duplicate_review: tuple[int, int] = (1, 2)
    """Least probability for a pair of projects to be queued by itself, or to be offered for review (M12) [POLICY]."""

    @property
    def max_lag(self) -> int:
        """Days after which a value is stale: a year of reporting and the days of grace (ADR 0032)."""
        return REPORTING_YEAR + self.grace_days


FIRST: Final = Parameters()
"""Those of 1.0.0."""

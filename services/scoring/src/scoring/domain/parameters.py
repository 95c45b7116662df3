"""The parameters of method 1.0.0 (methodology §0.8). Changing one is a new method version, never an edit."""

from __future__ import annotations

from typing import Final

METHOD_VERSION: Final = "1.0.0"

MICRO: Final = 1_000_000
"""µ in one: scores are integers of micro-units, shares are parts per million."""

COVERAGE_UNIT: Final = 3_603_600
"""Parts into which a project's coverage is cut inside a cell: 2⁴·3²·5²·7·11·13 (ADR 0030)."""

PUBLISHED: Final = (2, 3)
PROVISIONAL: Final = (1, 2)
"""Least coverage, as exact fractions, for a figure to be published or provisional [ADAPT, COINr]."""

OVER_ACHIEVED: Final = (6, 5)  # A_raw above which the target is worth a review [POLICY]
MAINTAIN_TOLERANCE: Final = (1, 10)  # of |T|, where none is stated [POLICY]
RUBRIC: Final = {"NOT": (0, 3), "PARTIAL": (1, 3), "MOSTLY": (2, 3), "FULL": (3, 3)}

ON_TRACK: Final = (95, 100)
ACCELERATE: Final = (60, 100)
"""Least pace R of each status [ADAPT, Open SDG and Statistics Canada]."""

EARLY_OUTPUT: Final = (10, 100)
EARLY_OUTCOME: Final = (25, 100)
"""Share of the duration before which pace says nothing, for outputs and for outcomes and impact [POLICY]."""

UNSTABLE_WIDTH: Final = (1, 2)  # width of the forecast interval that is flagged
MAX_LAG_DAYS: Final = 455  # one year of reporting and the 90 days of grace [POLICY, ADR 0032]

LEVEL_WEIGHTS: Final = {1: 1, 2: 2, 3: 1}  # output ¼, outcome ½, impact ¼ [POLICY]
OUTPUTS_HIGH: Final = 800_000  # µ; OUTPUTS_WITHOUT_OUTCOMES from here …
OUTCOMES_LOW: Final = 500_000  # … where outcomes stay below this

UNALLOCATED_LIMIT: Final = (1, 5)  # share without a pillar above which the indices of balance are withheld

EVALUATION_QUALITY: Final = 4  # of 6, by the quality panel, for an evaluation to feed a headline (M5) [POLICY]

RISK_BANDS: Final = {"LOW": 1, "MEDIUM": 5, "HIGH": 10, "VERY_HIGH": 16}  # least score of each [POLICY]

CONFIDENCE: Final = {4: 100, 3: 85, 2: 60, 1: 30}
"""κ by grade, per cent: a convention, not a probability (M3) [POLICY]."""

WPS_TARGET: Final = (15, 100)  # of programme expenditure, with gender equality as principal objective (¶68)

CAP: Final = 1_200_000  # µ; scenario S3 holds A within this instead of 1 (§0.7)

PILLARS: Final = ("P1", "P2", "P3", "P4")

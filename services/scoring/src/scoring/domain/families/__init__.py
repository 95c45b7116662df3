"""Families of figures: one module a metric, each a pure function of a project's facts and a day (ADR 0070).

Whoever adds a metric writes its module beside ``markers``, lists its ``FAMILY`` here, and nothing else: the frame
(``scoring.domain.assessing``, the use cases, the store) treats all families alike.
"""

from __future__ import annotations

from typing import Final

from scoring.domain.families import evaluations, markers
from scoring.domain.families.family import Family

FAMILIES: Final[dict[str, Family]] = {family.metric: family for family in (evaluations.FAMILY, markers.FAMILY)}
"""Every family, by its metric."""

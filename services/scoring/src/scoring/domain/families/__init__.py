"""Families of figures: one module a metric, each a pure function of a project's facts and a day (ADR 0070).

Whoever adds a metric writes its module beside ``markers``, lists its ``FAMILY`` here, and nothing else: the frame
(``scoring.domain.assessing``, the use cases, the store) treats all families alike.
"""

from __future__ import annotations

from typing import Final

from scoring.domain.families import (
    contribution,
    duplicates,
    evaluations,
    evidence,
    funding,
    markers,
    needs,
    presence,
    reporting,
    resolutions,
    risk,
    wps,
)
from scoring.domain.families.family import Family

FAMILIES: Final[dict[str, Family]] = {
    module.FAMILY.metric: module.FAMILY
    for module in (
        evidence,
        evaluations,
        contribution,
        markers,
        wps,
        risk,
        funding,
        duplicates,
        needs,
        resolutions,
        reporting,
        presence,
    )
}
"""Every family, by its metric."""

OF_SUBJECTS: Final = frozenset({"M13", "M14", "M15"})
"""The metrics in whose cells subjects that are no projects count (``scoring.domain.subjects``)."""

OF_PAIRS: Final = frozenset({"M12"})
"""The metrics in whose cells pairs of projects count (``scoring.domain.duplicates``)."""

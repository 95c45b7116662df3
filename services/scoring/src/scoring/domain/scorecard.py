"""M17, the optional scorecard: the geometric mean of the four pillars' effectiveness, in which the weakest shows."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt, prod
from typing import Final

from scoring.domain.consent import stricter
from scoring.domain.figures import Figure, as_parts
from scoring.domain.parameters import MICRO, PILLARS

METRIC: Final = "M17"
SCOPE: Final = "global"
PARTS: Final = frozenset(f"pillar:{pillar}" for pillar in PILLARS)
"""The scopes whose M4 it is made of."""

FLOOR: Final = MICRO // 100
"""What a pillar counts for at least, so that one of nothing does not undo the others [POLICY]."""


def geometric(values: tuple[int, int, int, int]) -> int:
    """exp(¼ Σ ln max(I, .01)) in µ, to the nearest: the fourth root of a product of integers."""
    product = prod(max(value, FLOOR) for value in values)
    root = isqrt(isqrt(product))
    return root + (16 * product > (2 * root + 1) ** 4)


def scorecard(pillars: Mapping[str, Figure | None]) -> Figure | None:
    """The figure from the pillars' M4 by scope; None until each of them has one, withheld while one is withheld."""
    found = [figure for scope in sorted(PARTS) if (figure := pillars.get(scope)) is not None]
    if len(found) < len(PARTS):
        return None
    values = {figure.scope.partition(":")[2]: figure.value for figure in found}
    known = [value for value in values.values() if value is not None]
    whole = len(known) == len(PARTS)
    figure = Figure(METRIC, SCOPE, None, "INSUFFICIENT_DATA", len(known), len(PARTS))
    if whole:
        figure.value = geometric((known[0], known[1], known[2], known[3]))
        figure.state = "PROVISIONAL" if any(f.state == "PROVISIONAL" for f in found) else "PUBLISHED"
    figure.parts = as_parts({"pillars": values, "least": min(known) if whole else None})
    figure.projects = max(f.projects for f in found)
    figure.demonstration = any(f.demonstration for f in found)
    figure.inferred_ppm = max(f.inferred_ppm for f in found)
    for one in found:
        readers = stricter((figure.classification, None), (one.classification, None))
        figure.classification, figure.owner = readers
        if one.withheld:  # with the other three, the mean would give the pillar away
            figure.withheld = "complementary"
    if figure.classification != "public":
        figure.flags = ("COMPLEMENTARY",)
    return figure

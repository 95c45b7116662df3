"""A snapshot: every figure as of two days, and the sums behind them, in an order and a writing of their own (M16)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from scoring.domain.assessing import Moved
from scoring.domain.cells import Cells
from scoring.domain.figures import Figure


class Line(NamedTuple):
    """One figure of a snapshot."""

    scope: str
    metric: str
    value: int | None
    state: str
    lower: int | None
    upper: int | None
    observed: int
    expected: int
    classification: str
    owner: str | None


def line_of(figure: Figure) -> Line:
    """What a snapshot keeps of a figure."""
    return Line(
        figure.scope,
        figure.metric,
        figure.value,
        figure.state,
        figure.lower,
        figure.upper,
        figure.observed,
        figure.expected,
        figure.classification,
        figure.owner,
    )


def cells_text(cells: Cells, families: Moved) -> str:
    """All sums, a cell a line, sorted; a cell of noughts is no cell."""
    core = [f"{scope}\t{','.join(map(str, sums))}" for scope, sums in sorted(cells.items()) if any(sums)]
    sparse = [
        f"{scope}\t{metric}\t{canonical({name: value for name, value in sums.items() if value})}"
        for (scope, metric), sums in sorted(families.items())
        if any(sums.values())
    ]
    return "\n".join([*core, *sparse])


def digest(cells: str, lines: Iterable[Line]) -> str:
    """SHA-256 of the sums and, sorted by scope and metric, the figures."""
    found = hashlib.sha256(cells.encode())
    for line in sorted(lines, key=lambda one: one[:2]):
        found.update(f"\n{canonical(list(line))}".encode())
    return found.hexdigest()


def canonical(value: Mapping[str, Any] | list[Any]) -> str:
    """JSON with sorted keys and no spaces: equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

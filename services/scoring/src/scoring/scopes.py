"""Scopes that belong to one project (architecture §9): its own, and those of its indicators."""

from __future__ import annotations

from typing import NamedTuple


class Own(NamedTuple):
    """The project, and the indicator if the scope is one's."""

    project: str
    indicator: str | None = None


def own_scope(scope: str) -> Own | None:
    """Whose scope this is; None for a total.

    A project's identifier may hold a bar, an indicator's too: the first bar parts them, as in every scope of two.
    """
    kind, _, rest = scope.partition(":")
    if kind == "project":
        return Own(rest)
    if kind == "indicator":
        project, _, indicator = rest.partition("|")
        return Own(project, indicator)
    return None

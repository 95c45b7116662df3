"""A station of the plumb line, and where else the line could go on."""

from __future__ import annotations

from dataclasses import dataclass

from portal_gateway.domain.explanation.sums import Node, Sum


@dataclass(frozen=True, slots=True)
class Link:
    """Where else the line could go on: a project, an indicator of the same one, another project to be laid beside it,
    or the figure (metric and scope) that this one is made of."""

    text: str
    project: str | None = None
    indicator: str | None = None
    beside: str | None = None
    figure: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station of the line, from the figure down; ``origin`` is set at the event.

    ``why`` asks for what the station lacks, in words that lead to the list of what is missing.
    """

    kind: str
    title: str
    what: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    why: str = ""
    origin: Node | None = None

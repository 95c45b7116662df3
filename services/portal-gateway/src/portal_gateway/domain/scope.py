"""The scope of a figure: which projects it speaks of (architecture §9), parsed and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, cast

from portal_gateway.domain.errors import ScopeError
from portal_gateway.domain.speech.language import _

Kind = Literal[
    "global",
    "pillar",
    "country",
    "region",
    "theme",
    "entity",
    "project",
    "indicator",
    "pillar-country",
    "entity-pillar",
]

PILLARS: Final = ("P1", "P2", "P3", "P4")
NUMERALS: Final = {"P1": "I", "P2": "II", "P3": "III", "P4": "IV"}
"""The four pillars of the Global Counter-Terrorism Strategy by the numerals the documents use."""

_ONE: Final = frozenset({"pillar", "country", "region", "theme", "entity", "project"})
_TWO: Final = frozenset({"indicator", "pillar-country", "entity-pillar"})
_MAX: Final = 520


@dataclass(frozen=True, slots=True)
class Scope:
    """``kind`` and one or two codes; ``text`` is the word used in addresses, topics and the API."""

    kind: Kind
    first: str = ""
    second: str = ""

    @property
    def text(self) -> str:
        """The scope as everybody writes it, e.g. ``pillar-country:P3|ML``."""
        if self.kind == "global":
            return "global"
        return f"{self.kind}:{self.first}|{self.second}" if self.second else f"{self.kind}:{self.first}"

    @property
    def pillar(self) -> str | None:
        """P1 to P4 where the scope belongs to one pillar; it decides the colour and the shape of marks."""
        if self.kind in {"pillar", "pillar-country"}:
            return self.first
        return self.second if self.kind == "entity-pillar" else None


def parse(text: str) -> Scope:
    """Read a scope. Raises ScopeError with the grammar where the text does not follow it."""
    if text == "global":
        return Scope("global")
    kind, colon, rest = text.partition(":")
    if len(text) <= _MAX and colon and rest and rest == rest.strip() and not any(ord(c) < 32 for c in rest):
        if kind in _ONE and (kind != "pillar" or rest in PILLARS):
            return Scope(cast("Kind", kind), rest)
        first, bar, second = rest.partition("|")
        if kind in _TWO and bar and first and second:
            pillar = {"pillar-country": first, "entity-pillar": second}.get(kind, "P1")
            if pillar in PILLARS:
                return Scope(cast("Kind", kind), first, second)
    raise ScopeError(
        _(
            "%(text)s is no scope. Write global, pillar:P1 to pillar:P4, country:ML, region:<M49>, theme:<code>, "
            "entity:<organisation>, project:<identifier>, indicator:<project>|<indicator>, pillar-country:P3|ML "
            "or entity-pillar:<organisation>|P3",
            text=repr(text[:80]),
        )
    )

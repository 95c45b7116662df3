"""What a reader of the stream watches: everything, or the kinds, figures and projects they named.

A reader is found by what an entry is called: an entry has few names, whatever the number of readers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from portal_gateway.domain import scope as scopes
from portal_gateway.domain.errors import FigureError
from portal_gateway.domain.speech.language import _

Kind = Literal["metric", "notification", "receipt", "alert", "project"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ALL: Final = "*"

_METRIC: Final = re.compile(r"\*|M[1-9][0-9]?")
_SCOPES: Final = frozenset(get_args(scopes.Kind)) - {"global"}
_OF_TWO: Final = frozenset({"indicator", "pillar-country", "entity-pillar"})


@dataclass(frozen=True, slots=True)
class Watch:
    """What one stream carries. ``figures`` and ``projects`` are None where nobody narrowed them."""

    kinds: frozenset[str] = frozenset(KINDS)
    figures: frozenset[str] | None = None
    projects: frozenset[str] | None = None

    @property
    def wild(self) -> bool:
        """Whether a figure is named by what it has in common with others."""
        return self.figures is not None and any(name.startswith(ALL) or name.endswith(ALL) for name in self.figures)

    def names(self) -> list[tuple[str, str]]:
        """Under which names of entries this reader is found."""
        found = []
        for kind in self.kinds:
            chosen = {"metric": self.figures, "project": self.projects}.get(kind)
            found += [(kind, name) for name in (chosen if chosen is not None else (ALL,))]
        return found


EVERYTHING: Final = Watch()


def watch(kinds: Sequence[str], figures: Sequence[str], projects: Sequence[str]) -> Watch:
    """What an address asks for; an empty list narrows nothing. Raises FigureError, ScopeError."""
    return Watch(
        frozenset(kinds or KINDS),
        frozenset(_figure(text) for text in figures) if figures else None,
        frozenset(projects) if projects else None,
    )


def names_of(kind: str, key: str) -> list[tuple[str, str]]:
    """The names of an entry; the twin of the condition in ``store/feed.py``."""
    if kind != "metric":
        return [(kind, ALL), (kind, key)]
    metric, _bar, scope = key.partition("|")
    head, two, _second = scope.partition("|")
    ways = [scope, f"{head.partition(':')[0]}:{ALL}", ALL]
    if two:
        ways.append(f"{head}|{ALL}")
    return [(kind, ALL), *((kind, f"{m}|{way}") for way in ways for m in (metric, ALL))]


def _figure(text: str) -> str:
    metric, bar, scope = text.partition("|")
    if not bar or not _METRIC.fullmatch(metric):
        raise FigureError(
            _(
                "%(text)s names no figure. Write METRIC|SCOPE, such as M4|pillar:P2. A star stands for every metric, "
                "*|pillar:P2, and ends what scopes have in common: M4|country:*, M1|indicator:<project>|*",
                text=repr(text[:80]),
            )
        )
    kind, _colon, rest = scope.partition(":")
    if scope != ALL and not (kind in _SCOPES and rest == ALL):
        two = kind in _OF_TWO and rest.endswith("|" + ALL)
        scopes.parse(scope.removesuffix(ALL) + scopes.PILLARS[0] if two else scope)
    return text

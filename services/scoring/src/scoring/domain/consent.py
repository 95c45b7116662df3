"""Who may read what is said of a country or an organisation, and what totals it may count in: deny first (ADR 0073).

A fact counts in every total where its State consented. Without consent it counts in its country's own figures alone,
which only the State and the secretariat may read then, and only where the State may read the fact itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scoring.domain.figures import SMALL, readers

MEMBERS: Final = "#members"  # subjects in a cell
SUBJECTS: Final = "#subjects"  # facts, countries or organisations that a total could give away
HIDDEN: Final = "#hidden"  # of these, classified anything but public
SHUT: Final = "#shut"  # of these, readable by one owner or one State only
UNCONSENTED: Final = "#unconsented"

_OPEN: Final = frozenset({"public", "member-states"})
_SHUT: Final = frozenset({"public", "member-states", "compact"})


def state_reads(classification: str, country: str) -> bool:
    """Whether the State concerned may read a fact of this class."""
    return classification in _OPEN or classification == f"state:{country}"


def shut(classification: str) -> bool:
    """Whether one owner or one State alone may read a fact of this class."""
    return classification not in _SHUT


def narrowest(classes: Iterable[str], country: str) -> str:
    """The class of several facts about one country that stand in one row."""
    found = set(classes)
    if found <= {"public"}:
        return "public"
    return f"state:{country}" if all(state_reads(c, country) for c in found) else "owner"


def country_of(scope: str) -> str:
    """The country a scope is about, '' for any other scope."""
    kind, _, rest = scope.partition(":")
    return rest.rpartition("|")[2] if kind in {"country", "pillar-country"} else ""


def subject_readers(scope: str, sums: Mapping[str, int]) -> tuple[str, str | None]:
    """Class and owner of a total by the subjects in its cell."""
    country, subjects, hidden = country_of(scope), sums.get(SUBJECTS, 0), sums.get(HIDDEN, 0)
    if country and (sums.get(UNCONSENTED) or (hidden and subjects < SMALL)):
        return f"state:{country}", None
    return readers(scope, subjects, hidden, sums.get(SHUT, 0))


def stricter(x: tuple[str, str | None], y: tuple[str, str | None]) -> tuple[str, str | None]:
    """The narrower of two classes with their owners."""
    return max(x, y, key=lambda found: _rank(found[0]))


def _rank(classification: str) -> int:
    ranks = {"public": 0, "member-states": 1, "compact": 2, "owner": 4}
    return ranks.get(classification, 3)

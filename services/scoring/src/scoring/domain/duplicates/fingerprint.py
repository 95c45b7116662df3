"""What a project is compared by, and whom it is compared with (methodology M12)."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from scoring.domain.duplicates.likeness import bands
from scoring.domain.project import is_counted
from scoring.domain.state import ProjectState

_COUNTRIES: Final = 4  # so many make blocks, the largest shares first
_THEMES: Final = 3
_YEARS: Final = 6  # the first ones

CO_FUNDED: Final = "4"
THIRD_PARTY: Final = "5"
"""IATI RelatedActivityType: links that ask for a comparison."""


class Fingerprint(NamedTuple):
    """A project as it is compared; empty where it says nothing. ``scopes`` are the cells it lies in."""

    project_id: str
    entity: str
    public: bool
    titles: tuple[tuple[str, str], ...] = ()
    countries: tuple[str, ...] = ()  # the largest share first
    themes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()  # DAC
    start: int | None = None
    end: int | None = None
    implementers: tuple[str, ...] = ()  # references, and names behind "~"
    donors: tuple[str, ...] = ()
    budget: int = 0  # cents
    targets: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # IATI RelatedActivityType, and to whom
    needs: tuple[str, ...] = ()  # that it is linked to, and totals may speak of
    scopes: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it is about: its themes, or where it names none the purposes."""
        return self.themes or self.purposes

    def digest(self) -> str:
        """Of what is compared: a pair that was dismissed stays so while both are what they were."""
        return _digest(self._replace(entity="", public=True, needs=(), scopes=()))

    def mark(self) -> str:
        """Of all that follows from the project itself."""
        return _digest(self._replace(needs=()))


def _digest(found: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(tuple(found)).encode(), digest_size=8).hexdigest()


def fingerprint(state: ProjectState) -> Fingerprint | None:
    """The fingerprint of a project that has figures; None for any other."""
    about = state.about
    if about is None or not is_counted(state):
        return None
    kept: dict[str, Any] = json.loads(about.identity) if about.identity else {}
    shares = {
        dim: sorted((-ppm, code) for found, code, _, ppm in about.allocations if found == dim and ppm > 0)
        for dim in ("COUNTRY", "THEME", "DAC")
    }
    by_share = {dim: tuple(dict.fromkeys(code for _, code in found)) for dim, found in shares.items()}
    return Fingerprint(
        state.project_id,
        about.entity,
        about.classification == "public",
        _pairs(kept.get("titles")),
        by_share["COUNTRY"],
        by_share["THEME"],
        by_share["DAC"],
        about.start,
        about.end,
        tuple(kept.get("implementers", ())),
        tuple(kept.get("donors", ())),
        state.money.budget if not state.money.other else 0,
        _pairs(kept.get("targets")),
        _pairs(kept.get("links")),
        (),
        tuple(sorted(state.contribution.shares)) if state.contribution is not None else (),
    )


def _pairs(found: Any) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in found or ())


@lru_cache(maxsize=4_096)
def blocks(found: Fingerprint) -> frozenset[int]:
    """The blocks a project stands in, as 64-bit numbers: only projects that share one are compared.

    The needs it meets; country, theme and year; the bands of its titles, and each band once more with its first
    country, which stays small where a title is a common one.
    """
    keys = [f"need|{need}" for need in found.needs]
    if found.start is not None and found.end is not None:
        years = range(date.fromordinal(found.start).year, date.fromordinal(max(found.start, found.end)).year + 1)
        keys += [
            f"at|{country}|{theme}|{year}"
            for country in found.countries[:_COUNTRIES]
            for theme in found.subjects[:_THEMES]
            for year in years[:_YEARS]
        ]
    country = found.countries[0] if found.countries else ""
    for language, title in found.titles:
        for place, band in enumerate(bands(title)):
            key = f"title|{language}|{place}|{band}"
            keys += [key, f"{key}|{country}"]
    return frozenset(_number(key) for key in keys)


def names(found: Fingerprint) -> frozenset[str]:
    """The projects it names as the same or as co-funded: it is compared with them wherever they stand."""
    return frozenset(to for kind, to in found.links if kind in {CO_FUNDED, THIRD_PARTY} and to != found.project_id)


def naming(project_id: str) -> int:
    """The block of those that name this project."""
    return _number(f"id|{project_id}")


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def look(state: ProjectState) -> tuple[Fingerprint | None, bool]:
    """The fingerprint of a project, and whether it is another than was last compared; notes it in the state."""
    found = fingerprint(state)
    digest = found.mark() if found is not None else ""
    changed = digest != state.compared
    state.compared = digest
    return found, changed

"""The words of a project that a comparison needs, as its state keeps them (methodology M12)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from scoring.domain import facts
from scoring.domain.duplicates.likeness import plain

_TITLE: Final = 200  # characters that are compared
_TARGET: Final = 300
_LANGUAGES: Final = 6
_FUNDING: Final = "1"  # IATI OrganisationRole
_IMPLEMENTING: Final = "4"


def identity(fact: facts.Project) -> str:
    """What a project's state keeps of the words a comparison needs, in canonical form; '' where there are none."""
    found = {
        "titles": _words(fact.title, _TITLE),
        "targets": _words(fact.target_groups, _TARGET),
        "implementers": _names(fact.participants, _IMPLEMENTING),
        "donors": _names(fact.participants, _FUNDING),
        "links": sorted({(link.type, link.ref) for link in fact.links}),
    }
    kept = {name: value for name, value in found.items() if value}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else ""


def _words(text: dict[str, str], longest: int) -> list[tuple[str, str]]:
    found = ((language, plain(words, longest)) for language, words in sorted(text.items())[:_LANGUAGES])
    return [(language, words) for language, words in found if words]


def _names(participants: Iterable[facts.Participant], role: str) -> list[str]:
    found: set[str] = set()
    for one in participants:
        if one.role == role:
            found |= {one.ref} if one.ref else set()
            found |= {f"~{name}"} if (name := plain(one.name or "", _TITLE)) else set()
    return sorted(found)

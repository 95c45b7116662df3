"""The code lists and vocabularies that rules and readings need, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

PILLAR_URI: Final = "https://plumbline.example/vocabulary/pillar"
"""sector@vocabulary-uri under vocabulary 99 that says the code is one of the Strategy's four pillars."""

THEME_URI: Final = "https://plumbline.example/vocabulary/theme"
"""tag@vocabulary-uri under vocabulary 99 that says the code is a theme of Plumbline's list."""

MARKER_URI: Final = "https://plumbline.example/vocabulary/marker"
"""policy-marker@vocabulary-uri under vocabulary 99 for the UN gender equality and human rights markers."""

DEMONSTRATION_URI: Final = "https://plumbline.example/vocabulary/demonstration"
"""tag@vocabulary-uri under vocabulary 99 of an activity that is invented for a demonstration."""

PILLARS: Final = ("P1", "P2", "P3", "P4")

OWN: Final = frozenset({"98", "99"})
"""Vocabularies in which every address is a list of its reporter's own."""

CASELESS: Final = frozenset({"FileFormat", "Language"})
"""Lists kept in small letters: media types and language tags mean the same in capitals."""

DAC_PURPOSE: Final = "1"
DAC_CATEGORY: Final = "2"


@dataclass(frozen=True, slots=True)
class Codes:
    """One code list. An embedded one belongs to the standard: another code is an error there, else a warning."""

    name: str
    codes: frozenset[str]
    embedded: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Mapped:
    """An attribute or text of an activity that takes its codes from a list.

    ``steps`` lead from the activity to the element; ``attribute`` None means its text; ``vocabulary`` None
    means always, else under these values of ``@vocabulary``, None among them where it may be absent.
    """

    steps: tuple[str, ...]
    attribute: str | None
    codelist: str
    vocabulary: frozenset[str | None] | None

    @classmethod
    def of(cls, path: str, codelist: str, vocabulary: str) -> Mapped:
        """Read ``transaction/sector/@code``, ``Sector``, ``1?``: ``?`` says that the vocabulary may be absent."""
        *steps, last = path.split("/")
        attribute = last.removeprefix("@") if last.startswith("@") else None
        when: frozenset[str | None] | None = None
        if vocabulary:
            when = frozenset({vocabulary.rstrip("?"), *([None] if vocabulary.endswith("?") else [])})
        return cls(tuple(steps), attribute, codelist, when)


@dataclass(slots=True)
class Branch:
    """What is mapped at one element, and at the elements below it by name."""

    mapped: list[Mapped] = field(default_factory=list)
    below: dict[str, Branch] = field(default_factory=dict)

    @classmethod
    def of(cls, mapping: Iterable[Mapped]) -> Branch:
        """The tree of mapped elements, from the activity down."""
        root = cls()
        for mapped in mapping:
            branch = root
            for step in mapped.steps:
                branch = branch.below.setdefault(step, cls())
            branch.mapped.append(mapped)
        return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabularies:
    """All lists, what takes its codes from where, and the crosswalk from DAC purpose to pillar."""

    branches: Branch
    lists: Mapping[str, Codes]
    crosswalk: Mapping[str, str]

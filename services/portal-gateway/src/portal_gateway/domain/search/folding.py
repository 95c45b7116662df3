"""Words to search by: without case and accents, in any script.

Scripts that set no blanks between words are cut into pairs of neighbouring characters, which find a word wherever it
stands; Arabic loses its article, and letters that are written one for the other are one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 4000
_MOST: Final = 12
_UNBROKEN: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"(?P<unbroken>[{_UNBROKEN}]+)|[^\W_{_UNBROKEN}]+")
_ALIKE: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
    | {"ى": "ي", "ی": "ي", "ة": "ه", "ٱ": "ا", "ک": "ك", "ـ": None}
    | {ord("٠") + n: str(n) for n in range(10)}
)
"""Letters that decomposition leaves whole, and Arabic ones that writers exchange; ``ـ`` only stretches a word."""

_ARTICLES: Final = ("وال", "بال", "كال", "فال", "ال", "لل")
_LEAST_STEM: Final = 3
_LITTLE: Final = re.compile(
    r"an?|and|at|by|for|from|in|of|on|or|the|to|with"
    r"|al|aux?|avec|con|da?|das|del?|des|do|du|e|el|en|et|la?|las|les?|los|ou|par|para|por|pour|sur|una|une|y"
    r"|в|во|для|и|из|к|на|о|об|от|по|с|со"
    r"|في|من|الي|عن|مع"
)
"""Words that tell no project from another, as ``plain`` writes them; ``un`` is not one, but the United Nations."""


def plain(text: str) -> str:
    """The text without case and accents: "Côte d’Ivoire" is "cote d’ivoire"."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c)).translate(_ALIKE)


def words(texts: Iterable[str | None]) -> str:
    """What a project is found by, each text once."""
    return "\n".join(dict.fromkeys(plain(text) for text in texts if text))[:_LONGEST]


def runs(text: str) -> list[tuple[str, bool]]:
    """The words of a text in order, and whether each is a run of a script without blanks."""
    return [
        (run, True) if (run := match.group("unbroken")) else (_stem(match.group()), False)
        for match in _RUN.finditer(plain(text))
    ]


def asked(text: str) -> list[tuple[str, bool]]:
    """The words of a question, as ``runs``: not the little ones if there are others, and of many the first twelve."""
    found = list(dict.fromkeys(runs(text)))
    return ([run for run in found if not _LITTLE.fullmatch(run[0])] or found)[:_MOST]


def pairs(run: str) -> list[str]:
    """A run of a script without blanks in pairs of neighbours; a single character is itself."""
    return [run[n : n + 2] for n in range(len(run) - 1)] or [run]


def tokens(text: str) -> set[str]:
    """What a text is kept under: words, pairs, and of each run its last character, so that one character is found."""
    found: set[str] = set()
    for run, unbroken in runs(text):
        if unbroken:
            found.update(pairs(run))
            found.add(run[-1])
        else:
            found.add(run)
    return found


def _stem(word: str) -> str:
    if "\u0600" <= word[0] <= "\u06ff":
        for article in _ARTICLES:
            if word.startswith(article) and len(word) >= len(article) + _LEAST_STEM:
                return word[len(article) :]
    return word

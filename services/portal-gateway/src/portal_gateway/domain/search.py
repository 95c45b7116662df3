"""Words to search by: without case and accents, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"\w+")
_LONGEST: Final = 4000
_MOST: Final = 12


def plain(text: str) -> str:
    """The text without case and accents: "Côte d’Ivoire" is "cote d’ivoire"."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c))


def words(texts: Iterable[str | None]) -> str:
    """What a project is found by, each text once."""
    return "\n".join(dict.fromkeys(plain(text) for text in texts if text))[:_LONGEST]


def query(text: str) -> str:
    """A PostgreSQL text query that wants every word, the last one perhaps unfinished; empty for no word."""
    return " & ".join(f"{word}:*" for word in _WORD.findall(plain(text).replace("_", " "))[:_MOST])

"""What other services said in English, said again in the language of the page.

Their problem documents and the findings of receipts are whole sentences with values in them. Each sentence they make
stands in a table here as its message; a text is known by the message it follows, and said in the page's language
with the text's own values. What no message fits stays as it came, and knows that it is English.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, Self

from portal_gateway.domain.heard.findings import FINDINGS
from portal_gateway.domain.heard.problems import PROBLEMS
from portal_gateway.domain.speech.language import SOURCE, _, language, message_of

_VALUE: Final = re.compile(r"%\((\w+)\)s")
_FROM_RIGHT: Final = frozenset({"ar"})
"""Languages in whose sentences an identifier is kept apart, as ``<bdi>`` does in markup."""

_LONGEST: Final = 800
"""Characters of a text that is looked up; a longer one is what a library said."""


class Heard(str):
    """A text for the page; ``lang`` is the language it is in where that is not the page's, else empty."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, text: str, lang: str = "") -> Self:
        """A text, and its language where it is another than the page's."""
        found = super().__new__(cls, text)
        found.lang = lang
        return found


def heard(text: str) -> Heard:
    """A sentence of another service in the language of the page, or as it came."""
    if not text or language() == SOURCE:
        return Heard(text)
    found = _known(text)
    if found is None:
        return Heard(text, SOURCE)
    message, values = found
    if language() in _FROM_RIGHT:
        values = {name: f"\N{FIRST STRONG ISOLATE}{value}\N{POP DIRECTIONAL ISOLATE}" for name, value in values.items()}
    return Heard(message_of(message) % values)


@lru_cache(maxsize=4096)
def _known(text: str) -> tuple[str, dict[str, str]] | None:
    """The message a text follows, with the values in it: of several, the one that says most itself."""
    if len(text) > _LONGEST:
        return None
    for message, pieces, pattern in _messages():
        if all(piece in text for piece in pieces) and (fit := pattern.fullmatch(text)):
            return message, fit.groupdict()
    return None


@cache
def _messages() -> tuple[tuple[str, list[str], re.Pattern[str]], ...]:
    """Every message with the words that stand in it as they are, those with most words of their own first."""
    found = []
    for message in dict.fromkeys((*PROBLEMS, *FINDINGS)):
        pieces = [piece.replace("%%", "%") for piece in _VALUE.split(message)[::2]]
        names = _VALUE.findall(message)
        pattern = re.escape(pieces[0]) + "".join(
            f"(?P<{name}>.+?){re.escape(piece)}" for name, piece in zip(names, pieces[1:], strict=True)
        )
        found.append((sum(map(len, pieces)), message, pieces, re.compile(pattern, re.DOTALL)))
    return tuple((message, pieces, pattern) for _, message, pieces, pattern in sorted(found, key=lambda f: -f[0]))


def ended(sentence: str) -> str:
    """A sentence with its full stop, which titles and faults come without."""
    return sentence if sentence.endswith((".", "!", "?", "。", "؟")) else _("%(sentence)s.", sentence=sentence)

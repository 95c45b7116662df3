"""A page read as a translator would: every text on it that no catalogue can reach.

The language it is read in marks each message ⟦so⟧ and leaves the values that stand in it outside the marks. What then
has letters without a mark is either data, an identifier, marked with a language of its own, or a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any, Final

_VALUE: Final = re.compile(r"%\((\w+)\)s")
_MARKED: Final = re.compile(r"⟦[^⟦⟧]*⟧|%[a-z\d]")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[\w'’.:|/+-]*[^\W\d_][\w'’.:|/+-]*")
_SAID: Final = frozenset({"title", "aria-label", "placeholder", "alt", "data-l", "label", "aria-description"})
_IDENTIFIERS: Final = frozenset(
    {
        *("above", "age", "away", "c", "do", "due", "f", "g", "k", "keys", "m", "pill", "revision", "seq", "server"),
        *("than", "unread", "view", "words"),
    }
)
"""Attributes ``data-…`` whose values are not read out; ``data-words`` is read word by word."""

_VOID: Final = frozenset({"meta", "link", "input", "br", "img", "hr", "wbr"})
_CODES: Final = re.compile(
    r"""(?x) Plumbline | SHA-256 | [½⅓⅔¼¾] | UTC | USD | EUR | CSV | XLSX | JSON | XML | IATI | µ | ppm | [smhd] | h | v
    | M\d{1,2} | P[0-4] | S\d | [IVX]+ | [A-E] | G?EM | HRM | DAC
    | [A-Z]{1,3}(-[A-Z0-9]+)+(/[\w.-]+)* | [A-Z]{2} | org\.plumbline\.[\w.-]+ | [\w.-]+\.v\d+
    | [A-Z][A-Z0-9]*(_[A-Z0-9]+)+ | https?://\S+ | [0-9a-f]{16,}"""
)
"""What is the same in every language: names of the thing itself, currencies, codes of the method, identifiers."""


class Marked(NullTranslations):
    """The language in which every word that a translator wrote is marked, and no value is."""

    def gettext(self, message: str) -> str:
        """The message between marks, its values between two pairs of them."""
        return "⟦" + _VALUE.sub(r"⟧%(\1)s⟦", message) + "⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """As English counts."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """As any other message."""
        return self.gettext(message)


class Page(HTMLParser):
    """Collects what a page says: each text with the open elements around it, and each attribute that is read out."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self.said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if not self._foreign(found):
            self._attributes(tag, found)
        if tag not in _VOID:
            self._open.append((tag, found))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if _LETTERS.search(data) and not self._foreign({}):
            self.said.append((" > ".join(tag for tag, _ in self._open[-3:]), " ".join(data.split())))

    def _attributes(self, tag: str, found: dict[str, str]) -> None:
        for name, value in found.items():
            kept = name.startswith("data-") and name[5:] not in _IDENTIFIERS
            if (
                kept
                or name in _SAID
                or (tag == "input" and name == "value" and found.get("type") in {"submit", "button"})
            ):
                self.said.append((f"{tag}@{name}", value))
            elif name == "data-words":
                self.said += [(f"data-words {key}", text) for key, text in _strings(json.loads(value))]

    def _foreign(self, own: dict[str, str]) -> bool:
        """Whether it stands in a language of its own, or in an element for identifiers and code."""
        return any(
            (tag != "html" and "lang" in found)
            or tag in {"code", "pre", "kbd", "script", "style", "bdi"}
            or "mono" in found.get("class", "").split()
            for tag, found in [*self._open, ("", own)]
        )


def unreached(html: str, data: Iterable[str]) -> list[str]:
    """Every text of a page that is neither a message nor data nor a code, with the place it stands in."""
    page = Page()
    page.feed(html)
    known = _any_of(frozenset(data))
    found = []
    for place, text in page.said:
        rest = _MARKED.sub(" ", text)
        if _LETTERS.search(rest):
            rest = known.sub(" ", rest)
        words = [word for word in _WORD.findall(rest) if not _CODES.fullmatch(word.strip(".:|/+-"))]
        if words:
            found.append(f"{place}: {text[:160]} [{' '.join(words)[:80]}]")
    return found


@cache
def _any_of(data: frozenset[str]) -> re.Pattern[str]:
    """What is known from the data, the longest first: one search instead of one for each of them."""
    known = sorted((text for text in data if _LETTERS.search(text)), key=lambda text: (-len(text), text))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known)) or '(?!)'})(?!\w)", re.IGNORECASE)


_LITERAL: Final = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""")
_SHOWN: Final = re.compile(
    r"""\b(?:textContent|innerText|innerHTML|title|placeholder|alt|ariaLabel)\s*\+?=(?!=)\s*(.+)
    |setAttribute\(\s*["'](?:aria-\w+|title|alt|placeholder)["']\s*,\s*(.+)
    |\b(?:append|prepend|before|after|replaceWith|insertAdjacentText|alert|confirm)\((.+)""",
    re.VERBOSE,
)
_NO_TEXT: Final = re.compile(
    r"""(?:querySelector(?:All)?|closest|matches|getElementById|createElement|Error)\((["'`])(?:(?!\1).)*\1\)"""
)
_INSERTED: Final = re.compile(r"\$\{[^}]*\}")
_SELECTED: Final = re.compile(r"[\[\]#={}<>/]|\.\w|\w:\w")


def unreached_by(script: str) -> list[str]:
    """Texts in a script that a reader would be shown: what it writes into a page, and whatever reads as words."""
    found = []
    for number, line in enumerate(script.splitlines(), 1):
        line = _NO_TEXT.sub("", re.sub(r"(^|\s)//.*", "", line))
        shown = " ".join(part for match in _SHOWN.findall(line) for part in match)
        texts = {_INSERTED.sub("", text) for _quote, text in _LITERAL.findall(shown)}
        texts = {text for text in texts if not _SELECTED.search(text) and _LETTERS.search(text.replace("%s", ""))}
        texts |= {
            text
            for _quote, literal in _LITERAL.findall(line)
            if re.search(r"[^\W\d_]{2,}[,.:!?]? +[^\W\d_]{2,}", text := _INSERTED.sub("", literal))
            and not _SELECTED.search(text)
        }
        found += [f"{number}: {text}" for text in sorted(texts)]
    return found


def strings(*values: Any) -> Iterator[str]:
    """Every text in plain values, wherever it stands; a text of several lines line by line."""
    for _, text in _strings(list(values)):
        yield from text.split("\n")


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _strings(inner, str(name))
        case list() | tuple():
            for inner in value:
                yield from _strings(inner, key)

"""A page read as a translator would: every text on it that no catalogue can reach.

The language it is read in marks each message ⟦so⟧ and leaves the values that stand in it outside the marks. What then
has letters without a mark is either data, an identifier, marked with a language of its own, or a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any, Final

_VALUE: Final = re.compile(r"%\((\w+)\)s")
_MARKED: Final = re.compile(r"⟦[^⟦⟧]*⟧|%[a-z\d]")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[\w'’.:|/+-]*[^\W\d_][\w'’.:|/+-]*")
_SAID: Final = frozenset({"title", "aria-label", "placeholder", "alt", "data-l", "label", "aria-description"})
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
            if name in _SAID or (tag == "input" and name == "value" and found.get("type") in {"submit", "button"}):
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
    known = sorted((text for text in {*data} if _LETTERS.search(text)), key=len, reverse=True)
    found = []
    for place, text in page.said:
        rest = _MARKED.sub(" ", text)
        for name in known:
            if not _LETTERS.search(rest):
                break
            rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", rest, flags=re.IGNORECASE)
        words = [word for word in _WORD.findall(rest) if not _CODES.fullmatch(word.strip(".:|/+-"))]
        if words:
            found.append(f"{place}: {text[:160]} [{' '.join(words)[:80]}]")
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

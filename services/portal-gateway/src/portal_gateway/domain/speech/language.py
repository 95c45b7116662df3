"""The language a page speaks: every message is looked up where it is said, in the catalogue of the reader.

A message holds its values by name, ``%(share)s``, and a per cent sign twice, ``%%``, so that one rule holds for
templates and for sentences composed here, and a translator may move every part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from typing import Any, Final

LANGUAGES: Final = {
    "ar": "العربية",
    "zh": "中文",
    "en": "English",
    "fr": "Français",
    "ru": "Русский",
    "es": "Español",
}
"""The official languages of the United Nations by ISO 639-1, each by its own name, in the order the UN lists them."""

SOURCE: Final = "en"
"""The language the messages are written in."""

_speaking: ContextVar[tuple[str, NullTranslations]] = ContextVar("speaking", default=(SOURCE, NullTranslations()))


@contextmanager
def speaking(language: str, catalogue: NullTranslations) -> Iterator[None]:
    """Speak a language for as long as this lasts."""
    token = _speaking.set((language, catalogue))
    try:
        yield
    finally:
        _speaking.reset(token)


def language() -> str:
    """The code of the language that is spoken now."""
    return _speaking.get()[0]


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for "translate later")
    """Mark a message for extraction; it is translated where it is said."""
    return message


def message_of(message: str) -> str:
    """A message in the language of the page, its values not yet put in."""
    return _speaking.get()[1].gettext(message)


def said(message: str) -> str:
    """A message from a table, which has no values, in the language of the page."""
    return message_of(message).replace("%%", "%") if message else ""


def _(message: str, **values: Any) -> str:
    """A message with its values in the language of the page."""
    return message_of(message) % values


def ngettext(one: str, several: str, n: int, **values: Any) -> str:
    """A message about so many things, by the plural rules of the language; ``n`` is also a value."""
    return plural(one, several, n) % {"n": n, **values}


def plural(one: str, several: str, n: int) -> str:
    """The form for so many things, its values not yet put in."""
    return _speaking.get()[1].ngettext(one, several, n)


def told(node: Mapping[str, Any], field: str) -> str:
    """A text that another service composed: its message and values where it sent them, else as it stands."""
    message = (node.get("said") or {}).get(field)
    return _composed(message) if message is not None else str(node.get(field, ""))


def _composed(part: Any) -> str:
    if not isinstance(part, Mapping):
        return str(part)
    return message_of(part["message"]) % {name: _composed(value) for name, value in (part.get("values") or {}).items()}

"""The language a page speaks: every message is looked up where it is said, in the catalogue of the reader.

A message holds its values by name, ``%(share)s``, and a per cent sign twice, ``%%``, so that one rule holds for
templates and for sentences composed here, and a translator may move every part.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from typing import Any, Final

from babel import Locale

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

_MEANING: Final = "\x04"
"""What parts a context from its message, as in the catalogues of gettext."""

_SAMPLES: Final = range(103)
"""Numbers that ask for every form a language has for whole numbers below a million."""

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


def NP_(context: str, message: str) -> str:  # noqa: N802
    """Mark a message that means something else in another place, as ``N_`` does; ``context`` says what it is here."""
    return f"{context}{_MEANING}{message}"


def numbered(one: str, several: str) -> tuple[str, str]:
    """Mark a message about so many things; ``ngettext`` says it."""
    return one, several


def message_of(message: str) -> str:
    """A message in the language of the page, its values not yet put in."""
    context, meaning, text = message.rpartition(_MEANING)
    catalogue = _speaking.get()[1]
    return catalogue.pgettext(context, text) if meaning else catalogue.gettext(text)


def message_in(context: str, message: str) -> str:
    """``message_of`` for a message with a context; templates call it ``pgettext``."""
    return message_of(NP_(context, message))


def said(message: str) -> str:
    """A message from a table, which has no values, in the language of the page."""
    return message_of(message).replace("%%", "%") if message else ""


def _(message: str, **values: Any) -> str:
    """A message with its values in the language of the page."""
    return message_of(message) % values


def ngettext(one: str, several: str, n: int, /, **values: Any) -> str:
    """A message about so many things, by the plural rules of the language; ``n`` is a value, unless one is given."""
    return plural(one, several, n) % {"n": n, **values}


def by_category(message: tuple[str, str]) -> dict[str, str]:
    """Every form of a message about so many things by the category of CLDR that asks for it, its number as ``%s``: so
    that a script can choose as ``ngettext`` does, by ``Intl.PluralRules``.
    """
    category = Locale.parse(language()).plural_form
    found = {category(n): plural(*message, n) % {"n": "%s"} for n in _SAMPLES}
    return {"other": found[category(_SAMPLES[-1])]} | found


def plural(one: str, several: str, n: int) -> str:
    """The form for so many things, its values not yet put in."""
    return _speaking.get()[1].ngettext(one, several, n)

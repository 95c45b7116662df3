"""Texts of a message that remember what they were made of, so that the portal can say them in its reader's language.

``say`` makes the English text and keeps message and values; ``message_of`` puts them as the event carries them.
Messages are literals, so that they can be gathered for translators.
"""

from __future__ import annotations

from typing import Any, Final


class Said(str):
    """A text in English that remembers its message and values, and what it stands for where that is no sentence."""

    __slots__ = ("meant", "message", "values")
    message: str
    values: dict[str, Any]
    meant: dict[str, Any]


def say(message: str, **values: Any) -> Said:
    """The text of a message, whose values stand as ``%(name)s``, a per cent sign as ``%%``."""
    return _said(message, values, {})


def _said(message: str, values: dict[str, Any], meant: dict[str, Any]) -> Said:
    found = Said(message % values)
    found.message, found.values, found.meant = message, values, meant
    return found


def area(code: str, name: str) -> Said:
    """The name of a country or region, which the portal knows in other languages by its code."""
    return _meant(name, area=code)


def measured(text: str, value: int, unit: str) -> Said:
    """A figure as English writes it, with the integer and the unit that other languages write it from."""
    return _meant(text, value=value, unit=unit)


def _meant(text: str, **meant: Any) -> Said:
    found = say(text.replace("%", "%%"))
    found.meant = meant
    return found


def together(sentences: list[Said]) -> str:
    """Sentences one after the other; the empty text where there is none."""
    if not sentences:
        return ""
    found = sentences[0]
    for sentence in sentences[1:]:
        found = say("%(first)s %(next)s", first=found, next=sentence)
    return found


_KINDS: Final = {"off-track": say("off track"), "status-changed": say("status changed")}
"""Kinds of alert that scoring raises, as messages of their own."""


def coded(code: str) -> Said:
    """A code of the contracts in plain words, a message of its own where a catalogue has it."""
    return _KINDS.get(code) or say(code.replace("_", " ").replace("-", " ").lower().replace("%", "%%"))


def message_of(text: Any) -> dict[str, Any] | None:
    """The message and the values of a text; None for one that was not made by ``say``."""
    if not isinstance(text, Said):
        return None
    values = {name: message_of(value) or str(value) for name, value in text.values.items()}
    return {"message": text.message} | ({"values": values} if values else {}) | text.meant


def said_of(**texts: Any) -> dict[str, dict[str, Any]]:
    """``message_of`` each text, by its name; those that were not made by ``say`` are left out."""
    return {name: found for name, text in texts.items() if (found := message_of(text)) is not None}


def restored(kept: Any) -> Any:
    """The text that ``message_of`` put so; anything else as it is."""
    if not isinstance(kept, dict):
        return kept
    values = {name: restored(value) for name, value in kept.get("values", {}).items()}
    return _said(kept["message"], values, {n: v for n, v in kept.items() if n not in {"message", "values"}})

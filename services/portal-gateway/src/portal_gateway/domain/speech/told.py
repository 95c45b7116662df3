"""What another service composed, said in the language of the page from the messages and values it sent along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from portal_gateway import places
from portal_gateway.domain.heard import Heard, heard
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import language, message_of, said
from portal_gateway.domain.speech.words import METRICS

_NAMELESS: Final[Mapping[str, str]] = {}


def told(node: Mapping[str, Any], field: str, names: Mapping[str, str] = _NAMELESS) -> str:
    """A text that another service composed: its message and values where it sent them, else as it stands. ``names``
    are those of entities, projects and indicators by the codes that :func:`codes` found.
    """
    message = (node.get("said") or {}).get(field)
    if message is not None:
        return _composed(message, names)
    text = node.get(field, "")
    return text if isinstance(text, str) else str(text)


def spoken(node: Mapping[str, Any], field: str, names: Mapping[str, str] = _NAMELESS) -> Heard:
    """``told`` for a service that composes in English: what it sent no message for knows that it is English."""
    if field in (node.get("said") or {}):
        return Heard(told(node, field, names))
    return heard(str(node.get(field, "")))


def codes(part: Any) -> Iterator[str]:
    """The plain values of what a service sent, among them codes that may have a name; an indicator's is its scope."""
    match part:
        case {"message": str(), "values": Mapping() as values}:
            if indicator := _indicator(values):
                yield indicator
            yield from (code for value in values.values() for code in codes(value))
        case Mapping():
            yield from (code for value in part.values() for code in codes(value) if isinstance(value, Mapping))
        case str() if " " not in part:
            yield part


def _composed(part: Any, names: Mapping[str, str]) -> str:
    match part:
        case {"area": str(code)} if name := places.names(language()).get(code):
            return name
        case {"value": int(value), "unit": str(unit)}:
            return _measured(value, unit)
        case {"message": str(message)}:
            values = part.get("values") or {}
            if (indicator := _indicator(values)) in names:
                values = values | {"indicator": indicator}
            return message_of(message) % {name: _composed(value, names) for name, value in values.items()}
        case str(code) if code in METRICS:
            return said(METRICS[code].name)
        case str(code) if code in names:
            return f"\u2068{names[code]}\u2069"  # isolated: a name may read from the other side
        case _:
            return str(part)


def _indicator(values: Mapping[str, Any]) -> str:
    """The scope of the indicator that a message speaks of beside its project; else nothing."""
    match values:
        case {"indicator": str(indicator), "project": str(project)}:
            return f"indicator:{project}|{indicator}"
        case _:
            return ""


def _measured(value: int, unit: str) -> str:
    match unit:
        case "µ":
            return numbers.in_percent(value)
        case "points":
            return numbers.percent(value)
        case "cents":
            return numbers.dollars(value)
        case _:
            return f"{numbers.grouped(value)} {unit}"

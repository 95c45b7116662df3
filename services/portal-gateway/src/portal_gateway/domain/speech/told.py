"""What another service composed, said in the language of the page from the messages and values it sent along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal_gateway import places
from portal_gateway.domain.heard import Heard, heard
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import language, message_of


def told(node: Mapping[str, Any], field: str) -> str:
    """A text that another service composed: its message and values where it sent them, else as it stands."""
    message = (node.get("said") or {}).get(field)
    return _composed(message) if message is not None else str(node.get(field, ""))


def spoken(node: Mapping[str, Any], field: str) -> Heard:
    """``told`` for a service that composes in English: what it sent no message for knows that it is English."""
    if field in (node.get("said") or {}):
        return Heard(told(node, field))
    return heard(str(node.get(field, "")))


def _composed(part: Any) -> str:
    match part:
        case {"area": str(code)} if name := places.names(language()).get(code):
            return name
        case {"value": int(value), "unit": str(unit)}:
            return _measured(value, unit)
        case {"message": str(message)}:
            values = part.get("values") or {}
            return message_of(message) % {name: _composed(value) for name, value in values.items()}
        case _:
            return str(part)


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

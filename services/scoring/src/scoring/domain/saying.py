"""Texts of an explanation as messages: whoever shows one can say it in its reader's language.

``say`` makes the English text and keeps the message and the values it was made of; ``messages`` puts both beside the
text in the answer. Messages are literals, so that they can be gathered for translators; codes are messages too.
"""

from __future__ import annotations

from typing import Any, Final

Node = dict[str, Any]


class Said(str):
    """A text in English that remembers its message and values."""

    __slots__ = ("message", "values")
    message: str
    values: dict[str, Any]


def say(message: str, **values: Any) -> Said:
    """The text of a message, whose values stand as ``%(name)s``, a per cent sign as ``%%``."""
    found = Said(message % values)
    found.message, found.values = message, values
    return found


_CODES: Final = {
    "MIDTERM": say("midterm"),
    "FINAL": say("final"),
    "EXPOST": say("after the end"),
    "SELF": say("by the entity itself"),
    "EXTERNAL": say("external"),
    "INDEPENDENT": say("independent"),
    "PENDING": say("pending"),
    "ACCEPTED": say("accepted"),
    "PARTIALLY_ACCEPTED": say("partially accepted"),
    "REJECTED": say("rejected"),
    "DESIGN": say("design"),
    "COMPLETION": say("completion"),
    "NONE": say("none"),
    "PLANNED": say("planned"),
    "IMPLEMENTED": say("implemented"),
    "NOT_STARTED": say("not started"),
    "IN_PROGRESS": say("in progress"),
    "CLEARED": say("cleared"),
    "CLEARED_WITH_MITIGATION": say("cleared with mitigation"),
    "REFUSED": say("refused"),
    "LEGAL": say("law on the books"),
    "OPERATIONAL": say("practice"),
    "STATE": say("the State"),
    "CTED": say("CTED"),
    "core": say("Core"),
    "financials": say("Financials"),
    "value_added": say("Value added"),
    "REPORTED": say("reported"),
    "MISSING": say("missing"),
    "NOT_DUE": say("not due"),
    "NOT_APPLICABLE": say("not applicable"),
    "WITHHELD": say("withheld"),
    "UNSCORABLE": say("cannot be scored"),
    "ACHIEVED": say("achieved"),
    "MAINTAINED": say("maintained"),
    "ON_TRACK": say("on track"),
    "ACCELERATE": say("accelerate"),
    "LIMITED": say("limited"),
    "REGRESSING": say("regressing"),
    "NOT_ACHIEVED": say("not achieved"),
    "BREACHED": say("breached"),
    "TOO_EARLY": say("too early"),
    "STALE": say("stale"),
    "NO_DATA": say("no data"),
}


def coded(code: str) -> str:
    """A code of the contracts in words; one that has none speaks for itself."""
    return _CODES.get(code) or code.replace("_", " ").lower()


def joined(texts: list[str]) -> str:
    """Texts one after the other, as a list in a sentence."""
    found: str = say("nothing") if not texts else texts[0]
    for text in texts[1:]:
        found = say("%(first)s, %(next)s", first=found, next=text)
    return found


def messages(node: Node) -> Node:
    """The tree with ``said``: by field the message and the values of every text that was made by ``say``."""
    said = {field: _message(value) for field, value in node.items() if isinstance(value, Said)}
    found = {**node, "said": said} if said else dict(node)
    for field in ("children", "influence", "missing"):
        if node.get(field):
            found[field] = [messages(child) for child in node[field]]
    return found


def _message(text: Said) -> Node:
    values = {name: _message(v) if isinstance(v, Said) else v for name, v in text.values.items()}
    return {"message": text.message} | ({"values": values} if values else {})

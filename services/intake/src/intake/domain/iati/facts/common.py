"""Small readings that every kind of fact needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from intake.domain.iati.node import EXTENSION, Node, said
from intake.domain.iati.verdict import Verdict

LONGEST_TEXT: Final = 20_000
"""Characters of one narrative or comment that a fact carries."""

_TRUE: Final = frozenset({"1", "true"})
_FALSE: Final = frozenset({"0", "false"})
TRUTH: Final = {"1": True, "true": True, "0": False, "false": False}
"""xs:boolean as a file writes it."""


def plain(**fields: Any) -> dict[str, Any]:
    """A payload without what is empty: None, no text, an empty list or object."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def texts(nodes: Iterable[Node], verdict: Verdict) -> dict[str, str]:
    """The narratives of some elements by language, those of one language joined by blank lines."""
    found: dict[str, list[str]] = {}
    last: Node | None = None
    for node in nodes:
        last = node
        for language, text in node.narratives().items():
            found.setdefault(language, []).append(text)
    return {language: cut("\n\n".join(some), last, verdict) for language, some in found.items()}


def cut(text: str, node: Node | None, verdict: Verdict) -> str:
    """A text no longer than a fact carries."""
    if len(text) <= LONGEST_TEXT:
        return text
    if node is not None:
        verdict.add("plumbline:TEXT_CUT", node, f"A text of {len(text)} characters was cut to {LONGEST_TEXT}.")
    return text[: LONGEST_TEXT - 1] + "…"


def title(node: Node, verdict: Verdict) -> dict[str, str]:
    """The title of an element by language."""
    return texts(node.all("title"), verdict)


def first_words(node: Node) -> str:
    """The first narrative of the title: what an identity is made of, since translations are added behind it."""
    for element in node.all("title"):
        for text in element.narratives().values():
            return text
    return ""


def comment(node: Node, verdict: Verdict) -> str | None:
    """The words of a baseline, target or actual in one language."""
    element = node.first("comment")
    words = said(element.narratives()) if element is not None else None
    return cut(words, element, verdict) if words else None


def extension(node: Node, name: str, allowed: Iterable[str], verdict: Verdict) -> str | None:
    """An attribute of Plumbline's namespace where it has one of the allowed values."""
    text = node.extension(name)
    if text is None or text in allowed:
        return text
    verdict.add("plumbline:EXTENSION", node, f"{name} cannot be read.", attribute=f"plumbline:{name}", text=text)
    return None


def yes(node: Node, name: str, verdict: Verdict) -> bool | None:
    """A boolean attribute of Plumbline's namespace."""
    text = extension(node, name, _TRUE | _FALSE, verdict)
    return None if text is None else text in _TRUE


def own(node: Node, name: str) -> Node | None:
    """A child element of Plumbline's namespace."""
    return node.first(f"{EXTENSION} {name}")


def limit(some: list[Any], most: int, node: Node, what: str, verdict: Verdict) -> None:
    """Refuse more of something than a fact may carry."""
    if len(some) > most:
        verdict.add("plumbline:TOO_MANY", node, f"{len(some)} {what}; a fact carries {most}.")

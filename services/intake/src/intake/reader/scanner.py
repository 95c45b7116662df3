"""Cutting a file into its activities without parsing it, so that one broken activity spoils no other.

Attribute values cannot hold ``<`` in XML, so outside comments, CDATA sections and processing instructions
``<iati-activity`` always begins an activity. Lines are counted here, exactly: libxml2 stops at 65 535.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from intake.domain.finding import Finding
from intake.reader.faults import Refused, fault
from intake.reader.protocol import Limits

_TOKEN: Final = re.compile(
    rb"<(?:(?P<open>iati-activity(?=[\s/>]))|(?P<close>/iati-activity(?=[\s>]))|(?P<end>/iati-activities(?=[\s>]))"
    rb"|(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<instruction>\?)|(?P<doctype>!DOCTYPE))"
)
_ENDS: Final = {"comment": b"-->", "cdata": b"]]>", "instruction": b"?>"}
_BEGINS: Final = {"comment": 4, "cdata": 9, "instruction": 2}
_NAME: Final = re.compile(rb"<([^\s/>]{1,200})")
_TAG: Final = re.compile(rb"<[^>\"']*+(?:(?:\"[^\"]*+\"|'[^']*+')[^>\"']*+)*+>")
"""A whole start tag: a ``>`` inside quotes does not end it."""

_LONGEST_TAG: Final = 64 * 1024
_LONGEST_TOKEN: Final = 20
_SHOWN: Final = 200
_SHOWN_OF_TOO_LARGE: Final = 4096
_MOST_GAPS: Final = 50


@dataclass(frozen=True, slots=True)
class Cut:
    """The bytes of one activity and the line they begin in. ``fault`` says why they are not to be parsed."""

    xml: bytes
    line: int
    fault: str | None = None


class Scanner:
    """Reads UTF-8 pieces and yields cuts; ``root`` is known before the first, ``line`` is where reading stands."""

    def __init__(self, pieces: Iterator[bytes], limits: Limits) -> None:
        self._pieces = pieces
        self._limits = limits
        self._buffer = bytearray()
        self._line = 1
        self.root = b""
        self.root_line = 1
        self.findings: list[Finding] = []

    @property
    def line(self) -> int:
        """The line of the first byte not yet done with."""
        return self._line

    def cuts(self) -> Iterator[Cut]:
        """Every activity of the file, in order. Raises Refused where the file cannot be read on."""
        self._prolog()
        if self.root.endswith(b"/>"):
            return
        while True:
            found = self._between()
            if found is None:
                raise Refused(fault("CUT_OFF", "The file ends before its root is closed.", line=self._line))
            if found == "end":
                break
            if found == "open":
                yield from self._activity()
        self._rest()

    # Before and between activities nothing is kept.

    def _prolog(self) -> None:
        seen = 0
        while True:
            place = self._find_markup()
            seen += place
            self._shown_must_be_blank(place)
            self._drop(place)
            if seen > self._limits.prolog_bytes:
                raise Refused(fault("NOT_XML", "The file does not begin with markup.", line=self._line))
            while len(self._buffer) < _LONGEST_TOKEN and self._more():
                pass
            token = _TOKEN.match(self._buffer)
            kind = token.lastgroup if token else None
            if kind in {"comment", "instruction"}:
                self._skip(kind)
                continue
            if kind == "doctype":
                raise Refused(fault("DOCTYPE", "The file declares a document type.", line=self._line))
            self._open_root()
            return

    def _find_markup(self) -> int:
        while (place := self._buffer.find(b"<")) < 0:
            if len(self._buffer) > self._limits.prolog_bytes or not self._more():
                self._not_xml()
        return place

    def _shown_must_be_blank(self, place: int) -> None:
        if bytes(self._buffer[:place]).strip():
            self._not_xml()

    def _not_xml(self) -> None:
        start = bytes(self._buffer[:_SHOWN]).lstrip()
        text = start.decode("utf-8", "replace").replace("\0", "\\0")[:80]
        if not start:
            raise Refused(fault("FILE_EMPTY", "The file holds only white space.", line=self._line))
        kind = "JSON" if start[:1] in {b"{", b"["} else "not XML"
        raise Refused(fault("NOT_XML", f"The file is {kind}.", line=self._line, text=text))

    def _open_root(self) -> None:
        end = self._tag_end()
        name = _NAME.match(self._buffer)
        if name is None or end is None:
            self._not_xml()
            return
        tag = name[1]
        if tag != b"iati-activities":
            said = tag.decode("utf-8", "replace")
            if tag == b"iati-organisations":
                raise Refused(fault("ORGANISATION_FILE", "This is an organisation file.", line=self._line, text=said))
            kind = "a web page" if tag.lower() == b"html" else f"a file of {said[:80]}"
            raise Refused(fault("WRONG_ROOT", f"This is {kind}.", line=self._line, text=said))
        self.root = bytes(self._buffer[:end])
        self.root_line = self._line
        self._drop(end)

    def _between(self) -> str | None:
        """Skip to the next activity or the end of the root; what else stands there is told of."""
        while True:
            token = _TOKEN.search(self._buffer)
            if token is None:
                keep = self._unsure()
                self._gap(len(self._buffer) - keep)
                if not self._more():
                    self._gap(len(self._buffer))
                    return None
                continue
            self._gap(token.start())
            kind = token.lastgroup or ""
            if kind in {"comment", "instruction"}:
                self._skip(kind)
            elif kind in {"open", "end"}:
                return kind
            else:
                shown = token[0].decode()  # before the buffer moves under the match
                self._drop(len(shown))
                self._tell_gap("This stands between the activities.", shown)

    def _gap(self, size: int) -> None:
        """Drop what stands between activities; only the XSD's foreign elements may stand there, and blanks."""
        text = bytes(self._buffer[:size])
        if not text.isspace() and text:
            name = _NAME.search(text)
            foreign = name is not None and b":" in name[1]
            if not foreign:
                shown = text.strip()[:_SHOWN].decode("utf-8", "replace")
                self._tell_gap("Something other than an activity stands here.", shown)
        self._drop(size)

    def _tell_gap(self, message: str, text: str | None = None) -> None:
        if len(self.findings) < _MOST_GAPS:
            self.findings.append(fault("UNEXPECTED_CONTENT", message, line=self._line, text=text))

    def _rest(self) -> None:
        """Behind the root nothing may stand; it is not read."""
        end = self._buffer.find(b">") + 1
        self._drop(end or len(self._buffer))
        self._more()
        rest = bytes(self._buffer)
        if rest.strip() and not rest.strip().startswith((b"<!--", b"<?")):
            shown = rest.strip()[:_SHOWN].decode("utf-8", "replace")
            self._tell_gap("Something stands behind the end of the root.", shown)
        self._drop(len(rest))

    # Inside an activity everything is kept, up to the limit.

    def _activity(self) -> Iterator[Cut]:
        """Cut from ``<iati-activity`` to its end tag; the next start tag inside one means the end tag is missing."""
        line = self._line
        end = self._tag_end()
        if end is None:
            yield self._take(len(self._buffer), line, "The start tag of the activity has no end.")
            raise Refused(fault("CUT_OFF", "The file ends inside an activity.", line=line))
        if self._buffer[end - 2 : end] == b"/>":
            yield self._take(end, line)
            return
        place = end
        while True:
            if place > self._limits.activity_bytes:
                yield self._too_large(line)
                return
            token = _TOKEN.search(self._buffer, place)
            if token is None:
                place = max(place, len(self._buffer) - self._unsure())
                if not self._more():
                    yield self._take(len(self._buffer), line, "The activity is cut off: the file ends inside it.")
                    raise Refused(fault("CUT_OFF", "The file ends inside an activity.", line=line))
                continue
            kind = token.lastgroup or ""
            if kind in _ENDS:
                found = self._find(_ENDS[kind], token.end())
                place = len(self._buffer) + 1 if found is None else found
                if found is None and len(self._buffer) <= self._limits.activity_bytes:
                    yield self._take(len(self._buffer), line, f"A {kind} in the activity has no end.")
                    raise Refused(fault("CUT_OFF", "The file ends inside an activity.", line=line))
            elif kind == "close":
                found = self._find(b">", token.end())
                if found is None:
                    yield self._take(len(self._buffer), line, "The activity is cut off: the file ends inside it.")
                    raise Refused(fault("CUT_OFF", "The file ends inside an activity.", line=line))
                yield self._take(found, line)
                return
            elif kind in {"open", "end"}:
                yield self._take(token.start(), line, "The activity has no end tag.")
                return
            else:
                place = token.end()

    def _too_large(self, line: int) -> Cut:
        """Give up an activity: look for its end without keeping it."""
        beginning = bytes(self._buffer[:_SHOWN_OF_TOO_LARGE])
        self._drop(1)  # so that its own start tag is not found again
        while True:
            token = _TOKEN.search(self._buffer)
            if token is None:
                self._drop(len(self._buffer) - self._unsure())
                if not self._more():
                    break
                continue
            kind = token.lastgroup or ""
            if kind in {"open", "end"}:
                self._drop(token.start())
                break
            self._drop(token.start())
            if kind in _ENDS:
                self._skip(kind)
                continue
            self._drop(token.end() - token.start())
            if kind == "close":
                end = self._find(b">", 0)
                self._drop(end or len(self._buffer))
                break
        return Cut(beginning, line, self._larger)

    # The buffer.

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        while piece is not None and not piece:
            piece = next(self._pieces, None)
        if piece is None:
            return False
        self._buffer += piece
        return True

    def _find(self, end: bytes, start: int) -> int | None:
        """Where ``end`` ends, from ``start`` on, reading as much as an activity may have; None where it is not."""
        while True:
            place = self._buffer.find(end, start)
            if place >= 0:
                return place + len(end)
            start = max(start, len(self._buffer) - len(end) + 1)
            if len(self._buffer) > self._limits.activity_bytes or not self._more():
                return None

    def _skip(self, kind: str) -> None:
        """Drop a comment, CDATA section or instruction that the buffer begins with, however long."""
        end = _ENDS[kind]
        self._drop(_BEGINS[kind])
        while (place := self._buffer.find(end)) < 0:
            self._drop(max(0, len(self._buffer) - len(end) + 1))
            if not self._more():
                raise Refused(fault("CUT_OFF", f"A {kind} has no end.", line=self._line))
        self._drop(place + len(end))

    def _tag_end(self) -> int | None:
        """The length of the start tag that the buffer begins with."""
        while True:
            tag = _TAG.match(self._buffer)
            if tag is not None:
                return tag.end()
            if len(self._buffer) > _LONGEST_TAG or not self._more():
                return None

    def _unsure(self) -> int:
        """How many of the last bytes may be the beginning of a token."""
        place = self._buffer.rfind(b"<", max(0, len(self._buffer) - _LONGEST_TOKEN))
        return len(self._buffer) - place if place >= 0 else 0

    def _take(self, size: int, line: int, problem: str | None = None) -> Cut:
        kept = size
        if size > self._limits.activity_bytes:
            kept, problem = _SHOWN_OF_TOO_LARGE, self._larger
        xml = bytes(self._buffer[:kept])
        self._drop(size)
        return Cut(xml, line, problem)

    @property
    def _larger(self) -> str:
        return f"The activity is larger than {self._limits.activity_bytes // 1024} KiB."

    def _drop(self, size: int) -> None:
        self._line += self._buffer.count(b"\n", 0, size)
        del self._buffer[:size]

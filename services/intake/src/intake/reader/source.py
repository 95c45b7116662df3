"""A file's bytes as UTF-8, in pieces: unpacked within limits, decoded strictly, without ever holding the file."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from intake.domain.finding import Finding
from intake.reader.faults import Refused, fault
from intake.reader.protocol import MIB, Limits

PIECE: Final = 256 * 1024
"""Bytes handed on at once."""

FREE: Final = 32 * MIB
"""Unpacked bytes up to which the ratio of packed to unpacked does not matter."""

UNREADABLE: Final = "\uffff"
"""Stands where bytes mean nothing in their encoding. XML forbids it, so only that activity is refused."""

_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED: Final = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ALLOWED: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        "utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
        *(f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *(f"cp125{n}" for n in range(9)), "cp1258", "koi8-r", "koi8-u", "mac-roman",
        "gb2312", "gbk", "gb18030", "big5", "shift_jis", "cp932", "euc-jp", "euc-kr",
    )
)  # fmt: skip
"""Encodings that are read. Others exist, but none that a publisher needs and that cannot be abused."""

_ARCHIVES: Final = ((b"PK\x03\x04", "zip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))

codecs.register_error("plumbline-mark", lambda error: (UNREADABLE, getattr(error, "end", 0)))


class Source:
    """One spooled file. After the first piece ``encoding`` and ``packed`` are known, and ``findings`` about them."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self.encoding: str | None = None
        self.packed = False
        self.bytes_read = 0
        self.findings: list[Finding] = []

    def pieces(self) -> Iterator[bytes]:
        """The file as UTF-8 without byte order mark. Raises Refused where it cannot be read on."""
        pieces = self._unpacked()
        first = next(pieces, b"")
        while len(first) < 1024 and (more := next(pieces, b"")):
            first += more
        if not first:
            raise Refused(fault("FILE_EMPTY", "The file is empty."))
        for mark, kind in _ARCHIVES:
            if first.startswith(mark):
                raise Refused(fault("NOT_XML", f"The file is a {kind} archive; only gzip is unpacked."))
        skip = self._detect(first)
        decoder = None
        if self.encoding not in {"utf-8", "ascii"}:
            decoder = codecs.getincrementaldecoder(self.encoding or "utf-8")("plumbline-mark")
        piece = first[skip:]
        while True:
            yield piece if decoder is None else decoder.decode(piece).encode("utf-8", "replace")
            following = next(pieces, None)
            if following is None:
                break
            piece = following
        if decoder is not None:
            yield decoder.decode(b"", final=True).encode("utf-8", "replace")

    def _detect(self, first: bytes) -> int:
        """Settle the encoding: byte order mark, else the shape of the first bytes, else the declaration."""
        skip = 0
        seen = None
        for mark, name in _MARKS:
            if first.startswith(mark):
                seen, skip = name, len(mark)
                break
        else:
            seen = next((name for shape, name in _UNMARKED if first.startswith(shape)), None)
        head = first[skip : skip + 2048]
        wide = seen is not None and seen != "utf-8"
        match = _DECLARED.search(head.decode(seen, "replace").encode("utf-8", "replace") if wide and seen else head)
        declared = match[1].decode("ascii") if match else None
        known = _known(declared) if declared else None
        if declared and known is None:
            raise Refused(fault("ENCODING_UNKNOWN", "The declared encoding is not read.", line=1, text=declared))
        eight_bit = known is not None and not known.startswith(("utf-16", "utf-32"))
        if seen is not None:
            if known is not None and not (known == seen or (wide and seen.startswith(known[:6]) and not eight_bit)):
                self.findings.append(
                    fault("ENCODING_MISMATCH", f"The file is {seen}, and declares another.", line=1, text=declared)
                )
            self.encoding = seen
        elif known is not None and not eight_bit:
            self.findings.append(
                fault("ENCODING_MISMATCH", "The file is UTF-8, its declaration says otherwise.", line=1, text=declared)
            )
            self.encoding = "utf-8"
        else:
            self.encoding = known or "utf-8"
        return skip

    def _unpacked(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            first = file.read(PIECE)
            self.packed = first.startswith(_GZIP)
            if not self.packed:
                while first:
                    self._count(len(first))
                    yield first
                    first = file.read(PIECE)
                return
            yield from self._inflate(first, file)

    def _inflate(self, packed: bytes, file: BinaryIO) -> Iterator[bytes]:
        """Unpack gzip members one after the other; each piece is counted before the next is unpacked."""
        taken = 0
        inflater = zlib.decompressobj(wbits=31)
        while packed:
            taken += len(packed)
            while packed:
                if inflater.eof:
                    if not _GZIP.startswith(packed[:2]):
                        return  # padding behind the last member, as tape and some tools leave it
                    inflater = zlib.decompressobj(wbits=31)
                try:
                    piece = inflater.decompress(packed, PIECE)
                except zlib.error:
                    raise Refused(fault("PACKED_BROKEN", "The gzip data is damaged.")) from None
                packed = inflater.unconsumed_tail or inflater.unused_data
                if piece:
                    self._count(len(piece))
                    if self.bytes_read > FREE and self.bytes_read > taken * self._limits.packed_ratio:
                        raise Refused(
                            fault(
                                "PACKED_TOO_TIGHT",
                                f"The file unpacks to more than {self._limits.packed_ratio} times its size.",
                            )
                        )
                    yield piece
            packed = file.read(PIECE)
        if not inflater.eof:
            raise Refused(fault("CUT_OFF", "The gzip data ends before its end."))

    def _count(self, size: int) -> None:
        self.bytes_read += size
        if self.bytes_read > self._limits.unpacked_bytes:
            most = self._limits.unpacked_bytes // MIB
            raise Refused(fault("TOO_LARGE", f"The file is larger than {most} MiB unpacked."))


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    return found if found in _ALLOWED else None

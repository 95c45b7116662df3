"""What a record says, and its version: read once here, whatever it is about; what cannot be read is rejected.

Intake lets nothing through that does not follow its contract. What came past it is held against the same contract
here: a share of 10³⁰, or a name that no database keeps, would else be a fault that comes back with every try.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import msgspec
from pydantic import ValidationError

from contracts.base import Payload
from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX, Envelope
from runtime.db import Tx
from runtime.delivery import Record
from scoring.codec import is_fact, version_of
from scoring.domain.facts import Version

T = TypeVar("T")

_LONGEST: Final = 960  # bytes of a name: with its metric it is an attribute of an event, of which 1 024 are read
_UNNAMEABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 as JSON writes it; two backslashes before it are a backslash of the text."""


def heard(tx: Tx, record: Record, read: Callable[[Envelope], T]) -> tuple[T, Version] | None:
    """The payload as ``read`` makes it, and its version; None for a record that was just rejected."""
    version = version_in(tx, record)
    if version is None:
        return None
    try:
        return read(record.envelope), version
    except msgspec.DecodeError as error:
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} scoring can read: {error}")
        return None


def version_in(tx: Tx, record: Record) -> Version | None:
    """What intake stamped on an event that follows its contract; None for a record that was just rejected."""
    problems = problems_of(record.envelope)
    if problems:
        told = "; ".join(f"{place}: {problem}" for place, problem in problems)
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} scoring can read: {told}"[:1_000], problems)
        return None
    version = version_of(record.envelope)
    if version is None:
        tx.reject(record, "NO_VERSION", "An accepted fact carries recordedtime; intake stamps it")
    return version


def problems_of(envelope: Envelope) -> list[tuple[str, str]]:
    """Where a payload does not follow its contract, or cannot be kept, each with what is wrong."""
    if b"\\u0000" in envelope.data and _NUL.search(envelope.data):
        return [("data", "a text holds the character U+0000, which no database keeps")]
    try:
        payload = BY_TYPE[envelope.type.removeprefix(PREFIX)].model_validate_json(envelope.data, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return [("/".join(["data", *map(str, e["loc"])]), e["msg"]) for e in found]
    return [
        (f"data/{place}", f"names a cell: {_LONGEST} bytes at most, and no control character")
        for place, name in _names(payload, of_a_project=is_fact(envelope.type))
        if (not name.isprintable() and _UNNAMEABLE.search(name)) or len(name.encode()) > _LONGEST
    ]


def _names(payload: Payload, *, of_a_project: bool) -> Iterator[tuple[str, str]]:
    """What becomes part of a scope, which every figure is said under."""
    said = vars(payload)  # pydantic takes 3 µs to say that a field is not there
    if of_a_project:
        project = said.get("project_id", "")
        yield "project_id", project
        yield "indicator_id", f"{project}|{said.get('indicator_id', '')}"
    for place in ("entity", "theme", "country"):
        yield place, said.get(place) or ""
    for n, allocation in enumerate(said.get("allocations", ())):
        yield f"allocations/{n}/code", allocation.code

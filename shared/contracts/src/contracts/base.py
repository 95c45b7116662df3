"""The base of every payload: frozen, strict about unknown fields nowhere, so that contracts can grow."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

Ref = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
"""An identifier as its owner spells it: organisation reference, IATI identifier, indicator id."""

Text = dict[str, Annotated[str, StringConstraints(max_length=20_000)]]
"""Narratives by language code, e.g. ``{"en": "Border management"}``; ``und`` where no language is said."""

Ppm = Annotated[int, Field(ge=0, le=1_000_000)]
"""A share in parts per million."""


def _in_ascii(text: str) -> str:
    # In JSON Schema a \d is 0 to 9; in pydantic's patterns it is a digit of any script.
    if not text.isascii():
        raise PydanticCustomError("string_pattern_mismatch", "A decimal is written in the digits 0 to 9")
    return text


Decimal = Annotated[
    str, StringConstraints(pattern=r"^[+-]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})$"), AfterValidator(_in_ascii)
]
"""An exact decimal as text, xs:decimal without exponent, digits 0 to 9; never a float."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 alphabetic code."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
"""A calendar day, ISO 8601; years 1900 to 2200, so that no arithmetic on dates can overflow."""


class Model(BaseModel):
    """A value inside a payload.

    Unknown fields are ignored: a consumer of today reads the events of tomorrow. A field whose name on the
    wire is a Python keyword (``from``) is written by that name, whoever dumps it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)


class Payload(Model):
    """The data of one event type; ``TYPE`` is what follows ``org.plumbline.`` in the envelope."""

    TYPE: ClassVar[str]

    def to_json(self) -> bytes:
        """The payload as it travels: what says nothing is left out, but a required field that is null stays."""
        null = [wire for name, wire in _required(type(self)) if getattr(self, name) is None]
        if not null:
            return self.model_dump_json(exclude_none=True).encode()
        body = self.model_dump(mode="json", exclude_none=True) | dict.fromkeys(null)
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _required(model: type[Payload]) -> tuple[tuple[str, str], ...]:
    """The fields a payload must have, each with its name on the wire."""
    return tuple((name, f.alias or name) for name, f in model.model_fields.items() if f.is_required())


class Origin(Model):
    """Where a fact was read: the submission, and for a file its name, hash and place (methodology §2.5)."""

    submission_id: Ref
    file: str | None = None
    sha256: str | None = None
    line: int | None = Field(default=None, ge=1)
    path: str | None = Field(default=None, description="XPath from the activity, e.g. result[2]/indicator[1]")

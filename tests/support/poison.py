"""What no honest system sends, put into each field of an event in turn."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

DIGITS: Final = "9" * 10_000

POISON: Final[dict[str, str]] = {
    "an integer beyond 64 bits": str(10**30),
    "an integer below 64 bits": str(-(10**30)),
    "an integer of ten thousand digits": DIGITS,
    "below nought": "-1",
    "a billion": str(10**9),
    "true": "true",
    "false": "false",
    "a float": "1.5",
    "a float beyond all floats": "1e999999",
    "NaN without quotes": "NaN",
    "Infinity without quotes": "-Infinity",
    "null": "null",
    "a list": "[]",
    "an object": "{}",
    "depth": "[" * 5_000 + "]" * 5_000,
    "half a character": '"\\ud800"',
    "U+0000": '"a\\u0000b"',
    "a line break": '"a\\nb"',
    "a pipe": '"a|b"',
    "an empty text": '""',
    "blanks": '"   "',
    "NaN": '"NaN"',
    "Infinity": '"Infinity"',
    "minus nought": '"-0"',
    "an exponent": '"1e999999"',
    "digits of another script": '"\\u0661\\u0662"',
    "a decimal of ten thousand digits": f'"{DIGITS}"',
    "the longest decimal": f'"{"9" * 24}.{"9" * 24}"',
    "the smallest decimal": f'"0.{"0" * 23}1"',
    "the first day of all": '"0001-01-01"',
    "the last day of all": '"9999-12-31"',
    "the first day that is read": '"1900-01-01"',
    "the last day that is read": '"2200-12-31"',
    "a day that is none": '"2025-02-30"',
    "a day as a number": "86400",
    "ten thousand characters": json.dumps("x" * 10_000),
    "the longest name": json.dumps("\N{CJK UNIFIED IDEOGRAPH-20000}" * 256),
    "a megabyte": json.dumps("x" * 1_000_000),
}
"""JSON as it stands in the body, by what it is."""

NEVER: Final = frozenset(
    {
        "an integer beyond 64 bits", "an integer below 64 bits", "an integer of ten thousand digits", "a float",
        "a float beyond all floats", "NaN without quotes", "Infinity without quotes", "a list", "an object", "depth",
        "half a character", "U+0000", "a megabyte",
    }
)  # fmt: skip
"""What can be meant in no field."""


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every value within an event's data that is no list or object, by its path; of a list's items the first."""
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data[:1])
    else:
        yield path
    for name, value in items:
        yield from places(value, (*path, name))


def poisoned(data: dict[str, Any], path: tuple[str | int, ...], poison: str) -> bytes:
    """The body with the poison in this place."""
    changed = copy.deepcopy(data)
    within: Any = changed
    for name in path[:-1]:
        within = within[name]
    within[path[-1]] = "\N{SKULL}"
    return json.dumps(changed, ensure_ascii=False).replace('"\N{SKULL}"', poison).encode()

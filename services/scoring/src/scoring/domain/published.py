"""What was last said of a figure."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """What was last said of one figure: digest of what was shown, value, revision, and why."""

    digest: bytes
    value: int | None
    previous: int | None
    revision: int
    valid: int  # day
    known: int  # µs since 1970
    updated: int  # µs since 1970
    cause: str | None  # event id
    readers: str = ""  # class and owner it was told under, '' where to all

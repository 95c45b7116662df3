"""Facts about the world around projects, on ``plumbline.context.v1``."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.base import Day, Payload, Ref


class CodelistPublished(Payload):
    """A versioned code list or crosswalk: code to value, whole (methodology §2.2: a table, not code)."""

    TYPE: ClassVar[str] = "codelist.published.v1"
    list_id: Ref
    version: Ref
    effective_from: Day
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    codes: dict[str, str]


class ClockDayClosed(Payload):
    """A UTC day is over; what was waiting for it is recomputed (methodology §0.4)."""

    TYPE: ClassVar[str] = "clock.day.closed.v1"
    date: Day


FACTS: tuple[type[Payload], ...] = (CodelistPublished, ClockDayClosed)

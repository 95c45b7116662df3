"""What every file of an export says of itself: when, under which method and licence, by which filter, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

DEMONSTRATION: Final = "CC BY 4.0 (demonstration)"
"""The licence of invented projects."""

OTHERS: Final = "as the reporting organisation says"
"""What is known of the licence of any other project: events and files name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """``as_of`` is the instant of the one reading that the file is made of, ``revision`` the newest place in the feed
    that the reader could see then, ``method_version`` the method of the global figure, ``filter`` the wish in the
    reader's words, ``address`` where the same list is shown, ``read_as`` whose rights decided, ``number`` how many of
    ``records``."""

    as_of: datetime
    revision: int
    method_version: str | None
    filter: str
    order: str
    address: str
    read_as: str
    number: int
    records: str = "projects"

    def fields(self) -> dict[str, Any]:
        """By the names that files use."""
        return {
            "as_of": self.as_of,
            "feed_revision": self.revision,
            "method_version": self.method_version,
            "filter": self.filter,
            "order": self.order,
            "address": self.address,
            "read_as": self.read_as,
            self.records: self.number,
            "licence": f"demonstration data: CC BY 4.0; any other project: {OTHERS}",
            "caveat": (
                "Shares of the way from baseline to target, not causal effects: contribution, never attribution. "
                "The file holds what its reader may read, and no more."
            ),
        }

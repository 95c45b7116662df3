"""A finding: one thing to mend, with the rule, the place and the shortest remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "notice"]
"""``error`` quarantines what it stands on; ``warning`` and ``notice`` only tell."""

LONGEST_TEXT = 500
"""Characters of the text read that a finding repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to mend. ``line`` counts from 1 in the file as received; ``path`` is an XPath from the activity."""

    rule: str
    severity: Severity
    message: str
    remedy: str
    path: str | None = None
    line: int | None = None
    project_id: str | None = None
    text: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields that say something, ready for JSON and for a table, which keeps no U+0000."""
        read = ((name, getattr(self, name)) for name in self.__slots__)
        return {
            name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
            for name, value in read
            if value is not None
        }


def clip(text: str | None) -> str | None:
    """What was read, short enough to repeat in a finding."""
    if text is None or len(text) <= LONGEST_TEXT:
        return text
    return text[: LONGEST_TEXT - 1] + "…"


def quarantines(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """Whether any of them is an error."""
    return any(finding.severity == "error" for finding in findings)

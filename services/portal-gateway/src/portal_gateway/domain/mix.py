"""How much of a pillar rests on which evidence, and how much of it is on its way: shares beside its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.drawing.figure import Share, shares
from portal_gateway.domain.speech import words
from portal_gateway.domain.view import Figure

_GRADES: Final = ("A", "B", "C", "D")
_PACE: Final = {
    "on": ("ACHIEVED", "MAINTAINED", "ON_TRACK"),
    "acc": ("ACCELERATE",),
    "lim": ("LIMITED", "NOT_ACHIEVED", "BREACHED"),
    "reg": ("REGRESSING",),
}
_UNKNOWN: Final = ("NO_DATA",)
_ROOM: Final = 90_000
"""µ of the bar that a letter needs."""


@dataclass(frozen=True, slots=True)
class Mix:
    """A bar of shares, what the good of them come to in µ, and of how many."""

    figure: Figure
    shares: tuple[Share, ...]
    good: int
    number: int

    def lettered(self, share: Share) -> bool:
        """Whether a share has room for its letter."""
        return share.code in _GRADES and share.micro >= _ROOM


def evidence(m3: Figure | None, *, mirrored: bool) -> Mix | None:
    """Evidence by weight, grades A to D and what is missing (M3)."""
    weights: Mapping[str, Any] = (m3.parts.get("by_weight") or {}) if m3 is not None else {}
    if m3 is None or not weights:
        return None
    parts = {name: int(weights[name]) for name in (*_GRADES, "missing") if weights.get(name)}
    good = sum(parts.get(name, 0) for name in ("A", "B"))
    return Mix(m3, shares(parts, mirrored=mirrored), good, sum((m3.parts.get("grades") or {}).values()))


def pace(m2: Figure | None, *, mirrored: bool) -> Mix | None:
    """Indicators by how they do, those that can be judged and those of which nothing is known (M2)."""
    weights: Mapping[str, Any] = (m2.parts.get("by_weight") or {}) if m2 is not None else {}
    counts: Mapping[str, Any] = (m2.parts.get("histogram") or {}) if m2 is not None else {}
    parts = {tone: sum(int(weights.get(s) or 0) for s in codes) for tone, codes in (*_PACE.items(), ("gap", _UNKNOWN))}
    if m2 is None or not sum(parts.values()):
        return None
    judged = sum(int(counts.get(s) or 0) for codes in _PACE.values() for s in codes)
    return Mix(m2, shares({tone: n for tone, n in parts.items() if n}, mirrored=mirrored), m2.value or 0, judged)


TONES: Final = {
    "on": words.STATUSES["ON_TRACK"],
    "acc": words.STATUSES["ACCELERATE"],
    "lim": words.STATUSES["LIMITED"],
    "reg": words.STATUSES["REGRESSING"],
    "gap": words.STATUSES["NO_DATA"],
}
"""What each tone of the pace's bar stands for."""

"""A publisher's dialect in words: the readings, who may take them on, and what that would change (methodology §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.numbers import MICRO
from portal_gateway.domain.speech.words import PILLARS
from portal_gateway.domain.view import Figure

READINGS: Final[Mapping[tuple[str, str], str]] = {
    ("direction", "from-values"): N_("Direction read from baseline and target"),
    ("direction", "as-declared"): N_("Direction read as declared"),
    ("accumulation", "CUMULATIVE"): N_("Values of several periods read as cumulative"),
    ("accumulation", "POINT_IN_TIME"): N_("Values of several periods read as points in time"),
    ("accumulation", "PERIODIC_SUM"): N_("Values of several periods read as parts of a sum"),
    ("accumulation", "RATIO"): N_("Values of several periods read as ratios"),
    ("location_is_total", "true"): N_("A single location read as the total"),
    ("zero_means_missing", "true"): N_("Noughts read as not reported"),
    ("period_basis", "calendar"): N_("Periods of targets and values read as calendar years"),
    ("period_basis", "fiscal"): N_("Periods of targets and values read as fiscal years"),
    ("period_basis", "whole-project"): N_("Periods of targets and values read as the whole project"),
    ("percent_as", "0-1"): N_("Percentages read as shares of one"),
    ("percent_as", "0-100"): N_("Percentages read as they stand"),
}
"""What adopting a reading means, by its name and value in the event."""

TOLD: Final[Mapping[str, str]] = {
    "adopted": N_("The reading is taken on. Figures follow within seconds; each says that it rests on it."),
    "withdrawn": N_("The reading is withdrawn. Every figure returns to what it was."),
    "unchanged": N_("Nothing changed: that is how the files are read already."),
}
"""What an answer to the button says."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the publisher's own figures say for one reading: of so many that speak, so many agree."""

    text: str
    indicators: int
    agree: int
    proposed: bool
    of_projects: bool

    @property
    def share(self) -> int:
        """How many of those that speak agree, in µ."""
        return self.agree * MICRO // self.indicators if self.indicators else 0


@dataclass(frozen=True, slots=True)
class Change:
    """One project, or the entity as a whole, now and under the readings; the grade most of its indicators have."""

    scope: str
    now: Figure | None
    after: Figure | None
    grades: tuple[str | None, str | None] = (None, None)

    @property
    def falls(self) -> bool:
        """Whether a figure that is shown now would be lower."""
        if self.now is None or self.after is None or self.now.value is None or self.after.value is None:
            return False
        return self.after.value < self.now.value


def reading(name: str, value: Any) -> list[str]:
    """One reading in words; a pillar by purpose is one for each purpose."""
    if isinstance(value, Mapping):
        return [_purpose(code, pillar) for code, pillar in value.items()]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name == "default_pillar":
        code, _sign, pillar = text.partition("=")
        return [_purpose(code, pillar)]
    known = READINGS.get((name, text))
    return [said(known) if known else f"{name}: {text}"]


def readings(found: Mapping[str, Any]) -> list[str]:
    """Readings in words, in their order."""
    return [text for name, value in found.items() for text in reading(name, value)]


def _purpose(code: str, pillar: str) -> str:
    name = said(PILLARS[pillar][0]) if pillar in PILLARS else pillar
    return _("Projects of purpose %(code)s read as serving %(pillar)s", code=code, pillar=name)


def evidence(found: Mapping[str, Any]) -> list[Evidence]:
    """The evidence for each reading, those that are proposed first."""
    rows = [
        Evidence(
            reading(e["reading"], e["value"])[0],
            e["indicators"],
            e["agree"],
            e["proposed"],
            e["reading"] == "default_pillar",
        )
        for e in found["evidence"]
    ]
    return sorted(rows, key=lambda row: not row.proposed)


def changes(preview: Mapping[str, Any], now: datetime) -> list[Change]:
    """The projects whose figure would change, those that fall first."""
    return [
        _change(f"project:{p['project_id']}", p, now, (p["grades"][0], p["grades"][1]))
        for p in preview.get("projects", ())
    ]


def whole(entity: str, preview: Mapping[str, Any], now: datetime) -> Change:
    """The entity's own effectiveness, now and under the readings."""
    return _change(f"entity:{entity}", preview["total"], now)


def _change(
    scope: str, both: Mapping[str, Any], now: datetime, grades: tuple[str | None, str | None] = (None, None)
) -> Change:
    return Change(scope, _figure(scope, both["before"], now), _figure(scope, both["after"], now), grades)


def _figure(scope: str, total: Mapping[str, Any] | None, now: datetime) -> Figure | None:
    """A figure that was not published: what scoring worked out for the preview."""
    if total is None:
        return None
    return Figure(
        metric="M4",
        scope=scope,
        value=total["value"],
        unit="µ",
        state=total["state"],
        observed=total["coverage"]["observed"],
        expected=total["coverage"]["expected"],
        lower=total["lower"],
        upper=total["upper"],
        valid_as_of=now.date(),
        known_as_of=now,
        method_version="",
        revision=0,
        updated_at=now,
    )

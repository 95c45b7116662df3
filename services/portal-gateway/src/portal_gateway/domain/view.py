"""What a page says about a figure, decided once: is it shown, how much is known, how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal_gateway.domain import scope as scopes
from portal_gateway.domain.drawing import figure as drawing
from portal_gateway.domain.speech.numbers import MICRO, percent
from portal_gateway.domain.speech.plain import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A published figure as the read model keeps it; values in µ, M7's parts in cents."""

    metric: str
    scope: str
    value: int | None
    unit: str
    state: str
    observed: int
    expected: int
    lower: int | None
    upper: int | None
    flags: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    projects: int = 0
    inferred_ppm: int = 0
    previous: int | None = None
    classification: str = "public"
    owner: str | None = None
    reason: str | None = None
    demonstration: bool = False
    valid_as_of: date
    known_as_of: datetime
    method_version: str
    revision: int
    updated_at: datetime
    cause: Mapping[str, Any] | None = None
    seq: int = 0

    @property
    def key(self) -> str:
        """What the stream calls this figure, ``metric|scope``."""
        return f"{self.metric}|{self.scope}"

    @property
    def shown(self) -> bool:
        """Whether the value may be said at all."""
        return self.value is not None and self.state in drawing.MARKS

    @property
    def withheld(self) -> bool:
        """Whether there is a value that is not said; of a single indicator nothing is held back, it is unknown."""
        return not self.shown and self.state == "INSUFFICIENT_DATA" and self.metric != "M1"

    @property
    def kept_back(self) -> str | None:
        """Why this reader is not told the figure; None where it is told, or there is nothing to tell."""
        return None if self.shown or self.projects else self.reason

    @property
    def known(self) -> int:
        """Coverage in µ for print; comparisons never use it."""
        return self.observed * MICRO // self.expected if self.expected else 0

    @property
    def moved(self) -> bool:
        """Whether the value before the last change is another one as it is printed."""
        if self.previous is None:
            return False
        return self.value is None or percent(self.previous) != percent(self.value)

    @property
    def empty(self) -> bool:
        """Whether there is nothing a value could be of, so that no missing part could make it better or worse."""
        return self.value is None and self.state in {"NOT_APPLICABLE", "PUBLISHED"}

    @property
    def look(self) -> str:
        """The class that decides how the mark is drawn."""
        if not self.shown:
            return "is-ins is-na" if self.empty else "is-ins"
        return "is-pub" if drawing.MARKS[self.state] == "filled" else "is-prov"

    @property
    def pillar(self) -> str | None:
        """The pillar the scope belongs to, if it is one."""
        return scopes.parse(self.scope).pillar

    def bar(self, mirrored: bool = False) -> drawing.Bar:
        """The figure's place on the axis."""
        return drawing.bar(
            lower=self.lower,
            upper=self.upper,
            value=self.value,
            state=self.state,
            pillar=self.pillar,
            previous=self.previous if self.moved else None,
            mirrored=mirrored,
        )


def figure(data: Mapping[str, Any]) -> Figure:
    """Read a figure as the stream and the read model carry it."""
    coverage = data["coverage"]
    return Figure(
        metric=data["metric"],
        scope=data["scope"],
        value=data["value"],
        unit=data["unit"],
        state=data["state"],
        observed=coverage["observed"],
        expected=coverage["expected"],
        lower=data["lower"],
        upper=data["upper"],
        flags=tuple(data["flags"]),
        parts=data["parts"],
        projects=data["projects"],
        inferred_ppm=data["inferred_ppm"],
        previous=data["previous"],
        classification=data["classification"],
        owner=data["owner"],
        reason=data.get("withheld"),
        demonstration=data["demonstration"],
        valid_as_of=date.fromisoformat(data["valid_as_of"]),
        known_as_of=datetime.fromisoformat(data["known_as_of"]),
        method_version=data["method_version"],
        revision=data["revision"],
        updated_at=datetime.fromisoformat(data["updated_at"]),
        cause=data["cause"],
        seq=data["seq"],
    )


def narrative(text: Mapping[str, str] | None, lang: str, fallback: str = "") -> tuple[str, str | None]:
    """A text in the reader's language, else English, else any; with its language where it is another."""
    if not text:
        return fallback, None
    for code in (lang, "en", "und", *sorted(text)):
        if text.get(code):
            return plain(text[code]), None if code in {lang, "und"} else code
    return fallback, None

"""The two moments a page may speak of, as of when and compared with when: known by one day, valid by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from portal_gateway.domain.speech.language import _
from portal_gateway.domain.speech.numbers import day, instant

_DAY_END: Final = "T23:59:59.999999Z"


@dataclass(frozen=True, slots=True)
class Moment:
    """As known by the end of a day or by an instant, of what was valid by a day; empty texts are today."""

    known: str = ""
    valid: str = ""

    @property
    def past(self) -> bool:
        """Whether it is any other moment than now."""
        return bool(self.known or self.valid)

    @property
    def asked(self) -> dict[str, str]:
        """As scoring is asked for it."""
        return {name: text for name, text in (("known_as_of", self.known), ("valid_as_of", self.valid)) if text}

    @property
    def fault(self) -> str:
        """What is wrong with it, in words; empty where nothing is."""
        for text in (self.known, self.valid):
            try:
                if text:
                    _read(text) if text is self.known else date.fromisoformat(text)
            except (ValueError, OverflowError):  # an instant of the first or last year, in another zone
                return _("%(day)s is no day. Write it as 2026-03-31.", day=text[:40])
        return ""

    @property
    def known_day(self) -> str:
        """The day of what was known, for a form's field."""
        return self.known[:10]

    def until(self) -> str:
        """The last instant of what was known, as scoring reads it; empty for now."""
        return self.known + _DAY_END if len(self.known) == 10 else self.known

    def words(self) -> str:
        """The moment as a person says it."""
        if not self.past:
            return _("now")
        found = []
        if self.known:
            at = _read(self.known)
            text = instant(at) if len(self.known) > 10 else day(at.date())
            found.append(_("known by %(when)s", when=text))
        if self.valid:
            found.append(_("valid by %(when)s", when=day(date.fromisoformat(self.valid))))
        return _(", ").join(found)

    def short(self) -> str:
        """The day alone, for the mark on a bar."""
        text = self.known or self.valid
        if self.fault:
            return text[:40]
        return day(_read(text).date()) if text else _("now")


NOW: Final = Moment()


def _read(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Moments:
    """As of when, and compared with when; None where nothing is compared."""

    at: Moment = NOW
    than: Moment | None = None

    @property
    def query(self) -> dict[str, str]:
        """Both as the address has them, so that other figures are asked for by them too."""
        found = dict(self.at.asked)
        if self.than is not None:
            names = {"than_known": self.than.known, "than_valid": self.than.valid}
            found |= {name: text for name, text in names.items() if text}
        return found

    @property
    def fault(self) -> str:
        """What is wrong with either."""
        return self.at.fault or (self.than.fault if self.than is not None else "")


def moments(query: Mapping[str, str | None]) -> Moments:
    """Read from an address."""
    than = Moment(query.get("than_known") or "", query.get("than_valid") or "")
    at = Moment(query.get("known_as_of") or "", query.get("valid_as_of") or "")
    return Moments(at, than if than.past else None)


def presets(today: date, visit: datetime | None) -> list[tuple[str, str]]:
    """Moments that are often wanted: what they are called, and until when they know."""
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)
    year = today.replace(year=today.year - 1, day=min(today.day, 28))
    found = [
        (_("End of last quarter, %(day)s", day=day(quarter)), quarter.isoformat()),
        (_("A year ago, %(day)s", day=day(year)), year.isoformat()),
    ]
    if visit is not None:
        found.insert(0, (_("Your last visit, %(when)s", when=instant(visit)), visit.isoformat(timespec="milliseconds")))
    return found

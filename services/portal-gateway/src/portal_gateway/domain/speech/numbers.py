"""How figures are written: one rule a unit, the same on the page, in the stream and on paper.

Scores are integers in µ (1.000000 = 1 000 000), shares in ppm, money in cents of a US dollar. Nothing here
goes through a float, so that a figure on a page is the figure that was computed, rounded once.

Digits are western in every language; the signs between them are those the language's readers expect. Formulas, exact
values and identifiers keep the point everywhere, as the documents' own symbols do.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from portal_gateway.domain.speech.language import N_, _, language, said

MICRO: Final = 1_000_000
"""µ in one, and ppm in one."""

# L10N: months as short as a date has room for
_MONTHS: Final = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip
_AGES: Final = ((86_400, N_("%(n)s d ago")), (3_600, N_("%(n)s h ago")), (60, N_("%(n)s min ago")))
_MINUS: Final = "\N{MINUS SIGN}"
_COMMA: Final = (",", "\N{NARROW NO-BREAK SPACE}")
_SIGNS: Final = {"fr": _COMMA, "es": _COMMA, "ru": _COMMA}
_AMOUNTS: Final = (
    (10**9, N_("USD %(amount)s bn")),
    (10**6, N_("USD %(amount)s m")),
    (10**3, N_("USD %(amount)s k")),
    (0, N_("USD %(amount)s")),
)


def signs() -> tuple[str, str]:
    """The decimal sign and what stands between thousands, in the language of the page."""
    return _SIGNS.get(language(), (".", ","))


def localised(text: str) -> str:
    """A number written ``1,234.5``, with the signs of the page's language."""
    return text.translate(str.maketrans(".,", "".join(signs())))


def percent(micro: int) -> str:
    """A share as per cent with one decimal, half to even, without the sign: ``649007`` is ``64.9``."""
    tenths = (Decimal(micro) / 1000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return localised(f"{_MINUS if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}")


def whole_percent(micro: int) -> str:
    """A share as per cent, its decimal only where there is one: ``600000`` is ``60``."""
    return percent(micro).removesuffix(localised(".0"))


def points(micro: int) -> str:
    """A difference in percentage points, signed: ``-6100`` is ``−0.6``, ``6100`` is ``+0.6``."""
    text = percent(micro)
    return text if text.startswith(_MINUS) or text == localised("0.0") else f"+{text}"


def exact(micro: int) -> str:
    """A score with all its six decimals, as formulas write it: ``649007`` is ``0.649007``."""
    whole, rest = divmod(abs(micro), MICRO)
    return f"{_MINUS if micro < 0 else ''}{whole}.{rest:06d}"


def grouped(number: int) -> str:
    """An integer with its thousands apart: ``1452`` is ``1,452``."""
    return localised(counted(number))


def counted(number: int) -> str:
    """An integer with its thousands apart, as formulas write it in every language."""
    return f"{_MINUS if number < 0 else ''}{abs(number):,}"


def hundredths(number: int) -> str:
    """Hundredths as a number with as many decimals as it has: ``12550`` is ``125.5``."""
    whole, part = divmod(abs(number), 100)
    tail = f".{part:02d}".rstrip("0") if part else ""
    return localised(f"{_MINUS if number < 0 else ''}{whole:,}{tail}")


def money(cents: int) -> str:
    """US dollars as people say them: ``6_820_000_000`` cents is ``USD 68.2 m``."""
    dollars = Decimal(cents) / 100
    floor, message = next(pair for pair in _AMOUNTS if abs(dollars) >= pair[0])
    scaled = dollars / floor if floor else dollars
    rounded = scaled.quantize(Decimal("0.1") if floor else Decimal(1), rounding=ROUND_HALF_EVEN)
    return _(message, amount=localised(f"{rounded:,}".replace("-", _MINUS)))


def dollars(cents: int) -> str:
    """Whole US dollars, cut: ``682_012`` cents is ``USD 6,820``."""
    whole = abs(cents) // 100
    return _("USD %(amount)s", amount=grouped(-whole if cents < 0 else whole))


def span(first: str, last: str) -> str:
    """Two bounds as one text; a dash would turn round where the page is read from the right."""
    return first if first == last else _("%(first)s to %(last)s", first=first, last=last)


def decimal_text(text: str | None) -> str:
    """A reported value as it was written, its thousands apart; the empty text where there is none."""
    if text is None:
        return ""
    whole, dot, rest = text.lstrip("+").partition(".")
    sign, digits = (_MINUS, whole[1:]) if whole.startswith("-") else ("", whole)
    return localised(f"{sign}{int(digits or 0):,}{dot}{rest}")


def day(value: date) -> str:
    """``14 Sep 2026``."""
    return _("%(day)s %(month)s %(year)s", day=value.day, month=said(_MONTHS[value.month - 1]), year=value.year)


def month(value: date) -> str:
    """``Sep 2026``."""
    return _("%(month)s %(year)s", month=said(_MONTHS[value.month - 1]), year=value.year)


def months() -> list[str]:
    """The twelve months as dates print them."""
    return [said(name) for name in _MONTHS]


def instant(value: datetime) -> str:
    """``14 Sep 2026, 09:15:27 UTC``."""
    at = value.astimezone(UTC)
    return _("%(day)s, %(time)s UTC", day=day(at), time=f"{at:%H:%M:%S}")


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the largest whole unit: ``2 s ago``, ``18 min ago``, ``3 h ago``, ``117 d ago``."""
    seconds = max(0, int((now - then).total_seconds()))
    for floor, message in _AGES:
        if seconds >= floor:
            return _(message, n=seconds // floor)
    return _("%(n)s s ago", n=seconds)

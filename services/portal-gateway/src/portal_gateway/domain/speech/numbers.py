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

from portal_gateway.domain.speech.language import N_, NP_, _, language, ngettext, numbered, said

MICRO: Final = 1_000_000
"""µ in one, and ppm in one."""

# L10N: months as short as a date has room for
_MONTHS: Final = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip
# L10N: months that stand without a day
_MONTHS_ALONE: Final = (
    NP_("alone", "Jan"), NP_("alone", "Feb"), NP_("alone", "Mar"), NP_("alone", "Apr"),
    NP_("alone", "May"), NP_("alone", "Jun"), NP_("alone", "Jul"), NP_("alone", "Aug"),
    NP_("alone", "Sep"), NP_("alone", "Oct"), NP_("alone", "Nov"), NP_("alone", "Dec"),
)  # fmt: skip
AGES: Final = {
    "d": (86_400, numbered("%(n)s d ago", "%(n)s d ago")),
    "h": (3_600, numbered("%(n)s h ago", "%(n)s h ago")),
    "min": (60, numbered("%(n)s min ago", "%(n)s min ago")),
    "s": (0, numbered("%(n)s s ago", "%(n)s s ago")),
}
"""How long ago by unit, the largest first: from how many seconds on, and the message by number."""

_MINUS: Final = "\N{MINUS SIGN}"
_FROM_LEFT: Final = "\N{LEFT-TO-RIGHT MARK}"
_COMMA: Final = (",", "\N{NARROW NO-BREAK SPACE}")
_SIGNS: Final = {"fr": _COMMA, "es": _COMMA, "ru": _COMMA}
_BILLIONS: Final = (10**9, N_("USD %(amount)s bn"))
_MILLIONS: Final = (10**6, N_("USD %(amount)s m"))
_THOUSANDS: Final = (10**3, N_("USD %(amount)s k"))
_AMOUNTS: Final = (_BILLIONS, _MILLIONS, _THOUSANDS)
_AMOUNTS_BY: Final = {
    # L10N: 10 000 and 100 000 000, for languages that count by them
    "zh": ((10**8, N_("USD %(amount)s × 10⁸")), (10**4, N_("USD %(amount)s × 10⁴"))),
    "es": (_MILLIONS, _THOUSANDS),
}
"""What large amounts are counted in, where a language's readers do not count in thousand millions (CLDR, compact)."""
_UNITS: Final = {
    10**9: N_("%(currency)s bn"),
    10**6: N_("%(currency)s m"),
    10**3: N_("%(currency)s k"),
    10**8: N_("%(currency)s × 10⁸"),
    10**4: N_("%(currency)s × 10⁴"),
}
"""The same above a column of amounts, for any currency."""


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


def in_percent(micro: int) -> str:
    """A share with its sign, which stands apart from the number where the language wants it: ``64.9%``."""
    return _("%(value)s%%", value=percent(micro))


def whole_percent(micro: int) -> str:
    """A share as per cent, its decimal only where there is one: ``600000`` is ``60``."""
    return percent(micro).removesuffix(localised(".0"))


def points(micro: int) -> str:
    """A difference in percentage points, signed: ``-6100`` is ``−0.6``, ``6100`` is ``+0.6``."""
    text = percent(micro)
    return text if text == localised("0.0") else _ahead(text if text.startswith(_MINUS) else f"+{text}")


def _ahead(signed: str) -> str:
    """A signed number whose sign stays before it where the page is read from the right."""
    return f"{_FROM_LEFT}{signed}" if language() == "ar" else signed


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
    """US dollars as people say them: ``6_820_000_000`` cents is ``USD 68.2 m``, in Chinese 6,820 万美元."""
    amount, message, exact_to = Decimal(cents) / 100, N_("USD %(amount)s"), Decimal(1)
    for floor, scaled in _AMOUNTS_BY.get(language(), _AMOUNTS):
        if abs(amount) >= floor:
            amount, message = amount / floor, scaled
            exact_to = Decimal("0.1") if abs(amount) < _THOUSANDS[0] else exact_to
            break
    rounded = amount.quantize(exact_to, rounding=ROUND_HALF_EVEN)
    return _(message, amount=written(rounded))


def unit_for(largest: Decimal, currency: str) -> tuple[int, str]:
    """What a column of amounts up to this one is counted in, and its heading: ``(1_000_000, "EUR m")``."""
    floor = next((floor for floor, _message in _AMOUNTS_BY.get(language(), _AMOUNTS) if largest >= floor), 1)
    return floor, _(_UNITS[floor], currency=_currency(currency)) if floor > 1 else _currency(currency)


def _currency(code: str) -> str:
    return _("USD") if code == "USD" else code


BUDGETS: Final = Decimal(10**7)
"""A budget of a size that lists of projects have, in US dollars: what it is counted in, all of a column are."""


def budget(cents: int) -> str:
    """A budget in a list of projects, in the unit of ``unit_for(BUDGETS)``, with two decimals."""
    scaled = Decimal(cents) / 100 / unit_for(BUDGETS, "USD")[0]
    return written(scaled.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))


def written(number: Decimal) -> str:
    """A decimal with its thousands apart and the decimals it has."""
    return localised(f"{number:,}".replace("-", _MINUS))


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
    return _(
        "%(day)s %(month)s %(year)s",
        day=first_of_month() if value.day == 1 else value.day,
        month=said(_MONTHS[value.month - 1]),
        year=value.year,
    )


def month(value: date) -> str:
    """``Sep 2026``."""
    return _("%(month)s %(year)s", month=said(_MONTHS_ALONE[value.month - 1]), year=value.year)


def first_of_month() -> str:
    """The first day of a month as dates print it, which is an ordinal in French."""
    return said(NP_("first day of a month", "1"))


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
    n, forms = next((seconds // (floor or 1), forms) for floor, forms in AGES.values() if seconds >= floor)
    return ngettext(*forms, n)

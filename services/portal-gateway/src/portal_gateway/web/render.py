"""From a page's data to HTML: one Jinja environment that escapes everything and forgives nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal_gateway import places
from portal_gateway.domain import scope as scopes
from portal_gateway.domain.account import REASONS
from portal_gateway.domain.drawing import figure
from portal_gateway.domain.scope import NUMERALS
from portal_gateway.domain.speech import language, numbers, words
from portal_gateway.domain.speech.language import _, numbered, said
from portal_gateway.domain.speech.names import scope_name
from portal_gateway.domain.steps import PACES, STEPS
from portal_gateway.web.catalogues import spoken

_RTL: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_STATIC: Final = "static"


def areas() -> Mapping[str, str]:
    """Names of countries by ISO 3166-1 alpha-2 and of regions by M49 code, in the language of the page."""
    return places.names(language.language())


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Every file under static/: its bytes and a short digest for its address."""
    root = files("portal_gateway.web") / _STATIC
    return {
        entry.name: (data, hashlib.sha256(data).hexdigest()[:12])
        for entry in sorted(root.iterdir(), key=lambda e: e.name)
        if entry.is_file()
        for data in [entry.read_bytes()]
    }


@cache
def release() -> str:
    """One digest over all static files: scripts import each other by name, so they change address together."""
    digest = hashlib.sha256()
    for name, (_bytes, own) in static_files().items():
        digest.update(f"{name} {own}\n".encode())
    return digest.hexdigest()[:12]


def static(name: str) -> str:
    """The address of a static file. It changes with the content, so that it may be kept for a year."""
    assert name in static_files(), name
    return f"/static/{release()}/{name}"


def figure_address(metric: str, scope: str) -> str:
    """The page of a figure."""
    return f"/metrics/{quote(metric, safe='')}?scope={quote(scope, safe=':|')}"


def project_address(project_id: str) -> str:
    """The page of a project; identifiers may hold slashes and blanks."""
    return f"/projects/{quote(project_id, safe='')}"


def scope_address(scope: str) -> str:
    """The page of the entity, country, region or pillar that a scope speaks of; the empty text where it has none."""
    found = scopes.parse(scope)
    match found.kind:
        case "entity" | "entity-pillar":
            return f"/entities/{quote(found.first, safe='')}"
        case "country" if found.first in places.countries():
            return f"/countries/{found.first}"
        case "pillar-country" if found.second in places.countries():
            return f"/countries/{found.second}"
        case "region" if found.first in places.regions() and found.first != places.WORLD:
            return f"/regions/{found.first}"
        case "pillar":
            return f"/pillars/{found.first}"
        case "project":
            return project_address(found.first)
        case _:
            return ""


def class_name(code: str) -> str:
    """A class of records as people call it; a class that nobody named speaks for itself."""
    kind, _colon, country = code.partition(":")
    name = said(REASONS[kind][0]) if kind in REASONS else code
    return _("%(first)s, %(second)s", first=name, second=areas().get(country, country)) if country else name


@cache
def environment() -> Environment:
    """The templates. Undefined names raise: a page never shows a gap where a figure should be."""
    env = Environment(
        loader=PackageLoader("portal_gateway.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        language.message_of, language.plural, newstyle=True, pgettext=language.message_in
    )
    env.filters |= {
        "percent": numbers.percent,
        "in_percent": numbers.in_percent,
        "points": numbers.points,
        "exact": numbers.exact,
        "grouped": numbers.grouped,
        "money": numbers.money,
        "hundredths": numbers.hundredths,
        "listed": lambda texts: _(", ").join(texts),
        "day": numbers.day,
        "instant": numbers.instant,
        "age": numbers.age,
        "event": lambda name: name.removeprefix("org.plumbline."),
        "lower_first": lambda text: text[:1].lower() + text[1:],
    }
    env.globals |= {
        "words": words,
        "steps": STEPS,
        "paces": PACES,
        "said": said,
        "money_unit": lambda: numbers.unit_for(numbers.BUDGETS, "USD")[1],
        "is_mirrored": is_mirrored,
        "numerals": NUMERALS,
        "shape_of": figure.shape_of,
        "static": static,
        "figure_address": figure_address,
        "project_address": project_address,
        "scope_address": scope_address,
        "class_name": class_name,
    }
    return env


def is_mirrored(lang: str) -> bool:
    """Whether a language is read from the right, and drawings with it."""
    return lang.lower().partition("-")[0] in _RTL


def live_words() -> dict[str, Any]:
    """What live.js says, in the page's language; ``%s`` is where a number goes."""
    return {
        "ago": {unit: language.by_category(message) for unit, (_floor, message) in numbers.AGES.items()},
        "instant": _(
            "%(day)s, %(time)s UTC", day=_("%(day)s %(month)s %(year)s", day="%d", month="%m", year="%y"), time="%t"
        ),
        "months": numbers.months(),
        "first": numbers.first_of_month(),
        "signs": numbers.signs(),
        "states": {code: (said(word.text), word.icon) for code, word in words.STATES.items()},
        "why": {code: (said(word.text), word.icon) for code, word in words.WITHHELD.items()},
        "live": _("Live, %(age)s", age="%s"),
        "reconnecting": _("Reconnecting, figures are of %(age)s", age="%s"),
        "paused": language.by_category(numbered("Paused, %(n)s update waits", "Paused, %(n)s updates wait")),
        "pause": _("Pause"),
        "resume": _("Go on"),
        "known": _("%(share)s%% known", share="%s"),
        "percent": _("%(value)s%%", value="%s"),
        "span": numbers.span("%1", "%2"),
        "was": _("was %(value)s%%", value="%s"),
        "points": _("%(points)s points with the last change", points="%s"),
        "changes": language.by_category(numbered("%(n)s figure changed", "%(n)s figures changed")),
        "withheld": _("Withheld"),
        "unknown": _("Unknown"),
        "copied": _("Copied"),
        "over": _("Your session is over. Load the page again to sign in"),
    }


def page(
    template: str,
    *,
    now: datetime,
    address: str,
    user: Any = None,
    csrf: str = "",
    seq: int = 0,
    unread: int = 0,
    demonstration: str = "",
    titles: Mapping[str, str] | None = None,
    notices: tuple[str, ...] = (),
    **data: Any,
) -> str:
    """One page as HTML. ``titles`` names entities, projects and indicators that its scopes speak of."""
    lang = language.language()
    mirrored = is_mirrored(lang)
    found = titles or {}
    return (
        environment()
        .get_template(template)
        .render(
            {
                "now": now,
                "address": address,
                "user": user,
                "csrf": csrf,
                "seq": seq,
                "unread": unread,
                "demonstration": demonstration,
                "lang": lang,
                "languages": spoken(),
                "in_language": lambda code: f"?lang={code}",
                "dir": "rtl" if mirrored else "ltr",
                "mirrored": mirrored,
                "axis": figure.axis(mirrored=mirrored),
                "axis_of": lambda start, end, every: figure.axis(mirrored=mirrored, start=start, end=end, every=every),
                "window": figure.window,
                "live_words": live_words(),
                "scope_name": lambda scope: scope_name(scope, areas=areas(), titles=found),
                "name_of": lambda code: found.get(code, code),
                "place": "",
                "notices": notices,
                **data,
            }
        )
    )

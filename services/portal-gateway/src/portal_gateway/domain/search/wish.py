"""What a reader wants of the projects: words, identifiers, filters, order and view, all of it in the address.

A wish is what a page, the REST interface, a saved view and an export have in common: parsed from a query string with
every fault at once, and written back by ``address``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode

from portal_gateway.domain.errors import WishError
from portal_gateway.domain.speech.language import _

Sort = Literal["closest", "changed", "title", "budget", "effectiveness"]
View = Literal["table", "timeline", "map"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
VIEWS: Final[tuple[View, ...]] = get_args(View)

NONE: Final = "none"
"""The value of a facet for projects that say nothing of it, or of which nothing is known."""

FACETS: Final[dict[str, str]] = {
    "pillar": rf"P[1-4]|{NONE}",
    "entity": r"\S.{0,255}",
    "region": rf"\d{{3}}|{NONE}",
    "country": rf"[A-Z]{{2}}|{NONE}",
    "theme": rf"\S.{{0,255}}|{NONE}",
    "status": r"[1-6]",
    "year": rf"(19|20|21)\d\d|{NONE}",
    "pace": rf"[A-Z_]{{2,20}}|{NONE}",
    "evidence": rf"[ABCD]|{NONE}",
    "score": rf"0-25|25-50|50-75|75-100|withheld|{NONE}",
    "gender": rf"[0-3]|unresolved|{NONE}",
    "rights": rf"[0-3]|{NONE}",
    "risk": rf"LOW|MEDIUM|HIGH|VERY_HIGH|NONE_OPEN|{NONE}",
}
"""What projects can be filtered by, in the order of the page: the parameter's name, and what its values look like.

``entity``: organisation reference; ``region``: M49, a country counts in all its regions; ``country``: ISO 3166-1
alpha-2; ``status``: IATI ActivityStatus; ``year``: one the project is, or is planned to be, active in; ``pace``: M2
status of most of its indicators' weight; ``evidence``: M3 grade that half of their weight has or betters; ``score``:
M4 in per cent, lower bound included; ``gender`` and ``rights``: M8 codes at design; ``risk``: M10 band.
"""

MOST_IDS: Final = 200
_LONGEST: Final = 400
_MOST_VALUES: Final = 100
_ID: Final = re.compile(r"(?=\S*\d)(?=\S*[-/])[^\s,;]{5,256}")
_LINES: Final = re.compile(r"[\n\r,;\t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """``chosen`` holds the filters, sorted, each with its sorted values: any of one filter's values, all the filters.

    ``ids`` are identifiers as they were pasted; a piece with blanks is one identifier or several.
    """

    q: str = ""
    as_written: bool = False
    ids: tuple[str, ...] = ()
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sort: Sort | None = None
    view: View = "table"

    @property
    def order(self) -> Sort:
        """The order asked for; else the closest first where there are words, the last changed first where not."""
        return self.sort or ("closest" if self.q else "changed")

    @property
    def narrowed(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.q or self.ids or self.chosen)

    def of(self, facet: str) -> tuple[str, ...]:
        """The values chosen in a facet."""
        return dict(self.chosen).get(facet, ())

    def changed(self, **changes: Any) -> Wish:
        """The wish with other fields; a facet's name sets its values, none takes the filter away."""
        chosen = dict(changes.pop("chosen", self.chosen)) | {
            name: tuple(changes.pop(name)) for name in list(changes) if name in FACETS
        }
        kept = tuple((name, tuple(sorted(set(values)))) for name, values in sorted(chosen.items()) if values)
        return replace(self, chosen=kept, **changes)

    def without(self, facet: str, value: str) -> Wish:
        """The wish less one value of a filter."""
        return self.changed(**{facet: [v for v in self.of(facet) if v != value]})

    def pairs(self) -> list[tuple[str, str]]:
        """The query parameters that say this wish, and nothing that is a default."""
        found = [("q", self.q)] if self.q else []
        found += [("as_written", "1")] if self.as_written and self.q else []
        found += [("ids", "\n".join(self.ids))] if self.ids else []
        found += [(name, value) for name, values in self.chosen for value in values]
        found += [("sort", self.sort)] if self.sort else []
        return found + ([("view", self.view)] if self.view != "table" else [])

    def address(self, path: str = "/projects", **changes: Any) -> str:
        """Where this wish, with these changes, is shown. It always says something: a bare ``/projects`` is the
        reader's own standard view."""
        return f"{path}?{urlencode(self.changed(**changes).pairs() or [('view', 'table')])}"


def parse(pairs: Iterable[tuple[str, str]]) -> Wish:
    """Read a wish from query parameters; others than its own are left to whom they concern.

    Identifiers pasted into the words are taken for what they are. Raises WishError with every fault.
    """
    wrong: list[tuple[str, str]] = []
    fields: dict[str, Any] = {}
    chosen: dict[str, list[str]] = {}
    for name, text in pairs:
        value = text.strip()
        if not value:
            continue
        if name in FACETS:
            if not re.fullmatch(FACETS[name], value):
                wrong.append(
                    (name, _("%(value)s does not match %(pattern)s", value=repr(value[:80]), pattern=FACETS[name]))
                )
            chosen.setdefault(name, []).append(value)
        elif name == "q":
            fields["q"] = value
        elif name == "ids":
            fields["ids"] = _pieces(value)
        elif name == "as_written":
            fields[name] = value not in {"0", "false"}
        elif name == "sort" or name == "view":
            fields[name] = value
            if value not in (SORTS if name == "sort" else VIEWS):
                choices = _(", ").join(SORTS if name == "sort" else VIEWS)
                wrong.append((name, _("%(value)s is none of %(choices)s", value=repr(value[:80]), choices=choices)))
    wrong += [
        (name, _("more than %(most)s values", most=_MOST_VALUES)) for name, v in chosen.items() if len(v) > _MOST_VALUES
    ]
    if not fields.get("ids") and looks_like_identifiers(fields.get("q", "")):
        fields["ids"] = _pieces(fields.pop("q"))
    if "q" in fields:
        fields["q"] = " ".join(fields["q"].split())
    if len(fields.get("q", "")) > _LONGEST:
        wrong.append(("q", _("longer than %(most)s characters", most=_LONGEST)))
    if len(fields.get("ids", ())) > MOST_IDS:
        wrong.append(("ids", _("more than %(most)s identifiers", most=MOST_IDS)))
    if any(ord(c) < 32 for text in (fields.get("q", ""), *fields.get("ids", ())) for c in text):
        wrong.append(("q", _("holds a control character")))
    if wrong:
        raise WishError(wrong)
    return Wish(**fields).changed(**chosen)


def looks_like_identifiers(text: str) -> bool:
    """Whether a text is a list of several project identifiers and nothing else."""
    pieces = re.split(r"[\s,;]+", text.strip(" \t\r\n,;"))
    return len(pieces) > 1 and all(_ID.fullmatch(piece) for piece in pieces)


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece for part in _LINES.split(text) if (piece := part.strip())))

"""The translators' catalogues: read when the portal starts, kept fresh from the source by a command.

``python -m portal_gateway.web.catalogues write`` gathers every message of the portal, those that scoring sends with
its explanations and those that the notifier makes, and brings the catalogues of the six languages up to date;
``check`` says whether they are.
A message without a translation is shown in English.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import Translations

from portal_gateway.domain.speech.language import LANGUAGES, SOURCE

_HERE: Final = Path(__file__).parent / "catalogues"
_SERVICES: Final = Path(__file__).parents[4]
_SOURCES: Final = (
    ("portal-gateway/src/portal_gateway", "portal_gateway"),
    ("scoring/src/scoring", "scoring"),
    ("notifier/src/notifier", "notifier"),
)
_METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "say": None,
    "ngettext": (1, 2),
    "numbered": (1, 2),
    **dict.fromkeys(("NP_", "pgettext"), ((1, "c"), 2)),
}
_VALUE: Final = re.compile(r"%\((\w+)\)s")
_ESCAPED: Final = re.compile(r"%%")
_OTHERS: Final = "/domain/heard/"
_OPTIONS: Final = {
    "**.py": {},
    "**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"},
}


@cache
def catalogue(language: str) -> NullTranslations:
    """The messages of a language; the source language needs none."""
    if language == SOURCE:
        return NullTranslations()
    with _file(language).open("rb") as file:
        found = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    return Translations(compiled)


@cache
def spoken() -> dict[str, str]:
    """The languages a reader may choose: the source, and those of which nine tenths are translated."""
    return {code: name for code, name in LANGUAGES.items() if code == SOURCE or _share(code) >= 0.9}


def _share(language: str) -> float:
    """What is translated of the portal's own messages: what others say is shown in English, and marked as English."""
    with _file(language).open("rb") as file:
        messages = [m for m in read_po(file, locale=language) if m.id and not _of_others(m)]
    return sum(bool(m.string and all(m.string)) for m in messages) / len(messages)


def _of_others(message: Message) -> bool:
    return all(_OTHERS in name for name, _line in message.locations)


def _file(language: str) -> Path:
    return _HERE / f"{language}.po"


# For whoever changes a message ---------------------------------------------------------------------------


def extracted() -> Catalog:
    """Every message of the source, in the order of its first place, without line numbers: those move too often."""
    found = Catalog(project="Plumbline", charset="utf-8", fuzzy=False)
    for source, package in _SOURCES:
        texts = extract_from_dir(
            _SERVICES / source, _METHODS, _OPTIONS, keywords=_KEYWORDS, comment_tags=("L10N:",), strip_comment_tags=True
        )
        for name, _, message, comments, context in sorted(texts, key=lambda t: (t[0], t[1])):
            found.add(message, locations=[(f"{package}/{name}", None)], auto_comments=comments, context=context)  # type: ignore[list-item]  # a file without a line
    return found


def fresh(language: str, template: Catalog) -> bytes:
    """A language's catalogue brought up to date with the source, as the file should read."""
    try:
        with _file(language).open("rb") as file:
            found = read_po(file, locale=language)
    except FileNotFoundError:
        found = Catalog(locale=language)
    found.update(template, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    found.obsolete.clear()
    head = f"# {LANGUAGES[language]}: the messages of the portal. An empty msgstr is shown in English."
    kept = Catalog(locale=language, project="Plumbline", charset="utf-8", fuzzy=False, header_comment=head)
    for message in template:
        if message.id:
            known = found.get(message.id, context=message.context)
            kept.add(
                message.id,
                known.string if known is not None and message.id else "",
                locations=message.locations,
                auto_comments=message.auto_comments,
                context=message.context,
            )
    text = BytesIO()
    write_po(text, kept, width=110, omit_header=False, include_lineno=False, ignore_obsolete=True)
    # Nothing that changes without a message: a catalogue is compared byte by byte.
    stamp = (b'"POT-', b'"PO-', b'"Generated-By', b'"Last-', b'"Language-Team', b'"Report-', b'"Project-')
    return b"\n".join(line for line in text.getvalue().split(b"\n") if not line.startswith((*stamp, b"#, fuzzy")))


def faults(language: str) -> Iterator[str]:
    """Translations whose values are not those of the message."""
    with _file(language).open("rb") as file:
        for message in read_po(file, locale=language):
            ids = message.id if isinstance(message.id, list | tuple) else [message.id]
            for text in message.string if isinstance(message.string, list | tuple) else [message.string]:
                if text and ids[0] and not _fits(str(text), [str(id_) for id_ in ids]):
                    yield f"{language}: {ids[0]!r}: {text!r} has other values, or a per cent sign alone"


def _fits(text: str, ids: list[str]) -> bool:
    """Whether a translation has the values of the message, each per cent sign twice; a form for none, for one or for
    two may leave values out.
    """
    said, stated = set(_VALUE.findall(text)), {name for id_ in ids for name in _VALUE.findall(id_)}
    return (said == stated or (len(ids) > 1 and said < stated)) and "%" not in _ESCAPED.sub("", _VALUE.sub("", text))


def main(verb: str) -> int:
    """``write`` or ``check``."""
    template, stale = extracted(), []
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        text = fresh(language, template)
        if not _file(language).exists() or _file(language).read_bytes() != text:
            stale.append(language)
            if verb == "write":
                _HERE.mkdir(exist_ok=True)
                _file(language).write_bytes(text)
    wrong = [
        fault for language in LANGUAGES if language != SOURCE and _file(language).exists() for fault in faults(language)
    ]
    for fault in wrong:
        print(fault, file=sys.stderr)  # noqa: T201 (a command)
    if verb == "check" and stale:
        print(  # noqa: T201
            f"The catalogues of {', '.join(stale)} are not fresh: python -m portal_gateway.web.catalogues write",
            file=sys.stderr,
        )
        return 1
    if not wrong:
        print(f"{len(template)} messages in {len(LANGUAGES)} languages")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))

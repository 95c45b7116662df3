"""Names of themes: Plumbline's own codes speak for themselves, the Sustainable Development Goals have titles."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from portal_gateway.domain.speech.language import _, language

_TARGET: Final = re.compile(r"([1-9]|1[0-7])\.(\d{1,2}|[A-Za-z])")


def theme_name(code: str) -> str:
    """``16`` is "SDG 16: Peace, justice and strong institutions", ``16.6`` is "SDG 16.6"; another code is itself."""
    if (title := _goals().get(code)) is not None:
        return _("SDG %(goal)s: %(title)s", goal=code, title=title[language()])
    return _("SDG %(target)s", target=code.upper()) if _TARGET.fullmatch(code) else code


@cache
def _goals() -> Mapping[str, Mapping[str, str]]:
    text = (files("portal_gateway.domain.speech") / "goals.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["goal"]: row for row in rows}

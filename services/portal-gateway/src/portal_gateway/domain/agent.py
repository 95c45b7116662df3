"""Which browser a person signed in with: the family and the system, for them to know it again; nothing finer."""

from __future__ import annotations

from typing import Final

_BROWSERS: Final = (  # the first that is named: others pretend to be Chrome, and Chrome to be Safari
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def family(header: str) -> str:
    """``Firefox, Windows`` from a User-Agent header; empty where it names neither."""
    browser = next((name for mark, name in _BROWSERS if mark in header), "")
    system = next((name for mark, name in _SYSTEMS if mark in header), "")
    return ", ".join(part for part in (browser, system) if part)

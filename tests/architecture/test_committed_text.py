"""What is committed names no machine and leaves nothing for later.

Why: a path of one person's machine works for one person, and breaks the two commands of the README for everybody
else. A note that something is still to be done, left in code, is a promise nobody reads; it belongs in an issue.
"""

from __future__ import annotations

import re
from typing import Final

from tests.support.sources import committed

_BINARY: Final = {".png", ".jpg", ".ico", ".gz", ".zip", ".xlsx", ".woff2"}
# Put together from pieces, so that this file does not accuse itself.
_MACHINE: Final = re.compile(
    "|".join(("/" + "work/", "/" + "root/", "/" + "farm/", "/" + "Users/", r"/home/[a-z]\w*/"))
)
_LATER: Final = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
_LOCKS: Final = {"uv.lock"}


def _lines(pattern: re.Pattern[str], *, only: tuple[str, ...] = ()) -> list[str]:
    found = []
    for path in committed():
        if path.suffix in _BINARY or path.name in _LOCKS or (only and path.suffix not in only):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.name}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if pattern.search(line)
        ]
    return found


def test_no_path_of_a_machine() -> None:
    # Containers have a fixed layout of their own: /app, /run/secrets, /var/lib. Those are not machines' paths.
    assert _lines(_MACHINE) == []


def test_nothing_is_left_for_later() -> None:
    assert _lines(_LATER, only=(".py", ".sql", ".js", ".css", ".html", ".toml", ".yaml", ".yml", ".sh", ".md")) == []

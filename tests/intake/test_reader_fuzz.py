"""Spoiled files by the hundred: reading always comes to its end, and what is accepted always fits the contracts."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from tests.support.iati import a_file, a_period, a_result, a_transaction, an_activity, an_indicator, judged, read_whole

from contracts import portfolio
from intake.reader.schema import Unreadable

MODELS = {model.TYPE: model for model in portfolio.FACTS}
ODD = (
    "", " ", "0", "-1", "1e5", "99.9", "100", "2024-02-30", "2024-01-01", "2199-12-31", "9999-12-31", "-0001-01-01",
    "2020-01-01+14:00", "2026-01-01T24:00:00", "P1", "P9", "99", "98", "1", "2", "5", "9", "x" * 300, "٢", "ML", "usd",
    "12345678901234567890123456", ".", "+.5", "INF", "a b", "true",
)  # fmt: skip
RICH = an_activity(
    attributes='xml:lang="en" default-currency="USD" last-updated-datetime="2026-01-01T00:00:00Z"',
    places='<recipient-country code="ML" percentage="60"/>'
    '<recipient-region vocabulary="2" code="011" percentage="40"/>',
    sectors='<sector code="15130" percentage="60"/><sector code="15210" percentage="40"/>'
    '<sector vocabulary="99" code="P1"><narrative>One</narrative></sector>',
    after_sectors='<tag vocabulary="3" code="16.a"/><policy-marker vocabulary="1" code="1" significance="1"/>',
    money='<budget type="1" status="1"><period-start iso-date="2024-01-01"/><period-end iso-date="2024-12-31"/>'
    '<value value-date="2024-01-01">100</value></budget>'
    + a_transaction("-3", ref="A", inner='<provider-org ref="B"/><receiver-org receiver-activity-id="C"/>')
    + '<related-activity ref="D" type="1"/>',
    results=a_result(
        an_indicator(
            a_period(
                '<target value="9"/><actual value="3"><location ref="L"/><dimension name="n" value="v"/></actual>'
            ),
            before='<reference vocabulary="99" code="R"/><baseline year="2020" iso-date="2020-01-01" value="1"/>',
            attributes='ascending="1" plumbline:accumulation="RATIO" plumbline:weight="2"',
        )
    ),
)


def spoiled(text: str, chance: random.Random) -> str:
    """A few attributes, texts and elements changed, doubled or gone."""
    for _ in range(chance.randrange(1, 6)):
        kind = chance.choice((r'="[^"]*"', r'="[^"]*"', r">[^<>]*<", r"<[a-z-]+[^<>]*/>", r' [a-z-]+="[^"]*"'))
        match = chance.choice(list(re.finditer(kind, text)))
        old = match[0]
        if kind == r'="[^"]*"':
            new = f'="{chance.choice(ODD)}"'
        elif kind == r">[^<>]*<":
            new = f">{chance.choice(ODD)}<"
        else:
            new = chance.choice(("", old * 2 if old.startswith("<") else ""))
        text = text[: match.start()] + new + text[match.end() :]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_what_is_accepted_fits_the_contracts(seed: int) -> None:
    chance = random.Random(seed)
    accepted = 0
    for _ in range(150):
        text = spoiled(RICH, chance)
        try:
            found = judged(text)
        except Unreadable:
            continue
        assert bool(found.facts) != any(finding.severity == "error" for finding in found.findings)
        accepted += bool(found.facts)
        for fact in found.facts:
            MODELS[fact.type].model_validate(fact.data)
    assert accepted


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_bytes_always_come_to_an_end(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = a_file("<!-- c -->", RICH, an_activity(title="<narrative><![CDATA[x]]></narrative>"), RICH)
    spool = tmp_path / "upload"
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(content))
            size = chance.choice((1, 1, 1, 40, 700))
            content[place : place + size] = chance.choice(
                (b"", b"<", b">", b"\xff", b"\0", b'"', b"<!--", b"]]>", b"&x;")
            )
        spool.write_bytes(content)
        activities, summary = read_whole(spool)
        assert summary.activities == len(activities)
        assert summary.quarantined == sum(not activity.accepted for activity in activities)
        refused = any(finding.severity == "error" for finding in summary.findings)
        assert activities or refused

"""Every attribute and text of an activity poisoned: a finding, or facts that scoring keeps."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

import orjson
import pytest
from tests.intake.test_reader_fuzz import RICH
from tests.support.iati import judged
from tests.support.poison import DIGITS
from tests.support.scoring_facts import a_project, apply_all, version

from contracts.envelope import PREFIX, Envelope, parse_rfc3339
from intake.domain.acceptance import naming
from intake.reader.schema import Unreadable
from scoring import codec
from scoring.domain.state import ProjectState
from scoring.usecases.heard import problems_of

POISON = {
    "a percentage that overflows": "1" + "0" * 30,
    "a hundred and a bit": "100.000000000000000000000001",
    "an exponent": "1e999999",
    "NaN": "NaN",
    "infinity": "INF",
    "minus nought": "-0",
    "ten thousand digits": DIGITS,
    "the longest decimal": f"{'9' * 24}.{'9' * 24}",
    "digits of another script": "١٢",
    "the first year": "0001-01-01",
    "the last year": "9999-12-31",
    "the last instant": "9999-12-31T23:59:59-14:00",
    "the first instant": "0001-01-01T00:00:00+14:00",
    "before Christ": "-0001-01-01",
    "a pipe": "XM-DAC-41120-a|b",
    "a control character": "XM-DAC-41120-a\x85b",
    "a tab": "XM-DAC-41120-a\tb",
    "the longest name": "\N{CJK UNIFIED IDEOGRAPH-20000}" * 256,
    "ten thousand characters": "x" * 10_000,
    "nothing": "",
}  # fmt: skip
"""As it stands in the file, by what it is."""

REPORTER = "XM-DAC-41120"
PLACES = [match.span(1) for match in re.finditer(r'="([^"]*)"|(?<=>)([^<>]+)(?=<)', RICH) if match[1] is not None]
PLACES += [match.span(1) for match in re.finditer(r">([^<>\s][^<>]*)<", RICH)]


@pytest.mark.parametrize("what", POISON)
def test_a_poisoned_activity_is_a_finding_or_facts_that_scoring_keeps(what: str) -> None:
    poison = quoteattr(POISON[what])[1:-1]
    kept = 0
    for start, end in PLACES:
        try:
            found = judged(RICH[:start] + poison + RICH[end:])
        except Unreadable:
            continue
        place = RICH[max(0, start - 30) : end]
        refused = any(finding.severity == "error" for finding in found.findings)
        assert bool(found.facts) != refused, place
        assert all(finding.message and finding.remedy for finding in found.findings), place
        state = ProjectState(found.project_id or "")
        first = a_project(project_id=state.project_id, start="2024-01-01", end="2026-12-31")
        said = [first]
        for fact in found.facts:
            if naming(fact.data, fact.key) or fact.data.get("entity", REPORTER) != REPORTER:
                break  # admission tells the sender so
            event = Envelope(id="e", source="/s", type=PREFIX + fact.type, data=orjson.dumps(fact.data))
            assert problems_of(event) == [], place
            if fact.data.get("edition"):
                parse_rfc3339(fact.data["edition"])
            said.append(codec.fact_of(event))
            kept += 1
        change = apply_all(state, [(fact, version("2026-01-01", n)) for n, fact in enumerate(said)])
        assert change.refused == [], place
        codec.unpack_state(codec.pack_state(state))
    assert kept

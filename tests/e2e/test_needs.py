"""What no project owns, from an office's word over HTTP to the figure at the portal: a need, and a resolution."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.support import kafka
from tests.support.people import Entity, Person

pytestmark = pytest.mark.stack

MICRO = 1_000_000


async def said(office: Person, *facts: tuple[str, dict[str, Any]]) -> None:
    """Say facts over HTTP with the office's own token, and have them accepted."""
    batch = [kafka.an_event("office", data, type_) for type_, data in facts]
    answer = await office.call(
        "POST", "intake", "/v1/events", content=json.dumps([e.to_structured() for e in batch]),
        headers={"Content-Type": "application/cloudevents-batch+json"},
    )  # fmt: skip
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted"] * len(facts), answer.text


def a_need(entity: Entity, id_: str, severity: int, **over: Any) -> tuple[str, dict[str, Any]]:
    """A need of Palau that may be counted in public."""
    data = {
        "need_id": id_, "country": "PW", "entity": entity.user, "pillar": "P2", "severity": severity, "priority": 1,
        "source": "national strategy", "classification": "public", "consented": True, **over,
    }  # fmt: skip
    return "need.registered.v1", data


async def test_a_need_is_met_by_a_project_whose_gate_opens(
    entity: Entity, secretariat: Person, donor: Person, delegate: Person
) -> None:
    project, need = f"{entity.user}-need", uuid4().hex
    share = [{"dim": "COUNTRY", "code": "PW", "ppm": MICRO}, {"dim": "PILLAR", "code": "P2", "ppm": MICRO}]
    entity.publish(entity.project("need", allocations=share))
    link = {
        "need_id": need, "country": "PW", "project_id": project, "adequacy": 750_000, "rationale": "agreed there",
    }  # fmt: skip
    await said(secretariat, a_need(entity, need, 4), a_need(entity, uuid4().hex, 2), ("need.support-linked.v1", link))
    figure = await donor.figure_of("M13", "country:PW", 0)
    assert (figure["parts"]["unaddressed"], figure["parts"]["gap"]) == (2, MICRO), "its gate is not open"

    risk = {
        "project_id": project, "risk_id": "R1", "category": "fiduciary", "likelihood": 2, "impact": 2,
        "residual_likelihood": 1, "residual_impact": 1,
    }  # fmt: skip
    entity.publish(kafka.an_event(entity.user, risk, "risk.assessed.v1"))
    await donor.figure_of("M13", "country:PW", 500_000)
    await donor.figure_of("M13", "pillar-country:P2|PW", 500_000)
    tree = await donor.explanation("M13", "country:PW")
    assert tree is not None
    assert tree["numerator"] == sum(child["numerator"] for child in tree["children"]) == 4 * 750_000
    assert [child["denominator"] for child in tree["children"]] == [4, 2]

    # A third need, without its State's consent: the country's figure is the State's own, and another State's never.
    await said(secretariat, a_need(entity, uuid4().hex, 4, classification="state:PW", consented=False))
    shut = await secretariat.figure_of("M13", "country:PW", 300_000)
    assert shut["classification"] == "state:PW"
    for reader in (donor, delegate):
        assert await reader.figure("M13", "country:PW") is None
        assert await reader.explanation("M13", "country:PW") is None


async def test_a_resolution_is_implemented_as_its_assessors_say(secretariat: Person, donor: Person) -> None:
    resolution = f"S/RES/{uuid4().hex[:8]}"

    def level(provision: str, value: str, on: str, assessor: str = "CTED") -> tuple[str, dict[str, Any]]:
        data = {
            "resolution": resolution, "provision_id": provision, "country": "PW", "assessor": assessor,
            "assessed_on": on, "level": value, "classification": "public", "consented": True,
        }  # fmt: skip
        return "resolution.implementation-assessed.v1", data

    provisions = [("a", 2, "LEGAL"), ("b", 1, "OPERATIONAL")]
    await said(
        secretariat,
        *(
            ("resolution.provision-defined.v1",
             {"resolution": resolution, "provision_id": name, "weight": weight, "kind": kind})
            for name, weight, kind in provisions
        ),
        level("a", "2", "2024-03-01"), level("b", "1", "2024-03-01"),
        level("a", "3", "2026-03-01"), level("b", "1", "2026-03-01"), level("a", "4", "2026-03-01", "STATE"),
    )  # fmt: skip
    figure = await donor.figure_of("M14", "country:PW", 583_333)
    of = figure["parts"]["resolutions"][resolution]
    assert (of["delta"], of["assessor"], of["disagree"]) == (83_333, "CTED", 1)
    assert (of["legal"]["value"], of["operational"]["value"]) == (750_000, 250_000)
    tree = await donor.explanation("M14", "country:PW")
    assert tree is not None
    (country,) = tree["children"]
    parts = [(c["numerator"], c["denominator"]) for c in country["children"] if "numerator" in c]
    assert (sum(n for n, _ in parts), sum(d for _, d in parts)) == (tree["numerator"], tree["denominator"])


async def test_a_report_that_comes_late_is_worth_less(entity: Entity, secretariat: Person, donor: Person) -> None:
    duties = [uuid4().hex for _ in range(3)]
    owed = [
        ("obligation.scheduled.v1",
         {"obligation_id": duty, "entity": entity.user, "kind": "annual report", "due_on": "2025-01-31"})
        for duty in duties
    ]  # fmt: skip
    came = [
        ("report.received.v1", {"obligation_id": duty, "entity": entity.user, "received_on": on})
        for duty, on in zip(duties, ("2025-01-31", "2025-03-02"), strict=False)
    ]
    await said(secretariat, *owed, *came)
    scope = f"entity:{entity.user}"
    figure = await entity.figure_of("M15", scope, 555_556)
    assert (figure["classification"], figure["parts"]["unreported"]) == ("compact", 1)
    assert await donor.figure("M15", scope) is None
    tree = await secretariat.explanation("M15", scope)
    assert tree is not None
    assert tree["numerator"] == sum(c["numerator"] for c in tree["children"][0]["children"])

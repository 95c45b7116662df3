"""One project that two organisations report: found, decided about by the secretariat, and gone from the open pairs."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.support import kafka
from tests.support.people import Entity, Person
from tests.support.waiting import until

pytestmark = pytest.mark.stack

MICRO = 1_000_000


async def pairs(who: Person, project: str, **more: Any) -> list[dict[str, Any]]:
    """The pairs of a project as the portal's gateway gives them."""
    found: list[dict[str, Any]] = (await who.get("portal-gateway", "/api/v1/duplicates", project=project, **more))[
        "items"
    ]
    return found


async def test_a_project_reported_twice_is_found_decided_and_gone(
    entity: Entity, other: Entity, secretariat: Person, donor: Person, delegate: Person
) -> None:
    name = uuid4().hex
    about = {
        "title": {"en": f"Border posts of {name}", "fr": f"Postes-frontières de {name}"},
        "dates": {"planned_start": "2025-01-01", "planned_end": "2026-12-31"},
        "participants": [{"role": "4", "ref": "XM-9", "name": "An Office"}],
        "allocations": [
            {"dim": "COUNTRY", "code": "WS", "ppm": MICRO},
            {"dim": "PILLAR", "code": "P2", "ppm": MICRO},
            {"dim": "THEME", "code": name[:8], "ppm": MICRO},
        ],
    }
    entity.publish(entity.project("twice", **about))
    other.publish(other.project("twice", **about, classification="compact"))
    project = f"{entity.user}-twice"
    (found,) = await until(lambda: pairs(secretariat, project), what="the pair")
    assert found["kind"] == "LIKELY"
    assert {one["entity"] for one in found["projects"]} == {entity.user, other.user}
    assert ("title", "8.6439") in {(e["field"], e["weight"]) for e in found["evidence"]}
    address = f"/api/v1/projects/{project}/related"
    assert [p["pair_id"] for p in (await secretariat.get("portal-gateway", address))["pairs"]] == [found["pair_id"]]
    for reader in (donor, delegate):
        assert await pairs(reader, project) == [], "one of the two is not theirs to read"
        assert (await reader.get("portal-gateway", address))["pairs"] == []

    decision = {
        "pair_id": found["pair_id"], "projects": [one["project_id"] for one in found["projects"]], "version": 1,
        "decision": "DISTINCT", "fingerprints": found["fingerprints"], "decided_by": "secretariat",
        "decided_on": "2026-07-15",
    }  # fmt: skip
    event = kafka.an_event("office", decision, "duplicate.decided.v1").to_structured()
    content, headers = json.dumps(event), {"Content-Type": "application/cloudevents+json"}
    refused = await donor.call("POST", "intake", "/v1/events", content=content, headers=headers)
    assert not refused.is_success or refused.json()["receipts"][0]["outcome"] == "quarantined"
    answer = await secretariat.call("POST", "intake", "/v1/events", content=content, headers=headers)
    assert answer.json()["receipts"][0]["outcome"] == "accepted", answer.text

    async def decided() -> list[dict[str, Any]]:
        return await pairs(secretariat, project, decided="true")

    (dismissed,) = await until(decided, what="the decision")
    assert (dismissed["decision"], dismissed["decided_by"]) == ("DISTINCT", "secretariat")
    assert await pairs(secretariat, project) == []

    tree = await secretariat.explanation("M12", "global")
    assert tree is not None
    # Of projects withheld by their owners no sum is told (ADR 0091).
    assert tree["numerator"] == sum(child.get("numerator", 0) for child in tree["children"])

    entity.publish(entity.project("twice", **about | {"title": {"en": f"Border posts of {name} and Savai’i"}}))
    assert (await until(lambda: pairs(secretariat, project), what="the pair again"))[0]["decision"] is None

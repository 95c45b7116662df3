"""The main job: an update by an entity changes the right figures, for the right people, once, and explains itself.

Every test has a country of its own, so that its figures are whole numbers it can know, whoever else published.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.support.people import Entity, Heard, Person, listening, next_figure
from tests.support.waiting import until

from contracts.envelope import Envelope

pytestmark = pytest.mark.stack

MICRO = 1_000_000


def shares(**ppm: int) -> list[dict[str, Any]]:
    """Allocations by code: two letters are a country, P and a digit a pillar."""
    dims = {True: "PILLAR", False: "COUNTRY"}
    return [{"dim": dims[code[1].isdigit()], "code": code, "ppm": share} for code, share in ppm.items()]


def outcome(entity: Entity, name: str = "P1", indicator: str = "I2") -> Envelope:
    """Days to process a request: from 120 down to 60."""
    return entity.indicator(
        name,
        indicator,
        result_id="R2",
        result_type="2",
        ascending=False,
        title={"en": "Days to process a request"},
        baselines=[{"year": 2024, "value": "120"}],
        targets=[{"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "60"}],
    )


async def test_an_update_changes_the_right_figures_for_the_right_people_once(
    entity: Entity, other: Entity, secretariat: Person, donor: Person
) -> None:
    project, theirs = f"{entity.user}-P1", f"{other.user}-P1"
    entity.publish(
        entity.project(allocations=shares(TL=600_000, FJ=400_000, P2=750_000, P4=250_000)),
        entity.indicator(),
        outcome(entity),
        entity.observation("20"),
        entity.observation("90", indicator="I2"),
    )
    other.publish(other.project(allocations=shares(TL=MICRO, P2=MICRO)), other.indicator(), other.observation("90"))

    # Output 20 of 100, outcome 120 → 90 of 60: E = (¼ × 0.2 + ½ × 0.5) ÷ ¾ = 0.4.
    await secretariat.figure_of("M4", f"project:{project}", 400_000)
    await secretariat.figure_of("M4", f"project:{theirs}", 900_000)
    before = await secretariat.figure_of("M4", "country:TL", half_even(600_000 * 400_000 + MICRO * 900_000, 1_600_000))
    assert before["value"] == 712_500
    sums = await totals(secretariat, "M4", "global")

    # Of two projects the public is told that there is a figure, and why it is not told which.
    withheld = await donor.figure_where("M4", "country:TL", lambda found: bool(found["withheld"]))
    assert (withheld["value"], withheld["withheld"], withheld["projects"]) == (None, "small-cell", 0)

    # One event: the output is 80. A colleague listens.
    colleague = Person.appear(secretariat.stack, secretariat.http, "secretariat")
    await colleague.subscribe(about="metric", metric="M4", scope="country:TL")
    update = entity.observation("80", type_="observation.corrected.v1")
    seen: list[Heard] = []
    async with listening(colleague) as heard:
        assert (await anext(heard)).kind == "ping"
        entity.publish(update)
        receipt = await entity.receipt(event=update.id)
        assert (receipt["outcome"], receipt["events"], receipt["project_id"]) == ("accepted", 1, project)
        live = await next_figure(heard, "M4", "country:TL", seen)
        # E = (¼ × 0.8 + ½ × 0.5) ÷ ¾ = 0.6; TL: (0.6 × 0.6 + 0.9) ÷ 1.6
        assert (live["value"], live["previous"], live["revision"]) == (787_500, 712_500, before["revision"] + 1)
        assert live["cause"]["project_id"] == project

        expected = {
            ("M1", f"indicator:{project}|I1"): 800_000,
            ("M4", f"project:{project}"): 600_000,
            ("M4", f"entity:{entity.user}"): 600_000,
            ("M4", f"entity-pillar:{entity.user}|P2"): 600_000,
            ("M4", f"entity-pillar:{entity.user}|P4"): 600_000,
            ("M4", "country:FJ"): 600_000,
            ("M4", "pillar-country:P4|FJ"): 600_000,
            ("M4", "country:TL"): 787_500,
            ("M4", "pillar-country:P2|TL"): half_even(450_000 * 600_000 + MICRO * 900_000, 1_450_000),
        }
        for (metric, scope), value in expected.items():
            assert (await secretariat.figure_of(metric, scope, value))["state"] == "PUBLISHED"
        after = await totals(secretariat, "M4", "global")
        assert after == (sums[0] + MICRO * 200_000, sums[1])

        # The same event again, and the same fact under another id: receipts, and nothing else.
        entity.publish(update, entity.observation("80", id=f"{update.id}-again"))
        assert (await entity.receipt(event=f"{update.id}-again"))["outcome"] == "unchanged"
        assert len(await entity.receipts(event=update.id)) == 1
        # A fact elsewhere ends the wait: whatever the copies had done would have come before it.
        other.publish(other.project("end", allocations=shares(VU=MICRO, P1=MICRO)), other.indicator("end"))
        other.publish(other.observation("10", "end"))
        # Its three events may come in one batch, and then in one figure.
        while (await next_figure(heard, "M4", "country:VU", seen))["value"] != 100_000:
            pass
    told = [(e.data["metric"], e.data["scope"]) for e in seen if e.kind == "metric"]
    ours = [key for key in told if key in expected]
    assert sorted(ours) == sorted(expected), "each figure that changed is told once"
    assert [e.id for e in seen if e.id] == sorted((e.id for e in seen if e.id), key=int)

    # One message, with the reason and a link.
    inbox = [m for m in await colleague.inbox() if m["scope"] == "country:TL"]
    assert len(inbox) == 1
    assert "78.8%, was 71.2%" in inbox[0]["title"]
    assert inbox[0]["reason"] and inbox[0]["link"]


async def totals(person: Person, metric: str, scope: str) -> tuple[int, int]:
    """The exact sums behind a total; nothing, where there is no figure yet."""
    found = await person.explanation(metric, scope, limit=1)
    return (found["numerator"], found["denominator"]) if found is not None else (0, 0)


async def test_pace_and_balance_follow(entity: Entity, secretariat: Person) -> None:
    """M2 and the money half of M7, in one country of its own."""
    entity.publish(
        entity.project("pace", allocations=shares(KI=MICRO, P1=600_000, P3=400_000)),
        entity.indicator("pace"),
        outcome(entity, "pace"),
        entity.observation("100", "pace"),
        entity.observation("90", "pace", "I2"),
    )
    project = f"{entity.user}-pace"
    # The period is over: one indicator achieved, one not.
    pace = await secretariat.figure_of("M2", f"project:{project}", 500_000)
    assert pace["parts"]["histogram"] == {"ACHIEVED": 1, "NOT_ACHIEVED": 1}
    country = await secretariat.figure_of("M2", "country:KI", 500_000)
    assert country["parts"]["histogram"] == {"ACHIEVED": 1, "NOT_ACHIEVED": 1}
    own = await secretariat.figure("M2", f"indicator:{project}|I2")
    assert own is not None
    assert own["parts"]["status"] == "NOT_ACHIEVED"

    balance = await secretariat.figure_of("M7", "country:KI", 0)  # the least share: two pillars have none
    assert balance["parts"]["budget"] == {"P1": 60_000_000, "P2": 0, "P3": 40_000_000, "P4": 0, "unallocated": 0}
    assert balance["parts"]["shares"] == {"P1": 600_000, "P2": 0, "P3": 400_000, "P4": 0}
    entity.publish(entity.project("pace", allocations=shares(KI=MICRO, P1=250_000, P2=250_000, P3=250_000, P4=250_000)))
    even = await secretariat.figure_of("M7", "country:KI", 250_000)
    assert even["previous"] == 0
    assert even["parts"]["budget"] == dict.fromkeys(("P1", "P2", "P3", "P4"), 25_000_000) | {"unallocated": 0}


async def test_a_retraction_and_a_withdrawal_take_their_figures_back(entity: Entity, secretariat: Person) -> None:
    entity.publish(
        entity.project("gone", allocations=shares(TV=MICRO, P1=MICRO)),
        entity.indicator("gone"),
        entity.observation("30", "gone"),
    )
    await secretariat.figure_of("M4", "country:TV", 300_000)
    project = f"{entity.user}-gone"
    retraction = {"project_id": project, "indicator_id": "I1", "period": {"start": "2025-01-01", "end": "2025-12-31"}}
    answer = await entity.post(event(entity, "observation.retracted.v1", retraction))
    assert answer.is_success
    missing = await secretariat.figure_of("M4", "country:TV", None)
    assert missing["state"] == "INSUFFICIENT_DATA"
    assert (missing["coverage"]["observed"], missing["lower"], missing["upper"]) == (0, 0, MICRO)
    assert (await entity.post(event(entity, "project.withdrawn.v1", {"project_id": project}))).is_success

    async def nothing_left() -> bool:
        found = await secretariat.figure("M4", "country:TV")
        return found is None or found["state"] == "NOT_APPLICABLE"

    await until(nothing_left, what="the withdrawn project to leave its country")


def event(entity: Entity, type_: str, data: dict[str, Any]) -> Envelope:
    return Envelope(
        id=f"{type_}-{data['project_id']}",
        source=f"/systems/{entity.user}",
        type=f"org.plumbline.{type_}",
        data=json.dumps(data).encode(),
    )


async def test_an_explanation_adds_up_to_the_integer_down_to_where_it_was_read(
    entity: Entity, other: Entity, secretariat: Person
) -> None:
    entity.publish(
        entity.project("why", allocations=shares(WS=333_333, TO=666_667, P2=MICRO)),
        entity.indicator("why", weight=3),
        entity.indicator("why", "I3"),
        outcome(entity, "why"),
        first := entity.observation("33.3", "why"),
        entity.observation("7", "why", "I3"),
        entity.observation("77", "why", "I2"),
    )
    theirs = other.project("why", allocations=shares(WS=MICRO, P3=MICRO))
    other.publish(theirs, other.indicator("why"), other.observation("61", "why"))

    async def both() -> dict[str, Any] | None:
        found = await secretariat.explanation("M4", "country:WS")
        known = found is not None and [child.get("value") for child in found["children"]]
        return found if known and len(known) == 2 and None not in known else None

    tree = await until(both, what="both projects in the explanation")
    assert tree is not None
    # 33.3 % with weight 3 and 7 % with weight 1; (120 − 77) ÷ 60; HALF_EVEN at each step.
    output, result = (3 * 333_000 + 70_000) // 4, 716_667
    project = half_even(output + 2 * result, 3)
    assert tree["value"] == half_even(333_333 * project + MICRO * 610_000, 1_333_333)
    await secretariat.figure_of("M4", "country:WS", tree["value"])
    assert tree["numerator"] == sum(child["numerator"] for child in tree["children"])
    assert tree["denominator"] == sum(child["denominator"] for child in tree["children"])
    assert half_even(tree["numerator"], tree["denominator"]) == tree["value"]
    for child in tree["children"]:
        assert child["numerator"] == child["share"] * child["value"]
        weighed = [(level["weight"], level["value"]) for level in child["children"]]
        assert child["value"] == half_even(sum(w * v for w, v in weighed), sum(w for w, _ in weighed))
        for level in child["children"]:
            assert level["value"] == half_even(sum(r["value"] for r in level["children"]), len(level["children"]))
            for result_ in level["children"]:
                parts = [(i["weight"], i["value"]) for i in result_["children"]]
                assert result_["value"] == half_even(sum(w * v for w, v in parts), sum(w for w, _ in parts))
                for indicator in result_["children"]:
                    assert indicator["children"], "an indicator rests on nothing"
                    for fact in indicator["children"]:
                        assert fact["origin"]["submission_id"]
    observations = [node for node in every(tree) if node["kind"] == "observation" and node["calc"] == "33.3"]
    receipt = await entity.receipt(event=first.id)
    assert [node["origin"]["submission_id"] for node in observations] == [receipt["submission_id"]]


def every(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(found for child in node.get("children") or [] for found in every(child))]


def half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))


async def test_the_same_by_http_in_every_mode(entity: Entity, secretariat: Person) -> None:
    """Structured, binary, batch and lines: four doors, one house."""
    name = "http"
    answer = await entity.post(entity.project(name, allocations=shares(NR=MICRO, P1=MICRO)))
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted"]

    indicator = entity.indicator(name)
    headers = {
        "ce-specversion": "1.0", "ce-id": indicator.id, "ce-source": quote(indicator.source, safe="/"),
        "ce-type": indicator.type, "Content-Type": "application/json",
    }  # fmt: skip
    answer = await entity.call("POST", "intake", "/v1/events", content=indicator.data, headers=headers)
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted"]

    answer = await entity.post([outcome(entity, name), entity.observation("50", name)])
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["accepted"] * 2
    # The outcome is not reported yet: a third of the weight is known, so the figure is withheld, not guessed.
    unknown = await secretariat.figure_of("M4", f"project:{entity.user}-{name}", None)
    assert unknown["state"] == "INSUFFICIENT_DATA"

    lines = [entity.observation("60", name), entity.observation("60", name, "I2")]
    body = b"\n".join(json.dumps(line.to_structured()).encode() for line in lines)
    sent = {"Content-Type": "application/x-ndjson"}
    answer = await entity.call("POST", "intake", "/v1/events", content=body, headers=sent)
    assert [(r["event_id"], r["outcome"]) for r in answer.json()["receipts"]] == [(e.id, "accepted") for e in lines]
    # Output 0.6, outcome reached: (0.6 + 2 × 1) ÷ 3
    await secretariat.figure_of("M4", "country:NR", 866_667)

    # Once more, as a client does that lost the answer.
    answer = await entity.call("POST", "intake", "/v1/events", content=body, headers=sent)
    assert answer.status_code == httpx.codes.ACCEPTED
    assert [r["outcome"] for r in answer.json()["receipts"]] == ["duplicate"] * 2
    figure = await secretariat.figure("M4", "country:NR")
    assert figure is not None
    assert figure["value"] == 866_667

"""The golden tests of the methodology (§4) that concern whole portfolios: shares, contribution, money, judgements.

Facts go in as an entity sends them, or an office; figures come out at the gateway. Every total is of a country in
which nobody else has a project, so that its figures are whole numbers the method knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support import kafka
from tests.support.iati import a_file, an_activity
from tests.support.people import Entity, Person
from tests.support.waiting import until

from contracts.envelope import Envelope

pytestmark = pytest.mark.stack

MICRO = 1_000_000
TOLD = ("value", "state", "coverage", "lower", "upper", "flags", "parts", "projects", "inferred_ppm", "classification")
"""What a figure says, but for when it was said."""


def shares(country: str, **pillars: int) -> list[dict[str, Any]]:
    """All of a project in one country, and its pillars in ppm."""
    return [
        {"dim": "COUNTRY", "code": country, "ppm": MICRO},
        *({"dim": "PILLAR", "code": pillar, "ppm": ppm} for pillar, ppm in pillars.items()),
    ]


def budget(amount: str, type_: str = "1") -> dict[str, Any]:
    return {
        "period_start": "2025-01-01", "period_end": "2025-12-31", "type": type_, "status": "2",
        "amount": amount, "currency": "USD", "value_date": "2025-01-01",
    }  # fmt: skip


def money(entity: Entity, name: str, type_: str, amount: str, **over: Any) -> Envelope:
    """A transaction in dollars."""
    id_ = f"t{type_}{amount}"
    posted = {"type": type_, "date": "2025-05-05", "value_date": "2025-05-05", "amount": amount, "currency": "USD"}
    return entity.says("transaction.posted.v1", name, transaction_id=id_, **posted, **over)


def has(**expected: Any) -> Callable[[dict[str, Any]], bool]:
    """Whether a figure's parts say this."""
    return lambda figure: {name: figure["parts"].get(name) for name in expected} == expected


async def test_g3_percentages_that_do_not_add_up(entity: Entity, secretariat: Person) -> None:
    """Antigua stands for Burkina Faso, Barbados for Mali, Dominica for Niger: the tie goes to the first code."""
    thirds = [{"dim": "COUNTRY", "code": code, "ppm": 333_000} for code in ("BB", "DM", "AG")]
    pillars = [{"dim": "PILLAR", "code": code, "ppm": ppm} for code, ppm in (("P1", 600_000), ("P4", 400_000))]
    said = entity.project("g3", allocations=thirds + pillars, budgets=[budget("1000000.01")])
    entity.publish(said, entity.indicator("g3"), entity.observation("50", "g3"))
    whole = await secretariat.figure_of("M4", f"project:{entity.user}-g3", 500_000)
    assert "PERCENT_NORMALISED" in whole["flags"]
    cells = {}
    for code in ("AG", "BB", "DM"):
        for pillar in ("P1", "P4"):
            scope = f"pillar-country:{pillar}|{code}"
            await secretariat.figure_of("M4", scope, 500_000)
            tree = await secretariat.explanation("M4", scope)
            assert tree is not None
            ((share,),) = [[child["share"] for child in tree["children"]]]
            balance = await secretariat.figure_where("M7", f"country:{code}", lambda f: f["value"] is not None)
            cells[f"{code}|{pillar}"] = (share, balance["parts"]["budget"][pillar])
    assert cells == {
        "BB|P1": (200_000, 20_000_000), "BB|P4": (133_333, 13_333_300),
        "DM|P1": (200_000, 20_000_000), "DM|P4": (133_333, 13_333_300),
        "AG|P1": (200_000, 20_000_001), "AG|P4": (133_334, 13_333_400),
    }  # fmt: skip
    assert sum(share for share, _ in cells.values()) == MICRO
    assert sum(cents for _, cents in cells.values()) == 100_000_001


@pytest.mark.parametrize(("stated", "rule"), [(("50", "40"), "PERCENT_SUM"), (("50", None), "PERCENTAGE_REQUIRED")])
async def test_g3_what_cannot_be_meant_is_refused(entity: Entity, stated: tuple[str, str | None], rule: str) -> None:
    places = "".join(
        f'<recipient-country code="{code}"' + (f' percentage="{share}"/>' if share else "/>")
        for code, share in zip(("BB", "DM"), stated, strict=True)
    )
    activity = an_activity(identifier=f"{entity.user}-{rule}", places=places).replace("XM-DAC-41120", entity.user)
    answer = await entity.upload(a_file(activity))
    receipt = await entity.judged(answer.json()["submission_id"])
    assert (receipt["accepted"], receipt["quarantined"]) == (0, 1)
    assert f"plumbline:{rule}" in receipt["rules"]


async def test_g6_a_shared_outcome_is_claimed_twice(entity: Entity, other: Entity, secretariat: Person) -> None:
    """What a count of 100 is credited with is γ of it; the service publishes γ, not the count.

    Claims are the secretariat's word: when a claimant leaves, it states them anew, and then nothing is scaled up.
    """
    claimants = ((entity, "VERIFIED_ADMIN", 800_000, 750_000), (other, "SELF_DOCUMENTED", 600_000, 500_000))
    this_year = {"start": "2026-01-01", "end": "2026-10-31"}
    aim = {"period_start": this_year["start"], "period_end": this_year["end"], "value": "100"}
    cell = "pillar-country:P3|GD"
    claims = []
    for sender, source, share, strength in claimants:
        sender.publish(
            sender.project("g6", allocations=shares("GD", P3=MICRO)),
            sender.indicator("g6", result_type="2", targets=[aim]),
            sender.observation("50", "g6", period=this_year, source_type=source),
        )
        claims.append({"project_id": f"{sender.user}-g6", "share": share, "strength": strength})

    async def state(these: list[dict[str, Any]]) -> None:
        data: dict[str, Any] = {
            "shared_result_ref": f"SR-{entity.user}",
            "country": "GD",
            "pillar": "P3",
            "claims": these,
        }
        event = kafka.an_event("secretariat", data, "shared-result.claims-changed.v1")
        answer = await secretariat.call("POST", "intake", "/v1/events", json=event.to_structured())
        assert answer.is_success, answer.text

    async def gammas() -> list[str]:
        tree = await secretariat.explanation("M6", cell)
        assert tree is not None
        facts = [fact for child in tree["children"] for fact in child["children"]]
        return sorted(fact["calc"] for fact in facts if fact["label"].startswith("Shared result"))

    await state(claims)
    both = await secretariat.figure_where("M6", cell, has(indicators=2, evidenced=246_429, depth=1_960_000))
    assert (both["value"], both["parts"]["evidence_gap"]) == (500_000, 253_571)
    assert await gammas() == ["γ 0.428571, δ 0.500000", "γ 0.571429, δ 0.750000"]

    await state(claims[:1])
    assert (await other.post(other.says("project.withdrawn.v1", "g6"))).is_success
    one = await secretariat.figure_where("M6", cell, has(indicators=1, evidenced=318_750, depth=MICRO))
    assert one["value"] == 500_000
    assert await gammas() == ["γ 0.800000, δ 0.750000"]


async def test_g7_markers_and_the_fifteen_per_cent(entity: Entity, secretariat: Person) -> None:
    """DAC's 2 is GEM's 3; what B passes on to C is C's to report; a refund counts with its sign."""
    inside = {"receiver_activity_id": f"{entity.user}-g7C"}
    portfolio: dict[str, tuple[tuple[str, int] | None, list[tuple[str, str, dict[str, Any]]]]] = {
        "A": (("GEM", 3), [("4", "4000000", {})]),
        "B": (("DAC", 2), [("4", "500000", {}), ("3", "1000000", inside)]),
        "C": (("GEM", 2), [("4", "1000000", {})]),
        "D": (("DAC", 1), [("4", "6000000", {}), ("4", "-500000", {})]),
        "E": (None, [("4", "2000000", {})]),
        "F": (("GEM", 0), [("4", "13500000", {})]),
    }
    said = []
    for name, (marker, spent) in portfolio.items():
        said.append(entity.project(f"g7{name}", allocations=shares("LC", P4=MICRO)))
        if marker is not None:
            scheme, digit = marker
            said.append(
                entity.says("marker.assigned.v1", f"g7{name}", scheme=scheme, stage="DESIGN", significance=digit)
            )
        said += [money(entity, f"g7{name}", type_, amount, **over) for type_, amount, over in spent]
    entity.publish(*said)
    found = await secretariat.figure_where(
        "M9", "country:LC", lambda f: (f["projects"], f["lower"], f["upper"]) == (6, 169_811, 245_283)
    )
    assert (found["parts"]["year"], found["parts"]["status"]) == ("2025", "MET")
    year = found["parts"]["years"]["2025"]
    assert year["by_code"] == {"3": 450_000_000, "2": 650_000_000, "0": 1_350_000_000, "null": 200_000_000}
    assert year["strict"] == {"lower": 169_811, "upper": 245_283}
    assert (year["broad"]["lower"], year["coded"], year["status"]) == (415_094, 924_528, "MET")


async def test_g8_an_evaluation_supersedes_once_its_quality_is_known(entity: Entity, secretariat: Person) -> None:
    criteria = ("relevance", "coherence", "effectiveness", "efficiency", "impact", "sustainability")

    def evaluation(id_: str, stage: str, scale: int, ratings: list[int], day: str, by: str) -> Envelope:
        rated = dict(zip(criteria, ratings, strict=False))
        data = {"stage": stage, "scale": scale, "ratings": rated, "completed_on": day, "independence": by}
        return entity.says("evaluation.published.v1", "g8", evaluation_id=id_, **data)

    def quality(id_: str, of_six: int) -> Envelope:
        return entity.says("evaluation.quality-rated.v1", "g8", evaluation_id=id_, quality=of_six, rated_by="QA panel")

    midterm = evaluation("E1", "MIDTERM", 4, [3, 3, 2, 2, 2], "2024-06-30", "INDEPENDENT")
    steps: list[tuple[Envelope, str, int | None, tuple[str, int, int, bool]]] = [
        (quality("E1", 5), "E1", 5, ("E1", 466_667, 2, False)),
        (evaluation("E2", "FINAL", 6, [5, 5, 4, 4, 0, 4], "2025-06-30", "INDEPENDENT"), "E2", None,
         ("E1", 466_667, 2, False)),
        (quality("E2", 3), "E2", 3, ("E1", 466_667, 2, False)),
        (quality("E2", 4), "E2", 4, ("E2", 680_000, 4, True)),
        (evaluation("E3", "EXPOST", 6, [6] * 6, "2026-06-30", "SELF"), "E3", None, ("E2", 680_000, 4, True)),
        (quality("E3", 6), "E3", 6, ("E2", 680_000, 4, True)),
    ]  # fmt: skip
    entity.publish(entity.project("g8"), midterm)
    for event, id_, of_six, expected in steps:
        entity.publish(event)

        def told(figure: dict[str, Any], id_: str = id_, of_six: int | None = of_six) -> bool:
            known = figure["parts"].get("evaluations", {}).get(id_)
            return known is not None and known.get("quality") == of_six

        found = await secretariat.figure_where("M5", f"project:{entity.user}-g8", told)
        parts = found["parts"]
        assert (parts["headline"], found["value"], parts["overall"], parts["positive"]) == expected
        assert parts["derived"]
    assert len(parts["evaluations"]) == 3


async def test_g9_the_gate_and_a_highest_risk_that_goes(entity: Entity, secretariat: Person) -> None:
    def risk(id_: str, inherent: str, residual: str, mitigation: str, owner: str | None = "A. Owner") -> Envelope:
        (a, b), (c, d) = (map(int, levels.split("x")) for levels in (inherent, residual))
        data = {"likelihood": a, "impact": b, "residual_likelihood": c, "residual_impact": d, "owner": owner}
        return entity.says("risk.assessed.v1", "g9", risk_id=id_, category="security", mitigation=mitigation, **data)

    def decided(status: str) -> Envelope:
        return entity.says("hrddp.decided.v1", "g9", hrddp_id="H1", status=status, conditions={"en": "Vetting"})

    def project(**over: Any) -> Envelope:
        return entity.project("g9", allocations=shares("SC", P2=MICRO), **over)

    closed = entity.says("risk.closed.v1", "g9", risk_id="R1")
    steps: list[tuple[list[Envelope], int, int, str, str, list[str]]] = [
        ([project(), risk("R1", "5x4", "2x3", "PLANNED")], 20, 20, "VERY_HIGH", "ESCALATE", ["RESIDUAL_VERY_HIGH"]),
        ([risk("R1", "5x4", "2x3", "IMPLEMENTED"), risk("R2", "3x4", "2x4", "PLANNED", None)],
         20, 12, "HIGH", "HOLD", ["UNTREATED_HIGH"]),
        ([risk("R2", "3x4", "2x4", "IMPLEMENTED")], 20, 8, "MEDIUM", "GO", []),
        ([project(supports_security_forces=True)], 20, 8, "MEDIUM", "NO_GO", ["HRDDP_INCOMPLETE"]),
        ([decided("CLEARED_WITH_MITIGATION")], 20, 8, "MEDIUM", "GO_WITH_CONDITIONS", []),
        ([closed], 12, 8, "MEDIUM", "GO_WITH_CONDITIONS", []),
        ([decided("REFUSED")], 12, 8, "MEDIUM", "NO_GO", ["HRDDP_REAL_RISK"]),
    ]  # fmt: skip
    for said, inherent, residual, band, gate, reasons in steps:
        entity.publish(*said)
        expected = has(inherent=inherent, residual=residual, band=band, gate=gate, reasons=reasons or None)
        own = await secretariat.figure_where("M10", f"project:{entity.user}-g9", expected)
        assert (own["value"], own["flags"]) == (residual * MICRO // 25, reasons)
        # The country's highest is read from its heat map, which a closed risk leaves.
        await secretariat.figure_where("M10", "country:SC", has(inherent=inherent, residual=residual, gates={gate: 1}))


async def test_g10_what_was_reverted_leaves_no_trace(entity: Entity, secretariat: Person) -> None:
    """Every figure of the country is the first one again, to the last unit. A hash of all state, the tests of scoring
    compare; here other projects stand beside it.
    """

    def project(name: str, millions: int, **pillars: int) -> Envelope:
        return entity.project(f"g10{name}", allocations=shares("VC", **pillars), budgets=[budget(f"{millions}000000")])

    def becomes(status: str) -> Envelope:
        return entity.says("project.status-changed.v1", "g10A", to=status)

    async def balance(j: int, *millions: int) -> dict[str, Any]:
        cents = {f"P{n}": amount * 100_000_000 for n, amount in enumerate(millions, 1)}
        return await secretariat.figure_where(
            "M7",
            "country:VC",
            lambda f: f["parts"]["budget"] == cents | {"unallocated": 0} and f["parts"]["indices"].get("J") == j,
        )

    async def all_figures() -> dict[str, Any]:
        found = {m: await secretariat.figure(m, "country:VC") for m in ("M2", "M4", "M7", "M8", "M10", "M11")}
        return {metric: {k: figure[k] for k in TOLD} for metric, figure in found.items() if figure is not None}

    entity.publish(
        project("A", 20, P1=MICRO), project("B", 50, P2=MICRO), project("C", 25, P3=MICRO), project("D", 5, P4=MICRO)
    )
    assert (await balance(840_200, 20, 50, 25, 5))["value"] == 50_000
    first = await all_figures()
    assert len(first) == 6
    entity.publish(project("B", 50, P2=700_000, P4=300_000))
    assert (await balance(979_400, 20, 35, 25, 20))["value"] == 200_000
    entity.publish(becomes("5"))
    assert (await balance(773_100, 0, 35, 25, 20))["value"] == 0
    entity.publish(becomes("2"), project("B", 50, P2=MICRO))
    await balance(840_200, 20, 50, 25, 5)
    assert await eventually_equal(all_figures, first)


async def eventually_equal(ask: Callable[[], Awaitable[dict[str, Any]]], expected: dict[str, Any]) -> bool:
    """One metric's figure may come a moment before another's."""

    async def equal() -> bool:
        return await ask() == expected

    return await until(equal, what="every figure to be the first one again")


async def test_g11_commitments_and_receipts_are_the_same_money(entity: Entity, secretariat: Person) -> None:
    entity.publish(
        entity.project("g11", budgets=[budget("10000000"), budget("12000000", "2")]),
        money(entity, "g11", "11", "5000000", agreement_ref="G1"),
        money(entity, "g11", "1", "3000000", agreement_ref="G1"),
        money(entity, "g11", "1", "1200000", agreement_ref="G2"),
        money(entity, "g11", "13", "4000000"),
    )
    expected = {"required": 12, "available": 6.2, "gap": 5.8, "surplus": 0, "pledged": 4}
    cents = {name: round(millions * 100_000_000) for name, millions in expected.items()}
    found = await secretariat.figure_where("M11", f"project:{entity.user}-g11", has(**cents))
    assert found["value"] == 516_667

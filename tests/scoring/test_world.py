"""Rates of exchange, shared results and money passed on: facts of the world move the projects they concern."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_feed import Feed, a_marker, a_project, an_actual, an_indicator

from contracts.context import Rate, RatesPublished
from contracts.coordination import Claim, SharedResultClaimsChanged
from contracts.portfolio import Budget, ProjectWithdrawn, TransactionPosted
from runtime.access import SYSTEM
from scoring import store
from scoring.domain.families import FAMILIES
from scoring.domain.sharing import Claim as Claimed
from scoring.domain.sharing import scaled
from scoring.usecases.explaining_families import explain_family

pytestmark = pytest.mark.stack

A, B = "XM-DEMO-1-A", "XM-DEMO-2-B"


def rates(version: str, **units: str) -> RatesPublished:
    rows = [Rate(currency=code, valid_from="2025-01-01", units_per_usd=value) for code, value in units.items()]  # type: ignore[arg-type]
    return RatesPublished(
        table_id="TEST", version=version, source="a test", published_on="2025-01-01",
        rows=rows, content_sha256="0" * 64,
    )  # type: ignore[arg-type]  # fmt: skip


def in_euros(amount: str) -> Any:
    when = {"period_start": "2025-01-01", "period_end": "2025-12-31", "value_date": "2025-01-10"}
    return a_project(A, budgets=[Budget(amount=amount, currency="EUR", **when)])  # type: ignore[arg-type]


async def test_a_table_of_rates_converts_what_waited_for_it(feed: Feed) -> None:
    said = await feed.say(in_euros("800"))
    assert "FX_RATE_MISSING" in said[f"M4 project:{A}"].flags
    assert said["M7 global"].parts["budget"]["P2"] == 0
    said = await feed.say(rates("2025-01", EUR="0.8"))
    assert said["M7 global"].parts["budget"]["P2"] == 75_000
    assert "FX_RATE_MISSING" not in said[f"M4 project:{A}"].flags
    assert said[f"M11 project:{A}"].parts["required"] == 100_000
    # A newer version of the table counts, an older one that comes late does not.
    late = feed.stamped(rates("2024-12", EUR="8"))
    said = await feed.say(rates("2025-02", EUR="0.4"))
    assert said[f"M11 project:{A}"].parts["required"] == 200_000
    assert not (await feed.say(late)).figures
    assert (await feed.rebuilt()).equal
    # Another worker converts by the same table.
    said = await feed.worker().say(in_euros("1200"))
    assert said[f"M11 project:{A}"].parts["required"] == 300_000


async def test_a_rate_restated_is_another_reckoning_and_a_new_month_is_data(feed: Feed) -> None:
    def table(version: str, *rows: tuple[str, str]) -> RatesPublished:
        said = [Rate(currency="EUR", valid_from=day, units_per_usd=units) for day, units in rows]  # type: ignore[arg-type]
        return rates(version, EUR="1").model_copy(update={"rows": said})

    async def kinds() -> list[tuple[str, int | None]]:
        async with feed.database.transaction(SYSTEM) as tx:
            found = await store.revisions_between(tx.conn, "M11", f"project:{A}", -1, 2**62, 10)
        return [(r.kind, r.expected) for r in found]

    await feed.say(in_euros("800"))
    january = ("2025-01-01", "0.8")
    await feed.say(table("1", january))
    await feed.say(table("2", january, ("2025-02-01", "0.9")))
    assert [kind for kind, _ in await kinds()] == ["NEW_DATA", "NEW_DATA"]
    said = await feed.say(table("3", ("2025-01-01", "0.80"), ("2025-02-01", "0.9"), ("2025-03-01", "0.7")))
    assert not said.figures
    await feed.say(table("4", ("2025-01-01", "0.5"), ("2025-02-01", "0.9"), ("2025-03-01", "0.7")))
    assert [kind for kind, _ in await kinds()] == ["NEW_DATA", "NEW_DATA", "METHOD_CHANGE"]
    assert (await feed.rebuilt()).equal


async def test_a_rate_that_is_none_is_refused_whole(feed: Feed) -> None:
    said = await feed.say(in_euros("800"), rates("1", EUR="0"))
    assert [code for _, code in said.rejected] == ["PAYLOAD"]
    assert "FX_RATE_MISSING" in said[f"M4 project:{A}"].flags


def claims(**shares: int | None) -> SharedResultClaimsChanged:
    names = {"A": A, "B": B}
    return SharedResultClaimsChanged(
        shared_result_ref="SR-1",
        claims=[Claim(project_id=names[k], share=share, strength=500_000) for k, share in shares.items()],
    )


async def test_claims_on_a_shared_result_are_scaled_and_let_go(feed: Feed) -> None:
    for project, entity in ((A, "XM-DEMO-1"), (B, "XM-DEMO-2")):
        await feed.say(
            a_project(project, entity=entity), an_indicator(project, result_type="2"), an_actual("50", project)
        )
    said = await feed.say(claims(A=800_000, B=600_000))
    figure = said["M6 pillar-country:P2|ML"]
    assert (figure.value, figure.parts["depth"]) == (500_000, 1_960_000)
    older = feed.stamped(claims(A=1_000_000))
    newer = feed.stamped(claims(A=800_000))
    said = await feed.say(newer)
    assert {scope for metric, scope in said.figures if metric == "M6"} >= {f"project:{B}", "pillar:P2"}
    assert not (await feed.say(older)).figures, "older claims change nothing"
    assert (await feed.rebuilt()).equal


async def test_a_claim_on_a_project_that_never_comes_is_harmless(feed: Feed) -> None:
    assert not (await feed.say(claims(A=800_000))).figures
    assert (await feed.rebuilt()).equal
    said = await feed.say(a_project(A), an_indicator(A, result_type="2"), an_actual("50", A))
    assert said[f"M6 project:{A}"].value == 500_000
    assert (await feed.rebuilt()).equal


def test_g6_claims_beyond_the_whole_are_scaled_and_never_up() -> None:
    both = scaled([Claimed("P1", None, 800_000), Claimed("P2", None, 600_000)])
    assert [claim.share for claim in both] == [571_429, 428_571]
    assert [claim.share for claim in scaled([Claimed("P1", None, 800_000)])] == [800_000]


def test_what_declared_no_share_divides_what_is_left() -> None:
    found = scaled([Claimed("P1", None, 400_000), Claimed("P2"), Claimed("P3")])
    assert [claim.share for claim in found] == [400_000, 300_000, 300_000]
    assert [claim.share for claim in scaled([Claimed("P1", None, 1_200_000), Claimed("P2")])] == [1_000_000, 0]


def paid(project: str, amount: str, type_: Any, id_: str, to: str | None = None) -> TransactionPosted:
    return TransactionPosted(
        project_id=project, transaction_id=id_, type=type_, date="2025-05-05", value_date="2025-05-05", amount=amount,
        currency="USD", receiver_activity_id=to,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
async def test_what_is_passed_on_counts_at_the_receiver_once_it_is_here(feed: Feed, together: bool) -> None:
    first = [a_project(A), a_marker(3, A), paid(A, "1000", "3", "t1", B), paid(A, "500", "4", "t2")]
    second = [a_project(B, entity="XM-DEMO-2"), a_marker(0, B), paid(B, "900", "4", "t3")]
    if together:
        said = await feed.say(*first, *second)
    else:
        said = await feed.say(*first)
        assert said["M9 global"].parts["years"]["2025"]["by_code"] == {"3": 150_000}
        said = await feed.say(*second)
    assert said["M9 global"].parts["years"]["2025"]["by_code"] == {"3": 50_000, "0": 90_000}
    assert (await feed.rebuilt()).equal
    said = await feed.say(ProjectWithdrawn(project_id=B))
    assert said["M9 global"].parts["years"]["2025"]["by_code"] == {"3": 150_000}
    assert (await feed.rebuilt()).equal


async def test_an_explanation_of_the_fifteen_per_cent_adds_up_over_the_figures_own_year(feed: Feed) -> None:
    old = TransactionPosted(
        project_id=A, transaction_id="old", type="4", date="2024-05-05", value_date="2024-05-05", amount="7",
        currency="USD",
    )  # type: ignore[arg-type]  # fmt: skip
    await feed.say(a_project(A), a_marker(3, A), old)
    await feed.say(a_project(B, entity="XM-DEMO-2"), a_marker(0, B), paid(B, "900", "4", "t3"))
    async with feed.database.transaction(SYSTEM) as tx:
        tree = await explain_family(tx, FAMILIES["M9"], "global", None, 10)
    assert tree is not None
    assert (tree["numerator"], tree["denominator"]) == (0, 90_000 * 1_000_000)
    assert sum(int(child["denominator"]) for child in tree["children"]) == tree["denominator"]

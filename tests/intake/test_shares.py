"""Shares that add up exactly (golden test G3 of the methodology)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.iati import an_activity, facts_of, judged, rules

from intake.domain.shares import WHOLE, cross, largest_remainder, within_tolerance

G3 = {"ML|P1": 200000, "ML|P4": 133333, "NE|P1": 200000, "NE|P4": 133333, "BF|P1": 200000, "BF|P4": 133334}
THREE = "".join(f'<recipient-country code="{code}" percentage="33.3"/>' for code in ("ML", "NE", "BF"))
PILLARS = '<sector vocabulary="1" code="15130"/>' + "".join(
    f'<sector vocabulary="99" vocabulary-uri="https://plumbline.example/vocabulary/pillar" code="{code}"'
    f' percentage="{share}"><narrative>{code}</narrative></sector>'
    for code, share in (("P1", 60), ("P4", 40))
)


def test_golden_percentages_that_do_not_add_up() -> None:
    found = judged(an_activity(places=THREE, sectors=PILLARS))
    (project,) = facts_of(found, "project")
    shares = {row["code"]: row["ppm"] for row in project.data["allocations"] if row["dim"] in {"COUNTRY", "PILLAR"}}
    assert shares == {"ML": 333333, "NE": 333333, "BF": 333334, "P1": 600000, "P4": 400000}
    countries = {code: shares[code] for code in ("ML", "NE", "BF")}
    pillars = {code: shares[code] for code in ("P1", "P4")}
    assert {f"{a}|{b}": ppm for (a, b), ppm in cross(countries, pillars).items()} == G3
    assert "PERCENT_NORMALISED" in project.data["flags"]
    assert rules(found)["plumbline:PERCENT_NORMALISED"] == "notice"
    assert not project.data.get("pillar_inferred")


@pytest.mark.parametrize(("shares", "rule"), [(("50", "40"), "PERCENT_SUM"), (("50", None), "PERCENTAGE_REQUIRED")])
def test_golden_rejects(shares: tuple[str, str | None], rule: str) -> None:
    places = "".join(
        f'<recipient-country code="{code}"' + (f' percentage="{share}"/>' if share else "/>")
        for code, share in zip(("ML", "NE"), shares, strict=True)
    )
    found = judged(an_activity(places=places))
    assert rules(found)[f"plumbline:{rule}"] == "error"
    assert found.facts == ()


@given(st.dictionaries(st.text("ABC", min_size=1, max_size=3), st.integers(0, 10**9), min_size=1).filter(
    lambda weights: any(weights.values())
))  # fmt: skip
def test_shares_always_add_up(weights: dict[str, int]) -> None:
    parts = largest_remainder({code: Fraction(weight, 7) for code, weight in weights.items()})
    assert sum(parts.values()) == WHOLE
    whole = sum(weights.values())
    assert all(abs(parts[code] - Fraction(WHOLE * weight, whole)) < 1 for code, weight in weights.items())


def test_ties_go_to_the_lower_code() -> None:
    assert largest_remainder({code: Fraction(1) for code in "CBA"}) == {"A": 333334, "B": 333333, "C": 333333}


def test_no_shares_of_nothing() -> None:
    for weights in ({}, {"A": Fraction(0)}, {"A": Fraction(2), "B": Fraction(-1)}):
        with pytest.raises(ValueError, match="weights"):
            largest_remainder(weights)


def test_half_a_point_is_tolerated_and_no_more() -> None:
    assert within_tolerance(Fraction("99.5"))
    assert within_tolerance(Fraction("100.5"))
    assert not within_tolerance(Fraction("99.49"))

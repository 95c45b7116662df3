"""§0.6: shares divided to the last unit, nothing spread, sums that close."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.scoring_facts import a_project

from scoring.domain.allocation import (
    AllocationError,
    divide,
    joint,
    largest_remainder,
    normalise,
    places_of,
    shares_of,
)
from scoring.domain.facts import Version
from scoring.domain.method import FIRST_METHOD
from scoring.domain.places import M49
from scoring.domain.register import _about as about_of
from scoring.domain.state import Money

SAHEL = [("ML", 333_000), ("NE", 333_000), ("BF", 333_000)]
G3_PPM = {
    ("ML", "P1"): 200_000,
    ("ML", "P4"): 133_333,
    ("NE", "P1"): 200_000,
    ("NE", "P4"): 133_333,
    ("BF", "P1"): 200_000,
    ("BF", "P4"): 133_334,
}
G3_CENTS = {
    ("ML", "P1"): 20_000_000,
    ("ML", "P4"): 13_333_300,
    ("NE", "P1"): 20_000_000,
    ("NE", "P4"): 13_333_300,
    ("BF", "P1"): 20_000_001,
    ("BF", "P4"): 13_333_400,
}


def test_g3_percentages_that_do_not_add_up() -> None:
    countries, moved = normalise(SAHEL)
    assert moved
    cells = joint(countries, {"P1": 600_000, "P4": 400_000})
    assert cells == G3_PPM
    assert sum(cells.values()) == 1_000_000
    cents = divide(100_000_001, cells)
    assert cents == G3_CENTS
    assert sum(cents.values()) == 100_000_001


def test_g3_refusals() -> None:
    with pytest.raises(AllocationError) as wrong_sum:
        normalise([("ML", 500_000), ("NE", 400_000)])
    with pytest.raises(AllocationError) as missing:
        normalise([("ML", 500_000), ("NE", None)])
    assert (wrong_sum.value.code, missing.value.code) == ("PERCENT_SUM", "PERCENTAGE_REQUIRED")
    assert normalise([("ML", None)]) == ({"ML": 1_000_000}, False)


@given(
    st.integers(-(10**18), 10**18),
    st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any),
)
def test_every_unit_is_given_and_none_twice(total: int, weights: list[int]) -> None:
    shares = largest_remainder(total, weights, [str(i) for i in range(len(weights))])
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < whole


def test_a_country_lies_in_its_regions() -> None:
    assert M49.of_country("ML") == ("011", "202", "002")
    assert M49.of_country("XX") == ()
    assert M49.of_region("11") == ("011", "202", "002")
    assert M49.of_region("289") == ("002",)  # DAC, South of Sahara
    assert M49.of_region("OWN-7") is None


def test_countries_and_regions_share_one_hundred_per_cent() -> None:
    version = Version(0, "", "")
    both = about_of(a_project(countries={"ML": 600_000}, regions={"011": 400_000}), version)
    assert places_of(both) == {"ML": 600_000, "@011": 400_000}
    described = about_of(a_project(countries={"ML": 1_000_000}, regions={"011": 1_000_000}), version)
    assert places_of(described) == {"ML": 1_000_000}
    half = about_of(a_project(countries={"ML": 600_000}), version)
    assert places_of(half) == {"ML": 600_000, "": 400_000}


ppm = st.integers(0, 1_000_000)


@given(
    st.dictionaries(st.sampled_from(["ML", "NE", "BF", "KE", "UA", "XX"]), ppm, max_size=4),
    st.dictionaries(st.sampled_from(["011", "289", "998", "142", "OWN"]), ppm, max_size=2),
    st.dictionaries(st.sampled_from(["P1", "P2", "P3", "P4"]), ppm, max_size=4),
    st.integers(-(10**9), 10**15),
    st.integers(-(10**9), 10**15),
)
def test_regions_are_the_sums_of_their_countries_and_the_world_of_its_regions(
    countries: dict[str, int], regions: dict[str, int], pillars: dict[str, int], budget: int, spend: int
) -> None:
    about = about_of(a_project(countries=countries, regions=regions, pillars=pillars), Version(0, "", ""))
    shares = shares_of(about, Money(budget, spend), FIRST_METHOD)
    leaves = {s: v for s, v in shares.items() if s.startswith(("country:", "region-direct:")) or s == "unallocated"}
    assert sum(v.ppm for v in leaves.values()) == shares["global"].ppm == 1_000_000
    for position in range(5):
        assert sum(v.budget[position] for v in leaves.values()) == shares["global"].budget[position]
        assert sum(v.spend[position] for v in leaves.values()) == shares["global"].spend[position]
    assert sum(shares["global"].budget) == budget
    for scope, share in shares.items():
        if scope.startswith("region:"):
            code = scope.removeprefix("region:")
            inside = [
                v
                for s, v in leaves.items()
                if code
                in (
                    M49.of_country(s.removeprefix("country:"))
                    if s.startswith("country:")
                    else M49.of_region(s.removeprefix("region-direct:")) or ()
                )
            ]
            assert share.ppm == sum(v.ppm for v in inside)
            assert share.budget == tuple(map(sum, zip(*(v.budget for v in inside), strict=True)))

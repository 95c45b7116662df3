"""What stands behind a figure is said in the reader's units, and what is not there is not said."""

from __future__ import annotations

from portal_gateway.domain.details import details


def said(metric: str, parts: dict[str, object]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {row.label: row.values for row in details(metric, parts)}


def test_amounts_are_dollars_and_shares_are_per_cent() -> None:
    found = said("M11", {"required": 1_200_000_000, "gap": 580_000_000, "surplus": 0, "delivery": 333_333})
    assert found == {
        "Required": (("", "USD 12,000,000"),),
        "Gap, never netted": (("", "USD 5,800,000"),),
        "Surplus": (("", "USD 0"),),
        "Spent, of what is available": (("", "33.3%"),),
    }


def test_a_part_that_is_not_known_says_so() -> None:
    found = said("M17", {"pillars": {"P1": None, "P2": 500_000}, "least": None})
    assert found == {"Effectiveness by pillar": (("P1", "unknown"), ("P2", "50.0%"))}


def test_nested_parts_name_their_places() -> None:
    found = said("M5", {"histogram": {"6": {"5": 2, "4": 4}}, "evaluated": 6})
    assert found["Overall ratings by scale"] == (("6 5", "2"), ("6 4", "4"))


def test_years_say_both_readings_as_intervals() -> None:
    year = {"strict": {"lower": 160_000, "upper": 280_000}, "broad": {"lower": 560_000, "upper": 560_000},
            "coded": 880_000, "status": "MET"}  # fmt: skip
    found = said("M9", {"year": "2025", "status": "NOT_MET", "years": {"2025": year, "2024": {"status": "MET"}}})
    assert found["Against the 15 per cent"] == (("", "Not met"),)
    assert found["2025"] == (("strict", "16.0% to 28.0%"), ("broad", "56.0%"), ("coded", "88.0%"))
    assert "2024" not in found


def test_person_days_keep_their_parts_and_risks_their_scale() -> None:
    assert said("M7", {"effort": {"P1": 1_250, "P2": 40_000}})["Person-days"] == (("P1", "12.5"), ("P2", "400"))
    assert said("M10", {"gate": "NO_GO", "residual": 15})["Highest residual risk"] == (("", "15 / 25"),)


def test_a_metric_of_a_later_method_has_no_rows() -> None:
    assert details("M99", {"anything": 1}) == []
    assert details("M3", {}) == []

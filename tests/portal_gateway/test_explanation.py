"""The plumb line and the table are true to scoring's tree: every sum can be checked with a pencil."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_gateway.domain import explanation
from portal_gateway.domain.heard import Heard

ORIGIN = {
    "event_id": "01KN3V7QJ4",
    "type": "org.plumbline.observation.recorded.v1",
    "submission_id": "S1",
    "file": "sahel.xml",
    "line": 1482,
    "path": "result[2]/indicator[1]/period[2]/actual[1]",
}


def _indicator(name: str, value: int | None, **over: Any) -> dict[str, Any]:
    children = [
        {"kind": "baseline", "label": "Baseline", "calc": "120"},
        {"kind": "target", "label": "Target 2025-07-01 to 2025-12-31", "calc": "60"},
        {"kind": "observation", "label": "Actual 2025-01-01 to 2025-06-30", "calc": "105", "origin": {}},
        {
            "kind": "observation",
            "label": "Actual 2025-07-01 to 2025-12-31",
            "calc": "84",
            "used": True,
            "origin": ORIGIN,
        },
    ]
    return {
        "kind": "indicator",
        "id": name,
        "label": f"Indicator {name}",
        "weight": 1,
        "state": "REPORTED" if value is not None else "MISSING",
        "denominator": 1,
        "calc": f"(84 − 120) ÷ (60 − 120), held within 0 and 1 = {value}" if value is not None else "missing",
        "children": children if value is not None else [],
        **({"value": value} if value is not None else {}),
        **over,
    }


def _project(**over: Any) -> dict[str, Any]:
    """Methodology M4, worked: outputs .875 at 2 of 3, outcome .4, so E = .558333."""
    outputs = [_indicator("a", 1_000_000), _indicator("b", 750_000), _indicator("c", None)]
    return {
        "kind": "project",
        "id": "P",
        "label": "Sahel hub",
        "entity": "XM-T",
        "value": 558_333,
        "lower": 461_111,
        "upper": 572_222,
        "coverage": {"observed": 8, "expected": 9},
        "share": 600_000,
        "numerator": 600_000 * 558_333,
        "denominator": 600_000,
        "children": [
            {
                "kind": "level", "id": "1", "label": "Outputs", "weight": 1, "value": 875_000, "children": [
                    {"kind": "result", "id": "R1", "label": "R1", "value": 875_000, "lower": 583_333, "upper": 916_667,
                     "coverage": {"observed": 2, "expected": 3}, "children": outputs}]},
            {
                "kind": "level", "id": "2", "label": "Outcomes", "weight": 2, "value": 400_000, "children": [
                    {"kind": "result", "id": "R2", "label": "Faster", "value": 400_000, "lower": 400_000,
                     "upper": 400_000, "coverage": {"observed": 1, "expected": 1},
                     "children": [_indicator("d", 400_000)]}]},
        ],
        **over,
    }  # fmt: skip


def _total(*children: dict[str, Any], **over: Any) -> dict[str, Any]:
    return {
        "kind": "figure",
        "metric": "M4",
        "scope": "pillar:P2",
        "value": 558_333,
        "state": "PUBLISHED",
        "lower": 461_111,
        "upper": 572_222,
        "projects": 3,
        "revision": 7,
        "numerator": sum(c.get("numerator", 0) for c in children),
        "denominator": sum(c.get("denominator", 0) for c in children),
        "children": list(children),
        **over,
    }


def _line(tree: dict[str, Any], indicator: str | None = None) -> list[explanation.Step]:
    project = explanation.project_node(tree, None)
    return explanation.steps(tree, project, indicator, metric_name="Project effectiveness", scope="Pillar II")


def _said(step: explanation.Step) -> list[str]:
    return [s.text + s.result for s in step.sums]


def test_the_line_goes_from_the_figure_to_the_event() -> None:
    line = _line(_total(_project()))
    assert [s.kind for s in line] == [
        "figure", "part", "project", "level", "result", "indicator", "observation", "event",
    ]  # fmt: skip
    assert _said(line[0])[0] == "0.3349998 ÷ 0.600000 = 0.558333"
    assert _said(line[1]) == ["0.600000 × 0.558333 = 0.3349998"]
    assert _said(line[2]) == ["(¼ × 0.875000 + ½ × 0.400000) ÷ ¾ = 0.558333"]
    assert _said(line[5]) == ["(84 − 120) ÷ (60 − 120), held within 0 and 1 = 0.400000"]
    assert _said(line[6]) == ["value 84"]
    assert line[-1].origin == ORIGIN


def test_an_outcome_is_opened_first_and_another_indicator_on_demand() -> None:
    tree = _total(_project())
    assert _line(tree)[3].title == "The level: Outcomes"
    asked = _line(tree, "b")
    assert (asked[3].title, _said(asked[3])) == ("The level: Outputs", ["0.875000"])
    assert _said(asked[4]) == ["(1.000000 + 0.750000) ÷ 2 = 0.875000"]
    assert "2 of 3 indicators known." in asked[4].notes
    assert {link.indicator for link in asked[5].links} == {"a", "c", "d"}


def test_an_indicator_without_a_value_says_so_and_has_no_observation() -> None:
    line = _line(_total(_project()), "c")
    assert _said(line[-1]) == ["missing"]
    assert line[-1].kind == "indicator"


def test_a_withheld_project_value_is_not_said_by_its_sum() -> None:
    own = _project()
    for field in ("share", "numerator", "denominator"):
        del own[field]
    tree = _total(scope="project:P", value=None, state="INSUFFICIENT_DATA") | {"children": [own]}
    said = " ".join(text for step in _line(tree)[:2] for text in _said(step))
    assert "0.558333" not in said
    assert "0.461111" in said


def test_the_table_adds_up_with_what_is_not_listed_and_what_is_withheld() -> None:
    others = {"kind": "others", "label": "", "count": 1, "numerator": 400_000, "denominator": 1_000_000}
    withheld = {"kind": "withheld", "label": "", "count": 1}
    table = explanation.parts(_total(_project(), others, withheld))
    assert table is not None
    assert table.adds_up
    assert [(line.kind, line.count) for line in table.closing] == [("others", 1), ("withheld", 1)]
    assert (table.closing[1].numerator, table.closing[1].denominator) == ("", "")
    more = explanation.parts(_total(_project(), others, withheld, numerator=1))
    assert more is not None
    assert more.adds_up is None, "a need that is not the reader's brings a sum, which is not told"
    assert explanation.hidden(_total(_project(), others, withheld)) == 1
    wrong = explanation.parts(_total(_project(), others, numerator=1))
    assert wrong is not None
    assert not wrong.adds_up


def test_a_figure_of_one_indicator_is_its_own_line() -> None:
    tree = _total(scope="indicator:P|d", metric="M1", value=400_000) | {"children": [_indicator("d", 400_000)]}
    del tree["numerator"], tree["denominator"]
    line = _line(tree)
    assert [s.kind for s in line] == ["figure", "indicator", "observation", "event"]
    assert explanation.parts(tree) is None


def test_money_goes_down_to_its_budget_lines() -> None:
    budget = {
        "kind": "budget",
        "label": "Budget 2025-01-01 to 2025-12-31, original",
        "calc": "100 USD",
        "origin": ORIGIN,
    }
    project = {
        "kind": "project", "id": "P", "label": "Hub", "share": 1_000_000, "numerator": 4_000, "denominator": 10_000,
        "cents": {"P1": 6_000, "P2": 4_000, "unallocated": 0}, "children": [budget],
    }  # fmt: skip
    line = _line(_total(project, metric="M7", scope="global", value=400_000))
    assert _said(line[0])[0] == "USD 40.00 ÷ USD 100.00 = 0.400000"
    assert _said(line[2]) == ["Budget 1 Jan 2025 to 31 Dec 2025, original: 100 USD"]
    assert line[-1].origin == ORIGIN


def test_a_metric_of_judgements_counts_whole_numbers_and_shows_its_facts() -> None:
    """Sums beyond what JSON's readers count in come as text, and still add up."""
    fact = {"kind": "fact", "label": "Marker GEM at design", "calc": "2", "origin": ORIGIN}
    large = 3 * 10**20
    project = {
        "kind": "project", "id": "P", "label": "Hub", "share": 1_000_000, "numerator": 1, "denominator": str(large),
        "children": [fact],
    }  # fmt: skip
    others = {"kind": "others", "label": "2 more projects", "count": 2, "numerator": 1, "denominator": "2"}
    tree = _total(
        metric="M8", scope="global", numerator=2, denominator=str(large + 2), value=0, children=[project, others]
    )
    line = _line(tree)
    assert _said(line[0])[0] == "2 ÷ 300,000,000,000,000,000,002 = 0.000000"
    assert [_said(step) for step in line[1:3]] == [
        ["1 of 300,000,000,000,000,000,000"],
        ["Marker GEM at design: 2"],
    ]
    assert line[-1].origin == ORIGIN
    table = explanation.parts(tree)
    assert table is not None
    assert (table.adds_up, table.closing[0].denominator) == (True, "2")


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_a_decimal_is_exact(number: int) -> None:
    text = explanation.places(Fraction(number, 10**12)).replace(",", "").replace("−", "-")
    assert Fraction(text) == Fraction(number, 10**12)
    assert len(text.partition(".")[2]) >= 6


def test_a_project_that_reports_nothing_is_followed_to_where_it_is_itself() -> None:
    """A line never ends in the air: what is not there is seen to be missing in the file."""
    bare = {"kind": "project", "id": "P", "label": "Hub", "origin": ORIGIN, "share": 1_000_000, "children": []}
    for metric in ("M3", "M4", "M5", "M10", "M11"):
        line = _line(_total(bare | {"numerator": 0, "denominator": 0}, metric=metric, scope="country:ML", value=None))
        assert line[-1].origin == ORIGIN, metric
        assert "nothing reported" in [text for step in line for text in _said(step)], metric
        assert not any(" of 0" in text for step in line for text in _said(step))


def test_a_pair_says_what_it_is_and_leads_to_both_projects() -> None:
    pair = {"kind": "pair", "id": "A+B", "label": "A and B", "calc": "probably one project; M 4.2, P 0.95",
            "projects": ["A", "B"], "numerator": 1, "denominator": 0, "children": []}  # fmt: skip
    line = _line(_total(pair, metric="M12", scope="global", value=1, denominator=3))
    assert _said(line[1]) == ["probably one project; M 4.2, P 0.95"]
    assert [(link.project, link.beside) for link in line[1].links] == [("A", "B")]


def test_the_scorecard_leads_to_the_four_pillars() -> None:
    pillars = [{"kind": "pillar", "id": f"P{n}", "label": f"P{n}", "value": 100_000 * n} for n in (1, 2, 3, 4)]
    tree = _total(metric="M17", scope="global", value=221_336) | {"children": pillars, "calc": "(…) to the power of ¼"}
    del tree["numerator"], tree["denominator"]
    line = _line(tree)
    assert [link.figure for link in line[-1].links] == [("M4", f"pillar:P{n}") for n in (1, 2, 3, 4)]
    assert line[-1].links[0].text == "Pillar I: 0.100000"


def test_names_are_the_readers_and_know_their_language() -> None:
    """Wherever the tree names a project, a result, an indicator; what no list knows stays as scoring said it."""
    names = {
        "P": Heard("Pôle judiciaire", "fr"),
        "result:P|R1": Heard("Résultat", "fr"),
        "indicator:P|a": Heard("Un", "fr"),
    }
    tree = explanation.named(_total(_project(), influence=[{"kind": "project", "id": "P", "label": "x"}]), names)
    line = _line(tree, "a")
    said = {str(text): getattr(text, "lang", "") for step in line for text in step.what}
    assert said["Pôle judiciaire"] == said["Résultat"] == said["Un"] == "fr"
    table, moved = explanation.parts(tree), explanation.influence(tree)
    assert table is not None
    assert getattr(table.rows[0].title, "lang", "") == getattr(moved.effects[0].title, "lang", "") == "fr"
    assert "Indicator b" in [link.text for step in line for link in step.links]
    assert {*explanation.scopes_of(tree)} >= {"project:P", "indicator:P|a"}


@pytest.mark.parametrize(
    ("metric", "above", "below"),
    [
        ("M3", (4_250_000_000, "42.500000"), (50_000_000_000, "500.000000")),
        ("M6", (1_310_690_000_000_000_000, "1.310690"), (3_000_000_000_000, "3.000000")),
        ("M6", (1, "0.000000000000000001"), (1, "0.000000000001")),
        ("M13", (250_000, "0.250000"), (1, "1")),
        ("M8", (112, "112"), (165, "165")),
        ("M11", (123_456_789, "USD 1.23456789"), (100_000_000, "USD 1.00")),
    ],
)
def test_sums_stand_in_their_own_unit_exactly(metric: str, above: tuple[int, str], below: tuple[int, str]) -> None:
    assert explanation.amount(metric, above[0], above=True) == above[1]
    assert explanation.amount(metric, below[0], above=False) == below[1]


def test_of_many_facts_the_first_are_said_and_the_others_counted() -> None:
    facts = [{"kind": "fact", "label": f"Transaction {n}", "calc": "1 USD", "origin": ORIGIN} for n in range(150)]
    project = {"kind": "project", "id": "P", "label": "Hub", "share": 1_000_000, "numerator": 1, "denominator": 1,
               "children": facts}  # fmt: skip
    (step,) = [s for s in _line(_total(project, metric="M9", scope="global", value=1)) if s.kind == "fact"]
    assert (len(step.sums), step.notes) == (20, ("And 130 more, in the data.",))

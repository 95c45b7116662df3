"""M5: the worked examples of the methodology, golden test G8, selection, and the follow-up of recommendations."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import PROJECT, a_project, apply_all, day, known, ordinal, version

from scoring.domain import judgements
from scoring.domain.assessing import Moved, family_figure, merge
from scoring.domain.assessment import Assessment, enter
from scoring.domain.facts import Fact
from scoring.domain.families import FAMILIES
from scoring.domain.families.evaluations import Judged, judge, wilson
from scoring.domain.figures import Figure
from scoring.domain.ledger import apply
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState

M5 = FAMILIES["M5"]


def an_evaluation(
    ratings: list[int | None],
    scale: Any = 6,
    *,
    id_: str = "E1",
    project_id: str = PROJECT,
    stage: Any = "FINAL",
    independence: Any = "INDEPENDENT",
    completed: str = "2020-06-30",
    **over: Any,
) -> judgements.EvaluationPublished:
    """Ratings of relevance, coherence, effectiveness, efficiency, impact, sustainability, as far as given."""
    return judgements.EvaluationPublished(
        project_id, id_, stage, independence, scale, day(completed), judgements.Ratings(*ratings), **over
    )


def rated(quality: int, id_: str = "E1") -> judgements.EvaluationQualityRated:
    return judgements.EvaluationQualityRated(PROJECT, id_, quality)


def advice(response: Any, due: str | None, done: str | None = None, **over: Any) -> Fact:
    return judgements.RecommendationStatusChanged(
        PROJECT, "E1", over.pop("id_", "R1"), response, day(due) if due else None, day(done) if done else None, **over
    )


def judged(fact: judgements.EvaluationPublished) -> Judged:
    into = Assessment()
    enter(into, fact, version())
    return judge(into.evaluations[fact.evaluation_id])


def own(*said: Fact, **over: Any) -> Figure | None:
    state = known(a_project(**over), *said)
    return M5.own(state, state.scored_on, FIRST)


@pytest.mark.parametrize(
    ("ratings", "scale", "expected"),
    [
        ([5, 4, 4, 3, 0, 3], 6, Judged(5, 560_000, True, 4, True, True)),
        ([4, 3, 3, 2, 2], 4, Judged(5, 600_000, True, 3, True, True)),
        ([3, 3, 2, 2, 2], 4, Judged(5, 466_667, True, 2, True, False)),  # G8, midterm
        ([5, 5, 4, 4, 0, 4], 6, Judged(5, 680_000, True, 4, True, True)),  # G8, final
        ([5, 5, None, 5, 5], 6, Judged(4, 800_000, False, None, False, False)),  # effectiveness is not rated
        ([5, None, 5, 5], 6, Judged(3, 800_000, False, 5, True, True)),
        ([0, 0, 0], 6, Judged(0, None, False, None, False, False)),
        ([6, 6, 2, 6], 6, Judged(4, 800_000, True, 2, True, False)),  # the lower of effectiveness and median
        ([4, 4, 5, 6], 5, None),
    ],
)
def test_one_evaluation(ratings: list[int | None], scale: int, expected: Judged | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="a rating of 6 is not on a scale of 5"):
            judged(an_evaluation(ratings, scale))
    else:
        assert judged(an_evaluation(ratings, scale)) == expected


def test_the_evaluators_own_overall_rating_goes_before_a_derived_one() -> None:
    found = judged(an_evaluation([5, 5, 5, 5], overall=3))
    assert (found.overall, found.derived, found.positive) == (3, False, False)
    with pytest.raises(ValueError, match="leave it out"):
        judged(an_evaluation([5, 5, 5, 5], overall=0))


@pytest.mark.parametrize(("scale", "least"), [(6, 4), (5, 4), (4, 3)])
def test_what_is_positive_depends_on_the_scale(scale: int, least: int) -> None:
    assert judged(an_evaluation([1, 1, 1, 1], scale, overall=least)).positive
    assert not judged(an_evaluation([1, 1, 1, 1], scale, overall=least - 1)).positive


def test_g8_a_later_evaluation_supersedes_once_its_quality_is_known() -> None:
    midterm = an_evaluation([3, 3, 2, 2, 2], 4, stage="MIDTERM", completed="2019-06-30")
    final = an_evaluation([5, 5, 4, 4, 0, 4], id_="E2")
    later = an_evaluation([6] * 6, id_="E3", stage="EXPOST", independence="SELF", completed="2022-01-01")
    steps: list[tuple[Fact, str, int, int, bool]] = [
        (rated(5), "E1", 466_667, 2, False),
        (final, "E1", 466_667, 2, False),
        (rated(3, "E2"), "E1", 466_667, 2, False),
        (rated(4, "E2"), "E2", 680_000, 4, True),
        (later, "E2", 680_000, 4, True),
        (rated(6, "E3"), "E2", 680_000, 4, True),
    ]
    said: list[Fact] = [midterm]
    assert (none := own(*said)) is not None
    assert (none.value, none.parts.get("headline")) == (None, None)
    for fact, headline, mean, overall, positive in steps:
        said.append(fact)
        found = own(*said)
        assert found is not None
        assert (found.parts["headline"], found.value) == (headline, mean)
        assert (found.parts["overall"], found.parts["positive"], found.parts["derived"]) == (overall, positive, True)
        assert "OVERALL_DERIVED" in found.flags
    gone = own(*said, an_evaluation([], id_="E2", withdrawn=True))
    assert gone is not None
    assert gone.parts["headline"] == "E1"  # midterm, but independent


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"independence": "INDEPENDENT", "stage": "MIDTERM"}, {"independence": "EXTERNAL", "stage": "EXPOST"}),
        ({"stage": "EXPOST", "completed": "2019-01-01"}, {"stage": "FINAL", "completed": "2021-01-01"}),
        ({"completed": "2021-01-02"}, {"completed": "2021-01-01"}),
    ],
)
def test_selection_goes_by_independence_then_stage_then_day(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = an_evaluation([4] * 6, id_="A", **one), an_evaluation([4] * 6, id_="B", **other)
    found = own(first, second, rated(4, "A"), rated(4, "B"))
    assert found is not None
    assert found.parts["headline"] == "A"


def _total(ratings: list[int], **over: Any) -> Figure | None:
    """Projects evaluated, one a rating; a rating of 0 is a project without an evaluation."""
    sums: Moved = {}
    for n, rating in enumerate(ratings):
        name = f"P{n}"
        said: list[Fact] = [a_project(project_id=name, budget="100", **over)]
        if rating:
            said += [
                an_evaluation([rating] * 6, project_id=name),
                judgements.EvaluationQualityRated(name, "E1", 4),
            ]
        state = ProjectState(name)
        merge(sums, apply_all(state, [(fact, version("2030-01-01", k)) for k, fact in enumerate(said)]).moved)
    return family_figure(M5, "global", sums.get(("unallocated", "M5"), {}), FIRST)


def test_the_worked_portfolio() -> None:
    found = _total([6, 5, 5, 4, 4, 4, 4, 3, 3, 2])
    assert found is not None
    assert (found.value, found.state, found.lower, found.upper) == (700_000, "PUBLISHED", 396_800, 892_200)
    assert found.parts["mean_u"] == 600_000
    assert found.parts["histogram"] == {"6": {"2": 1, "3": 2, "4": 4, "5": 2, "6": 1}}
    assert found.parts["criteria"]["sustainability"] == found.parts["histogram"]
    assert found.parts["evaluated_by_budget"] == 1_000_000


def test_wilsons_interval_stays_within_nought_and_one() -> None:
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1_000_000
    assert wilson(1, 2) == (94_500, 905_500)


def test_an_evaluation_is_expected_of_projects_that_end() -> None:
    assert _total([0, 0], status="2") is None
    assert own() is None
    closed = _total([5, 0, 0, 0], status="4")
    assert closed is not None
    assert (closed.state, closed.value, closed.observed, closed.expected) == ("INSUFFICIENT_DATA", None, 1, 4)
    assert closed.parts["evaluated_by_budget"] == 250_000
    running = _total([5, 0, 0, 0], status="2")
    assert running is not None
    assert (running.state, running.value, running.projects) == ("PUBLISHED", 1_000_000, 1)


@pytest.mark.parametrize(
    ("said", "count", "ratio"),
    [
        ([advice("ACCEPTED", "2030-12-31")], 1, 0),
        ([advice("ACCEPTED", "2031-01-01")], None, None),
        ([advice("ACCEPTED", "2031-01-01", "2030-06-01")], 1, 1_000_000),
        ([advice("ACCEPTED", None)], None, None),
        ([advice("PARTIALLY_ACCEPTED", "2030-01-01")], 1, 0),
        ([advice("REJECTED", "2030-01-01")], None, None),
        ([advice("ACCEPTED", "2030-01-01", withdrawn=True)], None, None),
        ([advice("ACCEPTED", "2030-01-01"), advice("ACCEPTED", None, "2030-01-01", id_="R2")], 2, 500_000),
    ],
)
def test_follow_up_counts_what_was_accepted_and_is_due_or_done(
    said: list[Fact], count: int | None, ratio: int | None
) -> None:
    found = own(*said, status="4")
    assert found is not None
    assert (found.parts.get("recommendations"), found.parts.get("follow_up")) == (count, ratio)


def test_a_recommendation_falls_due_by_time_alone() -> None:
    state = ProjectState(PROJECT)
    said = [a_project(), advice("ACCEPTED", "2031-02-01")]
    apply_all(state, [(fact, version("2030-01-01", n)) for n, fact in enumerate(said)])
    assert M5.transition(state, state.scored_on) == ordinal("2031-02-01")
    assert not [key for key in apply(state, [], ordinal("2031-01-31"), {}).moved if key[1] == "M5"]
    assert apply(state, [], ordinal("2031-02-01"), {}).moved["unallocated", "M5"]["accepted"] == 1

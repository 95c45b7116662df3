"""Pairs of projects by themselves: the worked table of methodology M12, G12, and the rules around them."""

from __future__ import annotations

import random
from math import log2
from typing import Any

import pytest
from tests.support.scoring_facts import a_project, known, ordinal

from scoring.domain import facts
from scoring.domain.duplicates import likeness
from scoring.domain.duplicates.cases import Case, Decision, all_cases, geometric, judge
from scoring.domain.duplicates.evidence import LEVELS, odds, probability, reaches, weight, weights
from scoring.domain.duplicates.fingerprint import Fingerprint, blocks, fingerprint
from scoring.domain.origin import Version
from scoring.domain.parameters import FIRST

SAME = (("title", "same"), ("country", "same"), ("theme", "same"), ("time", "same"))
ELSEWHERE = ("organisation", "different")


def a_print(project_id: str = "A", **over: Any) -> Fingerprint:
    """Border management in Mali over two years, known by everything the worked table compares."""
    fields: dict[str, Any] = {
        "entity": f"XM-{project_id}",
        "public": True,
        "titles": (("en", "border management in mali"),),
        "countries": ("ML",),
        "themes": ("BORDER",),
        "purposes": ("15210",),
        "start": ordinal("2025-01-01"),
        "end": ordinal("2026-12-31"),
        "implementers": ("XM-9",),
        "scopes": ("country:ML", f"entity:XM-{project_id}", "global"),
    }
    return Fingerprint(project_id, **{**fields, **over})


def kind_of(x: Fingerprint, y: Fingerprint) -> str | None:
    case = judge(x, y, FIRST)
    return case.kind if case is not None else None


@pytest.mark.parametrize(
    ("evidence", "m", "p", "likely", "review"),
    [
        ((*SAME, ("organisation", "same")), "8.5730", 997_381, True, True),
        ((*SAME, ELSEWHERE), "2.3357", 834_654, False, True),
        ((("title", "different"), *SAME[1:], ELSEWHERE), "-10.5561", 664, False, False),
    ],
)
def test_the_worked_table(evidence: Any, m: str, p: int, *, likely: bool, review: bool) -> None:
    found = odds(evidence)
    assert (weight(found), probability(found)) == (m, p)
    assert (reaches(found, FIRST.duplicate_queue), reaches(found, FIRST.duplicate_review)) == (likely, review)


def test_each_piece_of_evidence_has_the_weight_of_the_table() -> None:
    found = {field: bits for field, _, bits in weights((*SAME, ("organisation", "same")))}
    assert found == {
        "title": "8.6439", "country": "4.1699", "theme": "3.0875", "time": "1.4150", "organisation": "4.5443",
    }  # fmt: skip
    assert weights([("title", "different"), ELSEWHERE]) == [
        ("title", "different", "-4.2479"), ("organisation", "different", "-1.6930"),
    ]  # fmt: skip


def test_the_probabilities_of_a_field_are_distributions_and_logarithms_agree_with_floats() -> None:
    for field, levels in LEVELS.items():
        assert sum(level.m for level in levels) == sum(level.u for level in levels) == 1_000
        for level in levels:
            ((_, _, bits),) = weights([(field, level.name)])
            assert abs(float(bits) - log2(level.m / level.u)) < 0.000_051


def test_g12_what_files_declare_comes_first() -> None:
    one = a_print("A")
    assert kind_of(one, a_print("B", links=(("1", "A"),))) is None  # parent and child are exempt
    assert kind_of(one, a_print("B", links=(("3", "A"),))) is None
    nothing_alike = a_print("B", titles=(("en", "prisons"),), countries=("PH",), links=(("5", "A"),))
    assert kind_of(one, nothing_alike) == "THIRD_PARTY"
    assert kind_of(one, a_print("B")) == "LIKELY"
    assert kind_of(one, a_print("B", implementers=("XM-8",))) == "REVIEW"


def test_what_is_co_funded_is_reviewed_where_the_titles_are_close() -> None:
    one, far = a_print("A"), {"countries": ("PH",), "themes": ("LAW",)}
    assert kind_of(one, a_print("B", **far)) is None
    assert kind_of(one, a_print("B", **far, links=(("4", "A"),))) == "REVIEW"
    assert kind_of(one, a_print("B", **far, links=(("4", "A"),), titles=(("en", "prisons"),))) is None


def test_what_nobody_says_is_no_evidence() -> None:
    bare = Fingerprint("A", "XM-A", public=True, titles=(("en", "border management in mali"),))
    case = judge(bare, bare._replace(project_id="B"), FIRST, met=True)
    assert case is None
    assert odds(()) == (1, 9_999)


def test_titles_are_compared_in_each_language_they_share() -> None:
    assert likeness.texts({"en": "borders", "fr": "frontières du mali"}, {"fr": "frontières du mali"}) == (1, 1)
    assert likeness.texts({"en": "borders"}, {"fr": "frontières"}) is None
    assert likeness.plain("  Mali:  Border-Management (PHASE II) ", 200) == "mali border management phase ii"
    assert likeness.text("mali border management", "border management mali") == (1, 1)
    assert likeness.plain("打击恐怖主义、边境管理", 200) == "打击恐怖主义 边境管理"


@pytest.mark.parametrize("seed", range(50))
def test_the_common_subsequence_is_the_one_of_the_textbook(seed: int) -> None:
    chance = random.Random(seed)
    x, y = ("".join(chance.choices("abc d", k=chance.randint(0, 70))) for _ in range(2))
    row = [0] * (len(y) + 1)
    for letter in x:
        last = 0
        for n, other in enumerate(y, 1):
            last, row[n] = row[n], last + 1 if letter == other else max(row[n], row[n - 1])
    assert likeness.common(x, y) == row[-1]


def test_nearly_equal_titles_meet_in_a_band_and_different_ones_do_not() -> None:
    chance, met = random.Random(7), 0
    words = ["border", "management", "training", "judges", "prisons", "mali", "niger", "support", "regional", "phase"]
    for _ in range(100):
        title = " ".join(chance.sample(words, 6))
        other = " ".join("qxzjkv"[chance.randrange(6)] * 5 for _ in range(6))
        met += not set(likeness.bands(title)).isdisjoint(likeness.bands(title + " ii"))
        assert set(likeness.bands(title)).isdisjoint(likeness.bands(other))
    assert met >= 97


def test_overlap_is_a_geometric_mean_to_the_nearest_micro_unit() -> None:
    assert geometric([(9, 10)] * 3) == 900_000
    assert geometric([(1, 2), (1, 3), (1, 1)]) == 550_321  # (1/6)^(1/3) = .5503212
    assert geometric([(1, 1), (1, 1), (0, 1)]) == 0
    assert geometric([(1, 2), (1, 1), (1, 1), (1, 1)]) == 840_896  # (1/2)^(1/4) = .8408964


def test_different_work_of_one_kind_is_to_be_coordinated_where_two_organisations_do_it() -> None:
    far = {"titles": (("en", "watchlists at airports"),), "implementers": ("XM-8",)}
    case = judge(a_print("A"), a_print("B", **far), FIRST)
    assert case is not None
    assert (case.kind, case.overlap) == ("COORDINATE", 1_000_000)
    assert judge(a_print("A"), a_print("B", entity="XM-A", **far), FIRST) is None
    assert judge(a_print("A"), a_print("B", **far, purposes=("15130",)), FIRST) is None


def test_complementary_work_on_one_need_is_a_candidate_of_synergy() -> None:
    far = {"titles": (("en", "watchlists at airports"),), "implementers": ("XM-8",), "purposes": ("15130",)}
    assert kind_of(a_print("A", needs=("N1",)), a_print("B", needs=("N1", "N2"), **far)) == "SYNERGY"
    assert kind_of(a_print("A", needs=("N1",)), a_print("B", needs=("N2",), **far)) is None


def test_target_groups_count_towards_the_overlap_where_both_name_them() -> None:
    far = {"titles": (("en", "watchlists at airports"),), "implementers": ("XM-8",)}
    one = a_print("A", targets=(("en", "aaaa"),))
    case = judge(one, a_print("B", targets=(("en", "bbbb"),), **far), FIRST)
    assert case is None


def a_decision(case: Case, word: str, *, prints: tuple[str, ...] | None = None, alive: bool = True) -> Decision:
    return Decision(Version(1, "1", "d1"), alive, word, "", prints if prints is not None else case.fingerprints)


def test_a_dismissal_holds_for_the_fingerprints_that_were_seen_and_a_duplicate_for_good() -> None:
    one, two = a_print("A"), a_print("B")
    case = judge(one, two, FIRST)
    assert case is not None
    dismissed = judge(one, two, FIRST, a_decision(case, "DISTINCT"))
    assert dismissed is not None
    assert dismissed.counted == "distinct"
    changed = judge(one, two._replace(budget=5), FIRST, a_decision(case, "DISTINCT"))
    assert changed is not None
    assert changed.is_open
    far = two._replace(titles=(("en", "prisons"),), countries=("PH",))
    kept = judge(one, far, FIRST, a_decision(case, "DUPLICATE"), met=False)
    assert kept is not None
    assert kept.counted == "duplicate"
    assert judge(one, far, FIRST, a_decision(case, "DUPLICATE", alive=False), met=False) is None


def test_what_is_not_compared_does_not_change_a_fingerprint() -> None:
    one = a_print("A")
    assert one.digest() == one._replace(scopes=(), needs=("N1",)).digest()
    assert one.digest() != one._replace(titles=(("en", "border management in niger"),)).digest()


def test_a_pair_with_a_restricted_project_counts_nowhere() -> None:
    open_ = judge(a_print("A"), a_print("B"), FIRST)
    shut = judge(a_print("A"), a_print("B", public=False), FIRST)
    assert open_ is not None
    assert shut is not None
    assert open_.scopes == ("country:ML", "entity:XM-A", "entity:XM-B", "global")
    assert shut.scopes == ()


def test_a_fingerprint_is_made_of_the_projects_facts() -> None:
    project = a_project(
        countries={"NE": 400_000, "ML": 600_000},
        themes={"BORDER": 1_000_000},
        budget="100",
        title={"en": "Border Management!", "fr": ""},
        participants=[facts.Participant("4", "XM-9", "An Office"), facts.Participant("1", None, "A Fund")],
        links=[facts.Link("XM-B", "5")],
    )
    found = fingerprint(known(project))
    assert found is not None
    assert found.titles == (("en", "border management"),)
    assert found.countries == ("ML", "NE")
    assert (found.implementers, found.donors) == (("XM-9", "~an office"), ("~a fund",))
    assert (found.budget, found.links) == (10_000, (("5", "XM-B"),))
    assert fingerprint(known(project, facts.StatusChanged(project.project_id, "5"))) is None


def test_projects_meet_by_country_theme_and_year_or_by_their_titles() -> None:
    one = a_print("A")
    other_title = a_print("B", titles=(("en", "something else entirely"),))
    assert blocks(one) & blocks(other_title)
    assert blocks(one) & blocks(a_print("B", countries=("PH",)))
    assert not blocks(one) & blocks(a_print("B", countries=("PH",), titles=(("en", "something else entirely"),)))
    assert not blocks(Fingerprint("A", "XM-A", public=True))


def test_links_are_not_bounded_by_a_block() -> None:
    hub = a_print("A", titles=(), countries=())
    reports = {
        f"B{n}": a_print(f"B{n}", links=(("5", "A"),), titles=(), countries=(), themes=(f"T{n}",)) for n in range(60)
    }
    found = all_cases({"A": hub, **reports}, {}, FIRST)
    assert {case.kind for case in found.values()} == {"THIRD_PARTY"}
    assert len(found) == 60

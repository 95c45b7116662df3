"""Pairs of projects through scoring on a real database (methodology M12, ADR 0077)."""

from __future__ import annotations

import asyncio
import random
import string
from typing import Any

from tests.support.scoring_feed import Feed, Said, a_project, an_actual, an_indicator

from contracts.alerts import DuplicateCandidateFound
from contracts.coordination import DuplicateDecided
from contracts.portfolio import Allocation, Link, Participant, ProjectStatusChanged, ProjectWithdrawn
from runtime.access import SYSTEM, Principal
from scoring.domain.duplicates.cases import LARGEST
from scoring.store import duplicates as store
from scoring.usecases import explaining_pairs
from scoring.usecases.explaining import explain

ONE, TWO = "XM-DEMO-1-A", "XM-DEMO-2-B"
PAIR = f"{ONE}|{TWO}"
BORDER = {"en": "Border management in the Sahel"}


def a_twin(project_id: str, *, entity: str = "XM-DEMO-2", **over: Any) -> Any:
    """One of two reports of the same project."""
    org = Participant(role="4", ref="XM-DEMO-9")
    return a_project(project_id, entity=entity, **{"title": BORDER, "participants": [org], **over})


def a_decision(found: DuplicateCandidateFound, decision: str, **over: Any) -> DuplicateDecided:
    fields = {
        "pair_id": found.pair_id,
        "projects": found.projects,
        "version": 1,
        "decision": decision,
        "fingerprints": found.fingerprints,
        "decided_by": "secretariat",
        "decided_on": "2026-07-15",
    }
    return DuplicateDecided(**{**fields, **over})


def counts(said: Said, scope: str = "global") -> dict[str, int]:
    figure = said[f"M12 {scope}"]
    parts = figure.parts
    found = {**parts["open"], **parts["overlaps"], **parts.get("decided", {})}
    return {name: n for name, n in found.items() if n}


async def two(feed: Feed) -> DuplicateCandidateFound:
    await feed.say(a_twin(ONE, entity="XM-DEMO-1"))
    return (await feed.say(a_twin(TWO))).candidates[0]


async def test_a_project_reported_twice_is_found_with_its_evidence(feed: Feed) -> None:
    await feed.say(a_twin(ONE, entity="XM-DEMO-1"))
    said = await feed.say(a_twin(TWO))
    (found,) = said.candidates
    assert (found.pair_id, found.kind, found.entities) == (PAIR, "LIKELY", ["XM-DEMO-1", "XM-DEMO-2"])
    assert {(w.field, w.level) for w in found.weights} >= {("title", "same"), ("organisation", "same")}
    assert counts(said) == counts(said, "country:ML") == {"likely": 1}
    assert said["M12 global"].value == 500_000  # one pair, two projects
    assert said["M12 global"].lower is None
    assert (await feed.rebuilt()).equal


async def test_what_concerns_no_fingerprint_compares_nothing(feed: Feed) -> None:
    await two(feed)
    said = await feed.say(an_indicator(ONE), an_actual("50", ONE))
    assert not said.candidates
    assert not [key for key in said.figures if key[0] == "M12"]


async def test_the_old_pair_is_retracted_when_a_project_changes_or_goes(feed: Feed) -> None:
    await two(feed)
    other = {"en": "Legal aid for juveniles"}
    allocations = [
        Allocation(dim="COUNTRY", code="PH", ppm=1_000_000),
        Allocation(dim="THEME", code="LAW", ppm=1_000_000),
    ]
    assert counts(await feed.say(a_twin(TWO, title=other, allocations=allocations))) == {}
    assert counts(await feed.say(a_twin(TWO))) == {"likely": 1}
    assert counts(await feed.say(ProjectStatusChanged(project_id=TWO, to="5"))) == {}
    assert counts(await feed.say(ProjectStatusChanged(project_id=TWO, to="2"))) == {"likely": 1}
    assert counts(await feed.say(ProjectWithdrawn(project_id=ONE))) == {}
    assert (await feed.rebuilt()).equal


async def test_a_dismissed_pair_stays_so_until_either_fingerprint_changes(feed: Feed) -> None:
    found = await two(feed)
    assert counts(await feed.say(a_decision(found, "DISTINCT"))) == {"distinct": 1}
    again = await feed.say(a_twin(TWO, description={"en": "Other words, which nobody compares"}))
    assert not again.candidates
    changed = await feed.say(a_twin(TWO, title={"en": "Border management in the Sahel II"}))
    assert counts(changed) == {"likely": 1}
    assert changed.candidates[0].fingerprints != found.fingerprints
    assert (await feed.rebuilt()).equal


async def test_a_duplicate_stays_and_counts_and_a_decision_can_be_taken_back(feed: Feed) -> None:
    found = await two(feed)
    said = await feed.say(a_decision(found, "DUPLICATE", survivor=ONE))
    assert counts(said) == {"duplicate": 1}
    assert said["M12 global"].value == 0
    assert said["M12 global"].projects == 2
    assert not (await feed.say(a_twin(TWO, title={"en": "Something else"}))).candidates  # it is kept all the same
    assert counts(await feed.say(a_decision(found, "DUPLICATE", version=2, withdrawn=True))) == {}
    assert counts(await feed.say(a_twin(TWO))) == {"likely": 1}
    assert (await feed.rebuilt()).equal


async def test_a_decision_may_come_before_its_projects(feed: Feed) -> None:
    found = await two(feed)
    other = Feed(feed.database)
    await other.say(ProjectWithdrawn(project_id=ONE), ProjectWithdrawn(project_id=TWO))
    await feed.say(a_decision(found, "SYNERGY"))
    await other.say(a_twin(ONE, entity="XM-DEMO-1"))
    assert counts(await other.say(a_twin(TWO))) == {"joined": 1}
    assert (await feed.rebuilt()).equal


async def test_declared_links_decide_first(feed: Feed) -> None:
    await feed.say(a_twin(ONE, entity="XM-DEMO-1"))
    child = await feed.say(a_twin(TWO, links=[Link(ref=ONE, type="1")]))
    assert not child.candidates
    nothing_alike = {"title": {"en": "Prisons"}, "allocations": []}
    third = await feed.say(a_twin("XM-DEMO-3-C", links=[Link(ref=ONE, type="5")], **nothing_alike))
    assert [c.kind for c in third.candidates] == ["THIRD_PARTY"]
    assert (await feed.rebuilt()).equal


async def test_two_workers_that_meet_the_halves_of_a_pair_at_once_do_not_lose_it(feed: Feed) -> None:
    other = feed.worker()
    for round_ in range(8):
        one, two_ = f"XM-DEMO-1-{round_}", f"XM-DEMO-2-{round_}"
        title = {"en": f"Project number {round_ * 1111} of its own kind {chr(97 + round_) * 9}"}
        await asyncio.gather(
            feed.say(a_twin(one, entity="XM-DEMO-1", title=title)), other.say(a_twin(two_, title=title))
        )
        async with feed.database.transaction(SYSTEM) as tx:
            assert await store.cases_within(tx.conn, [one, two_])
    assert (await feed.rebuilt()).equal


async def test_a_block_too_large_makes_no_pairs_until_it_is_small_again(feed: Feed) -> None:
    """Works of one place, theme and time with nothing in common but a purpose: overlaps, as long as they are few."""
    purpose = Allocation(dim="DAC", code="15210", ppm=1_000_000)

    def a_work(n: int) -> Any:
        base = a_project().allocations
        return a_project(
            f"XM-DEMO-{n}-W", entity=f"XM-DEMO-{n}", title={"en": _words(n)}, budgets=[], allocations=[*base, purpose]
        )

    for start in range(0, LARGEST, 10):
        said = await feed.say(*(a_work(n) for n in range(start, start + 10)))
    every_pair = {"coordinate": LARGEST * (LARGEST - 1) // 2}
    assert counts(said) == every_pair
    assert counts(await feed.say(a_work(LARGEST))) == {}
    assert (await feed.rebuilt()).equal
    said = await feed.say(ProjectWithdrawn(project_id=f"XM-DEMO-{LARGEST}-W"))
    assert counts(said) == every_pair
    assert (await feed.rebuilt()).equal


async def test_a_pair_that_stands_by_another_block_counts_once_when_a_large_one_is_small_again(feed: Feed) -> None:
    """Two of a crowd share their title too: their pair stands while the crowd is too large to be compared."""
    crowd = [a_project(f"XM-DEMO-{n}-W", entity=f"XM-DEMO-{n}", title={"en": _words(n)}) for n in range(LARGEST - 1)]
    await feed.say(*crowd)
    said = await feed.say(a_twin(ONE, entity="XM-DEMO-1"), a_twin(TWO))
    assert counts(said) == {"likely": 1}
    said = await feed.say(ProjectWithdrawn(project_id="XM-DEMO-0-W"))
    assert counts(said)["likely"] == 1
    assert (await feed.rebuilt()).equal


def _words(n: int) -> str:
    return "".join(random.Random(n).choices(string.ascii_lowercase, k=30))


async def test_a_pair_is_seen_by_who_may_read_both_projects(feed: Feed) -> None:
    await feed.say(a_twin(ONE, entity="XM-DEMO-1"))
    await feed.say(a_twin(TWO, classification="compact"))

    async def seen_by(who: Principal) -> list[str]:
        async with feed.database.transaction(who) as tx:
            rows = await tx.conn.fetch("select low, high from duplicate_case")
            found = await explaining_pairs.list_pairs(
                tx, kinds=[], decided=False, entity="", project="", after=("", ""), limit=10
            )
        assert len(rows) == len(found), "the database decides, not the query"
        return [item["pair_id"] for item in found]

    assert await seen_by(Principal(subject="s", role="secretariat")) == [PAIR]
    assert await seen_by(Principal(subject="e", role="entity", organisation="XM-DEMO-1")) == [PAIR]
    assert await seen_by(Principal(subject="d", role="donor")) == []
    assert await seen_by(Principal(subject="m", role="member-state", country="ML")) == []


async def test_a_list_says_why_in_words_and_can_be_narrowed(feed: Feed) -> None:
    await two(feed)

    async def listed(**over: Any) -> list[dict[str, Any]]:
        wanted: dict[str, Any] = {
            "kinds": [], "decided": False, "entity": "", "project": "", "after": ("", ""), "limit": 10, **over,
        }  # fmt: skip
        async with feed.database.transaction(Principal(subject="d", role="donor")) as tx:
            return await explaining_pairs.list_pairs(tx, **wanted)

    (item,) = await listed()
    assert [one["title"] for one in item["projects"]] == [BORDER["en"]] * 2
    assert item["says"] == "probably one project, reported twice"
    assert {"field": "title", "level": "same", "weight": "8.6439", "says": "the titles are the same, or nearly"} in (
        item["evidence"]
    )
    assert await listed(kinds=["LIKELY"], entity="XM-DEMO-2", project=ONE) == [item]
    assert await listed(kinds=["REVIEW"]) == await listed(entity="XM-DEMO-3") == await listed(decided=True) == []
    assert await listed(after=(ONE, TWO)) == []


async def test_the_explanation_of_a_total_lists_its_pairs_and_adds_up(feed: Feed) -> None:
    await two(feed)
    await feed.say(a_project("XM-DEMO-3-C", entity="XM-DEMO-3", title={"en": "Prisons"}))
    async with feed.database.transaction(Principal(subject="d", role="donor")) as tx:
        tree = await explain(tx, "M12", "global", 10)
    assert tree is not None
    assert (tree["numerator"], tree["denominator"]) == (1, 3)
    pair, rest = tree["children"]
    assert (pair["kind"], pair["id"], rest["kind"]) == ("pair", PAIR, "others")
    assert pair["numerator"] + rest["numerator"] == 1
    assert pair["denominator"] + rest["denominator"] == 3
    assert tree["value"] == 333_333

"""Pairs of projects told to people: lists of cases with their evidence in words, and the pairs in a total (M12)."""

from __future__ import annotations

from typing import Any, Final

import orjson

from runtime.db import Tx
from scoring import store
from scoring.domain.duplicates.cases import OPEN_DUPLICATES, Case, sums
from scoring.domain.duplicates.evidence import odds, probability, weight, weights
from scoring.domain.explanation import Node, Sources, node_of
from scoring.domain.families.family import Family
from scoring.domain.influence import Part
from scoring.domain.numbers import exact
from scoring.domain.saying import say
from scoring.store import duplicates as pairs
from scoring.usecases.candidates import pair_id
from scoring.usecases.explaining_subjects import Subjects

_NOUNS: Final = ("pair or project", "pairs and projects")

KINDS: Final = {
    "THIRD_PARTY": say("one says that it reports the other's activity"),
    "LIKELY": say("probably one project, reported twice"),
    "REVIEW": say("perhaps one project, reported twice"),
    "COORDINATE": say("different projects of one kind, of two organisations, in one place and time"),
    "SYNERGY": say("different projects that complement each other, on one need"),
    "": say("no longer alike; a decision keeps the pair"),
}
"""What a pair is taken for, in words."""

_SAYS: Final = {
    ("title", "same"): say("the titles are the same, or nearly"),
    ("title", "close"): say("the titles are close"),
    ("title", "alike"): say("the titles have words in common"),
    ("title", "different"): say("the titles differ"),
    ("country", "same"): say("the countries are the same"),
    ("country", "overlap"): say("some countries are shared"),
    ("country", "different"): say("the countries differ"),
    ("theme", "same"): say("the themes are the same"),
    ("theme", "overlap"): say("some themes are shared"),
    ("theme", "different"): say("the themes differ"),
    ("time", "same"): say("they run at the same time"),
    ("time", "overlap"): say("they run together for a part of the time"),
    ("time", "different"): say("they run at different times"),
    ("organisation", "same"): say("the same organisation implements them"),
    ("organisation", "different"): say("different organisations implement them"),
    ("budget", "same"): say("the budgets differ by 5 per cent at most"),
    ("budget", "different"): say("the budgets differ"),
    ("donor", "same"): say("a donor funds both"),
    ("donor", "different"): say("different donors fund them"),
}

_DECIDED: Final = {
    "DUPLICATE": say("decided: one project; both still count"),
    "DISTINCT": say("decided: different projects"),
    "SYNERGY": say("decided: they work together"),
}

Answer = dict[str, Any]


async def list_pairs(
    tx: Tx, *, kinds: list[str], decided: bool, entity: str, project: str, after: tuple[str, str], limit: int
) -> list[Answer]:
    """Cases behind a pair, in order, of projects that the caller may both read, with their titles."""
    found = await pairs.cases_page(
        tx.conn, kinds=kinds, decided=decided, entity=entity, project=project, after=after, limit=limit
    )
    titles = await _titles(tx, sorted({name for case, _ in found for name in case.pair}))
    return [_answer(case, entities, titles) for case, entities in found]


async def _titles(tx: Tx, projects: list[str]) -> dict[str, str]:
    states = await store.project_states(tx.conn, projects)
    events = {name: state.about.version.id for name, state in states.items() if state.about is not None}
    facts = await store.facts_by_id(tx.conn, list(events.items()))
    bodies = {event: (fact.type, orjson.loads(fact.body)) for (_, event), fact in facts.items()}
    return {name: Sources(bodies).text(event, "title", name) for name, event in events.items()}


def _answer(case: Case, entities: dict[str, str], titles: dict[str, str]) -> Answer:
    found = odds(case.evidence)
    return {
        "pair_id": pair_id(case.pair),
        "projects": [
            {"project_id": name, "entity": entities[name], "title": titles.get(name, name)} for name in case.pair
        ],
        "kind": case.kind or None,
        "says": KINDS[case.kind],
        "weight": weight(found),
        "probability": probability(found),
        "overlap": case.overlap,
        "evidence": [
            {"field": field, "level": level, "weight": w, "says": _SAYS[field, level]}
            for field, level, w in weights(case.evidence)
        ],
        "fingerprints": list(case.fingerprints),
        "decision": case.decision or None,
        "survivor": case.survivor or None,
        "decided_by": case.by or None,
    }


async def with_pairs(
    tx: Tx, family: Family, scope: str, limit: int
) -> tuple[Subjects, tuple[store.FamilyRow | None, list[store.Part]]]:
    """The pairs of a cell with the cell and its projects, of one moment: read again until nothing moved between."""
    counts = await pairs.counted_in(tx.conn, scope)
    while True:
        cell = await store.family_parts(tx.conn, scope, family.metric)
        cases = await pairs.cases_in(tx.conn, scope, limit)
        again = await pairs.counted_in(tx.conn, scope)
        if again == counts:
            break
        counts = again
    open_ = sum(n for (kind, decision), n in counts.items() if not decision and kind.lower() in OPEN_DUPLICATES)
    nodes = [_node(case) for case in cases]
    parts = [
        ((node["numerator"], 0), Part("pair", node["id"], sums(case))) for node, case in zip(nodes, cases, strict=True)
    ]
    return Subjects(nodes=nodes, parts=parts, number=sum(counts.values()), numerator=open_, nouns=_NOUNS), cell


def _node(case: Case) -> Node:
    found = odds(case.evidence)
    says = _DECIDED[case.decision] if case.decision else KINDS[case.kind]
    return node_of(
        kind="pair",
        id=pair_id(case.pair),
        label=say("%(one)s and %(other)s", one=case.low, other=case.high),
        projects=list(case.pair),
        calc=say("%(says)s; M %(m)s, P %(p)s", says=says, m=weight(found), p=exact(probability(found))),
        numerator=int(case.counted in OPEN_DUPLICATES),
        denominator=0,
        terms={case.counted: 1},
        children=[
            node_of(kind="fact", label=_SAYS[field, level], calc=f"log2(m/u) {w}")
            for field, level, w in weights(case.evidence)
        ],
    )

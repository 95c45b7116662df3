"""The subjects in a total explained: what each adds, and the facts behind it, as far as the caller may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from runtime.db import Tx
from scoring import store
from scoring.domain.explanation import Node, Sources, node_of
from scoring.domain.families.family import Family
from scoring.domain.influence import Part
from scoring.domain.method import Method
from scoring.domain.subjects import Subject
from scoring.domain.subjects.subject import day_of

_NOUNS: Final = {"M13": ("need", "needs"), "M14": ("country", "countries"), "M15": ("part", "parts")}


@dataclass(slots=True)
class Subjects:
    """What the caller may read of the subjects in a total: their nodes, the largest first, and their sums."""

    nodes: list[Node] = field(default_factory=list)
    parts: list[tuple[tuple[int, int], Part]] = field(default_factory=list)
    number: int = 0
    numerator: int = 0
    denominator: int = 0
    nouns: tuple[str, str] = ("project", "projects")


async def with_subjects(
    tx: Tx, family: Family, scope: str, method: Method
) -> tuple[Subjects, tuple[store.FamilyRow | None, list[store.Part]]]:
    """The subjects of a cell with the cell and its projects, of one moment: read again until nothing moved between."""
    parts = await store.subject_parts(tx.conn, scope, family.metric)
    while True:
        cell = await store.family_parts(tx.conn, scope, family.metric)
        again = await store.subject_parts(tx.conn, scope, family.metric)
        if [part.terms for part in again] == [part.terms for part in parts]:
            return await _explained(tx, family, scope, again, method), cell
        parts = again


async def _explained(
    tx: Tx, family: Family, scope: str, parts: Sequence[store.SubjectPart], method: Method
) -> Subjects:
    if not parts:
        return Subjects()
    closed = await store.closed_day(tx.conn)
    bodies: dict[tuple[str, str], dict[str, tuple[str, dict[str, object]]]] = {}
    for row in await store.subject_facts_of(tx.conn, [(p.subject.KIND, p.subject.id) for p in parts]):
        bodies.setdefault((row.kind, row.subject), {})[row.version.id] = row.type, orjson.loads(row.body)
    found = Subjects(nouns=_NOUNS.get(family.metric, ("subject", "subjects")))
    for part in parts:
        numerator, denominator = family.headline(part.terms, method.parameters)
        sources = Sources(bodies.get((part.subject.KIND, part.subject.id), {}))
        node = _node(part.subject, family.metric, scope, (day_of(part.subject, closed), method), sources)
        ratio = {"numerator": numerator, "denominator": denominator, "calc": f"{numerator} of {denominator}"}
        terms = {name: value for name, value in sorted(part.terms.items()) if not name.startswith("#")}
        found.parts.append(((numerator, denominator), Part(part.subject.KIND, part.subject.id, dict(part.terms))))
        found.nodes.append(node | ratio | {"terms": terms})
        found.number += 1
        found.numerator += numerator
        found.denominator += denominator
    found.nodes.sort(key=lambda node: (-node["numerator"], -node["denominator"], node["id"]))
    return found


def _node(subject: Subject, metric: str, scope: str, at: tuple[int, Method], sources: Sources) -> Node:
    event, name = subject.label()
    return node_of(
        kind=subject.KIND,
        id=subject.id,
        label=sources.text(event, name, subject.id) if name else subject.id,
        children=[
            node_of(
                kind="fact",
                label=stated.label,
                calc=stated.says,
                numerator=stated.numerator,
                denominator=stated.denominator,
                origin=sources.origin(stated.event),
            )
            for stated in subject.stated(metric, scope, *at)
        ],
    )

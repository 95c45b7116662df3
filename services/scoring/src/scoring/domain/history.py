"""What was published, revision by revision, and how revisions add up (methodology M16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from scoring.domain.figures import Figure
from scoring.domain.numbers import half_even
from scoring.domain.published import Published


class Revision(NamedTuple):
    """One published revision of one figure. ``valid`` is a day, ``known`` and ``updated`` µs since 1970."""

    metric: str
    scope: str
    revision: int
    valid: int
    known: int
    value: int | None
    state: str
    lower: int | None
    upper: int | None
    observed: int
    expected: int
    projects: int
    digest: bytes
    updated: int
    cause: str | None  # event id
    kind: str
    method: str
    classification: str
    owner: str | None
    withheld: str | None = None


def revision_of(figure: Figure, record: Published, kind: str, method: str) -> Revision:
    """What history keeps of a figure that was just published."""
    return Revision(
        figure.metric,
        figure.scope,
        record.revision,
        record.valid,
        record.known,
        figure.value,
        figure.state,
        figure.lower,
        figure.upper,
        figure.observed,
        figure.expected,
        figure.projects,
        record.digest,
        record.updated,
        record.cause,
        kind,
        method,
        figure.classification,
        figure.owner,
        figure.withheld,
    )


class Effect(NamedTuple):
    """A revision with what it did to the value; None where there is no value, or was none to revise."""

    revision: Revision
    before: int | None  # the last value before it, be it some revisions ago
    effect: int | None


class Summary(NamedTuple):
    """What revisions come to: the effects add up to ``total`` exactly. Means are µ, HALF_EVEN; None without any."""

    first: int | None
    last: int | None
    total: int
    revised: int
    mean: int | None
    mean_absolute: int | None


def effects(before: int | None, revisions: Iterable[Revision]) -> list[Effect]:
    """The effect of each revision, in order; ``before`` is the last value published before the first of them.

    A figure that is withheld for a while neither falls to nought nor rises from it: the next value is compared with
    the last one there was. The first value ever revises nothing.
    """
    found = []
    for revision in revisions:
        effect = None if revision.value is None or before is None else revision.value - before
        found.append(Effect(revision, before, effect))
        if revision.value is not None:
            before = revision.value
    return found


def summary(before: int | None, found: Sequence[Effect]) -> Summary:
    """Total, mean and mean absolute revision of ``effects(before, …)``; only revisions of a value count."""
    steps = [e.effect for e in found if e.effect is not None]
    known = [e.revision.value for e in found if e.revision.value is not None]
    first = before if before is not None else (known[0] if known else None)
    last = known[-1] if known else before
    total = last - first if first is not None and last is not None else 0
    count = len(steps)
    mean = half_even(sum(steps), count) if count else None
    absolute = half_even(sum(abs(step) for step in steps), count) if count else None
    return Summary(first, last, total, count, mean, absolute)


def as_told(effect: Effect) -> dict[str, Any]:
    """A revision's numbers, for whoever asks."""
    r = effect.revision
    return {
        "revision": r.revision,
        "cause": {"kind": r.kind, "event_id": r.cause},
        "previous": effect.before,
        "value": r.value,
        "effect": effect.effect,
        "state": r.state,
        "lower": r.lower,
        "upper": r.upper,
        "coverage": {"observed": r.observed, "expected": r.expected},
        "method_version": r.method,
    }

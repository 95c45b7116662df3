"""Pairs out: each that waits for somebody to decide, with its evidence one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from contracts.alerts import DuplicateCandidateFound, Weight
from contracts.streams import ALERTS
from runtime.db import Tx
from scoring.domain.duplicates.cases import Case, Pair
from scoring.domain.duplicates.evidence import odds, probability, weight, weights
from scoring.domain.method import Method
from scoring.store import duplicates as store
from scoring.usecases.publishing import Cause


def pair_id(pair: Pair) -> str:
    """The name of a pair on the wire."""
    return "|".join(pair)


async def say_candidates(
    tx: Tx, kept: Sequence[Case], stood: Mapping[Pair, Case], method: Method, why: Callable[[Pair], Cause]
) -> None:
    """Say those that are open and were not so before, or were taken for something else, or by other fingerprints."""
    news = [case for case in kept if case.is_open and _said(case) != _said(stood.get(case.pair))]
    if not news:
        return
    prints = await store.fingerprints(tx.conn, sorted({name for case in news for name in case.pair}))
    now = tx.clock()
    for case in news:
        both = [prints[name] for name in case.pair]
        found = odds(case.evidence)
        classification = "public" if all(one.public for one in both) else "owner"
        said = DuplicateCandidateFound(
            pair_id=pair_id(case.pair),
            projects=list(case.pair),
            entities=[one.entity for one in both],
            fingerprints=list(case.fingerprints),
            kind=case.kind,
            weight=weight(found),
            probability=probability(found),
            overlap=case.overlap,
            weights=[Weight(field=f, level=level, weight=w) for f, level, w in weights(case.evidence)],
            classification=classification,
            method_version=method.version,
            found_at=now,
        )
        subject = f"duplicate/{said.pair_id}"
        tx.emit(
            ALERTS, said.pair_id, said, cause=why(case.pair).envelope, subject=subject, classification=classification,
            time=now,
        )  # fmt: skip


def _said(case: Case | None) -> tuple[object, ...] | None:
    return (case.kind, case.fingerprints, case.decision) if case is not None else None

"""Claims on a result that several projects share: never more than the whole of it (methodology M6, G6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from scoring.domain.allocation import largest_remainder
from scoring.domain.judgements import SharedClaim
from scoring.domain.parameters import MICRO


@dataclass(slots=True)
class Claim:
    """One project's claim, as contracts.coordination has it; ``share`` None where it declared none."""

    project_id: str
    result_id: str | None = None
    share: int | None = None
    strength: int = 0


@dataclass(slots=True)
class SharedResult:
    """``shared-result.claims-changed.v1``: all claims on one result."""

    shared_result_ref: str
    claims: list[Claim] = field(default_factory=list)


class Scaled(NamedTuple):
    """A claim as it counts: γ after scaling, ppm."""

    project_id: str
    result_id: str
    share: int
    strength: int


def scaled(claims: Sequence[Claim]) -> list[Scaled]:
    """Claims beyond the whole are scaled down to it; what declared no share divides, evenly, what is left (ADR 0072).

    Claims that come to less than the whole stay: the rest is others', first of all the Member State's.
    """
    ordered = sorted(claims, key=_key)
    codes = ["|".join(_key(claim)) for claim in ordered]
    declared = [claim.share or 0 for claim in ordered]
    if sum(declared) > MICRO:
        declared = largest_remainder(MICRO, declared, codes)
    silent = [int(claim.share is None) for claim in ordered]
    rest = largest_remainder(MICRO - sum(declared), silent, codes)
    return [
        Scaled(claim.project_id, claim.result_id or "", share + more, claim.strength)
        for claim, share, more in zip(ordered, declared, rest, strict=True)
    ]


def _key(claim: Claim) -> tuple[str, str]:
    return claim.project_id, claim.result_id or ""


def claims_of(result: SharedResult, before: SharedResult | None) -> list[SharedClaim]:
    """What each project's register is told: its claim, or that it has none any more."""
    ref = result.shared_result_ref
    now = {(s.project_id, s.result_id): SharedClaim(s.project_id, ref, s.result_id, s.share, s.strength)
           for s in scaled(result.claims)}  # fmt: skip
    gone = [
        SharedClaim(project, ref, name, 0, 0, withdrawn=True)
        for project, name in sorted({_key(claim) for claim in before.claims} - now.keys() if before else ())
    ]
    return [*now.values(), *gone]

"""What people made of a pair, as scoring reads it: the fields it needs of contracts.coordination."""

from __future__ import annotations

from dataclasses import dataclass, field

from scoring.domain.duplicates.cases import Decision, Pair, pair_of
from scoring.domain.origin import Version


@dataclass(slots=True)
class DuplicateDecided:
    """``duplicate.decided.v1``."""

    pair_id: str
    projects: list[str]
    decision: str
    survivor: str | None = None
    fingerprints: list[str] = field(default_factory=list)
    decided_by: str = ""
    withdrawn: bool = False

    @property
    def pair(self) -> Pair:
        """The pair. Raises ValueError where it is none."""
        if len(self.projects) != 2 or self.projects[0] == self.projects[1]:
            raise ValueError("a decision is about two projects")
        return pair_of(self.projects[0], self.projects[1])

    def decision_at(self, version: Version) -> Decision:
        """As it stands from its version on."""
        prints = tuple(self.fingerprints)
        return Decision(version, not self.withdrawn, self.decision, self.survivor or "", prints, self.decided_by)

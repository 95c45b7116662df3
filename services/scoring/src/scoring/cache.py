"""States of projects that were scored lately, decoded: the next event of a project need not read them again."""

from __future__ import annotations

from collections import OrderedDict

from scoring.domain.rates import Rates
from scoring.domain.state import ProjectState


class RatesCache:
    """The rates of exchange as of one token; another token means that a table was published since."""

    def __init__(self) -> None:
        self._token = 0
        self._rates: Rates | None = None

    def get(self, token: int) -> Rates | None:
        """The rates under this token, if they are here."""
        return self._rates if token == self._token else None

    def put(self, token: int, rates: Rates) -> None:
        """Keep the rates in place of older ones."""
        self._token, self._rates = token, rates


class StateCache:
    """Keeps states up to a size in parts (indicators, transactions), the longest unused leave first.

    A state is valid only together with the token of the write that made it: a transaction that was rolled back
    leaves a token here that no row has. Whoever takes a state owns it until it is put back.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, tuple[int, ProjectState, int]] = OrderedDict()

    def take(self, project_id: str, token: int) -> ProjectState | None:
        """The state as of this write, if it is here; it leaves the cache."""
        kept = self._kept.pop(project_id, None)
        if kept is None:
            return None
        self._size -= kept[2]
        return kept[1] if kept[0] == token else None

    def put(self, token: int, state: ProjectState) -> None:
        """Keep a state that is being written under this token."""
        size = 10 + len(state.transactions) + len(state.indicators)
        self._kept[state.project_id] = (token, state, size)
        self._size += size
        while self._size > self._limit:
            _, (_, _, gone) = self._kept.popitem(last=False)
            self._size -= gone

"""States of projects that were scored lately, decoded: the next event of a project need not read them again."""

from __future__ import annotations

from collections import OrderedDict

from scoring.domain.state import ProjectState
from scoring.domain.world import World


class WorldCache:
    """Rates and dialects as of one token; another token means that one of them was published since."""

    def __init__(self) -> None:
        self._token = 0
        self._world: World | None = None

    def get(self, token: int) -> World | None:
        """The world under this token, if it is here."""
        return self._world if token == self._token else None

    def put(self, token: int, world: World) -> None:
        """Keep it in place of an older one."""
        self._token, self._world = token, world


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

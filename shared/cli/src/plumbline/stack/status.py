"""What runs on a data directory, as seen from outside: by its state file, its lock and its own answers."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from plumbline.stack import leftovers
from plumbline.stack.errors import NotRunning
from plumbline.stack.layout import Layout
from plumbline.stack.part import Part
from plumbline.stack.supervisor import parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """One part: ``state`` is ready, not ready or dead."""

    name: str
    title: str
    address: str
    pid: int | None
    state: str
    ready: bool
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """The whole: ``state`` is starting, ready, stopping, or unsupervised where the one who ran it was killed."""

    state: str
    pid: int | None
    data_dir: str
    ready: bool
    parts: list[PartStatus]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def held(layout: Layout) -> bool:
    """Whether a process runs a stack here now."""
    try:
        with layout.lock_file.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def look(layout: Layout) -> StackStatus:
    """Ask every part how it is. Raises NotRunning where there is nothing to ask."""
    state = layout.read_state() or {}
    entries = state.get("parts", [])
    alive = {e["name"] for e in entries if leftovers.lives(e.get("pid"), e.get("created"))}
    supervised = held(layout)
    if not supervised and not alive:
        raise NotRunning(f"No stack runs on {layout.root}", "plumbline up starts one; --data-dir names another place")
    known: dict[str, Part] = {part.name: part for part in parts_of(layout, layout.ports(None))}
    with ThreadPoolExecutor(len(entries) or 1) as pool:
        answers = dict(
            zip(
                (e["name"] for e in entries),
                pool.map(lambda e: e["name"] in alive and e["name"] in known and known[e["name"]].answers(), entries),
                strict=True,
            )
        )
    parts = [
        PartStatus(
            name=e["name"],
            title=e["title"],
            address=e["address"],
            pid=e["pid"] if e["name"] in alive else None,
            state=("ready" if answers[e["name"]] else "not ready") if e["name"] in alive else "dead",
            ready=bool(answers[e["name"]]),
            log=e["log"],
        )
        for e in entries
    ]
    return StackStatus(
        state=state.get("state", "starting") if supervised else "unsupervised",
        pid=state.get("pid") if supervised else None,
        data_dir=str(layout.root),
        ready=supervised and state.get("state") == "ready" and all(part.ready for part in parts),
        parts=parts,
    )

"""Scoring by one, two and four workers of one consumer group: how fast, and that the figures are the same.

All work through the same backlog, each number of workers on a copy of its own of the same database: offsets stand in
the database, so each begins where the others began. The result is one digest of all cells, and one of what every
project was last told.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psutil

from bench import lab, pipeline
from bench.accepted import Accepted
from bench.workload import Workload
from contracts.envelope import Envelope
from contracts.streams import CONTEXT, PORTFOLIO
from plumbline.stack import Stack
from plumbline.stack.services import Service
from scoring import store
from scoring.domain.assessing import sums_hash
from scoring.domain.cells import state_hash

BASE: Final = "scoring"
TOPICS: Final = (PORTFOLIO.topic, CONTEXT.topic)
SETTLE: Final = 5.0  # seconds for the group to divide its partitions among those that came late
RESULT: Final = ("cells", "families", "figures", "quarantined")


class Worker(Service):
    """One process of scoring among several, on a database it is told."""

    def __init__(self, stack: Stack, number: int, port: int, database: str) -> None:
        super().__init__("scoring", stack.layout, replace(stack.ports, scoring=port))
        self.name = f"scoring-{number}"
        self.viewer = False
        self._database = database

    def environment(self) -> dict[str, str]:
        """Scoring's own, with another database."""
        found = super().environment()
        for name in ("PLUMBLINE_DATABASE_URL", "PLUMBLINE_DATABASE_OWNER_URL"):
            address, _, _ = found[name].rpartition("/")
            found[name] = f"{address}/{self._database}"
        return found


async def copy(stack: Stack, database: str) -> None:
    """A copy of scoring's database as it stands."""
    async with lab.connection(stack, "postgres") as db:
        await db.execute(f"create database {database} template {BASE} owner scoring_owner")
        await db.execute(f"grant connect, temporary on database {database} to scoring, scoring_owner")


async def digests(stack: Stack, database: str) -> dict[str, Any]:
    """What the workers came to, in three digests, and whether anything was refused."""
    async with lab.connection(stack, database) as db:
        cells, families = await store.all_cells(db), await store.all_family_cells(db)
        told = hashlib.sha256()
        async for state in store.all_states(db):
            own = sorted((metric, known.value) for metric, known in state.published.items())
            leaves = [(n, sorted((m, k.value) for m, k in i.published.items())) for n, i in state.indicators.items()]
            told.update(repr((state.project_id, own, leaves)).encode())
        return {
            "cells": state_hash(cells)[:12],
            "families": sums_hash(families)[:12],
            "figures": told.hexdigest()[:12],
            "quarantined": await db.fetchval("select count(*) from quarantine"),
        }


async def measure(stack: Stack, accepted: Accepted, backlog: list[tuple[str, Envelope]], number: int) -> dict[str, Any]:
    """Let so many workers finish the backlog.

    They are ready, and have divided the partitions, before it is written; while it is, a lock holds them. The clock
    runs from its release to the commit of the last event and of the last word sent.
    """
    database = f"scoring_{number}_{time.monotonic_ns()}"
    await copy(stack, database)
    base = lab.free_port_base()
    workers = [Worker(stack, n, base + n, database) for n in range(number)]
    offsets = lab.Offsets(stack)
    async with lab.connection(stack, database) as db:
        for (topic, partition), end in offsets.ends(TOPICS).items():
            await db.execute(
                "update consumer_offset set next_offset = $3 where topic = $1 and partition = $2", topic, partition, end
            )
        try:
            for worker in workers:
                worker.start()
            await asyncio.gather(*(asyncio.to_thread(worker.wait_ready) for worker in workers))
            await asyncio.sleep(SETTLE)
            async with db.transaction():
                await db.execute("lock table consumer_offset in exclusive mode")
                await asyncio.to_thread(accepted.write_all, backlog)
                ends = offsets.ends(TOPICS)
            meter = lab.Meter(stack, pipeline.PARTS)
            own = [_cpu(worker) for worker in workers]
            started = time.perf_counter()

            async def done() -> bool:
                passed = await lab.passed(db, ["scoring"])
                if any(passed.get(place, 0) < end for place, end in ends.items()):
                    return False
                return not await db.fetchval("select exists (select from outbox)")

            await lab.until(done, f"{number} workers to finish")
            seconds = time.perf_counter() - started
            shares = [_cpu(worker) - before for worker, before in zip(workers, own, strict=True)]
            cpu = meter.seconds()
        finally:
            await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
    found = {
        "workers": number,
        "events_per_second": len(backlog) / seconds,
        "cores": (sum(shares) + cpu["postgres"] + cpu["kafka"]) / seconds,
        "cpu_workers_us": [share / len(backlog) * 1e6 for share in shares],
        "cpu_postgres_us": cpu["postgres"] / len(backlog) * 1e6,
        "cpu_us": (sum(shares) + cpu["postgres"] + cpu["kafka"]) / len(backlog) * 1e6,
        **await digests(stack, database),
    }
    async with lab.connection(stack, "postgres") as db:
        await db.execute(f"drop database {database}")
    return found


def _cpu(worker: Worker) -> float:
    times = psutil.Process(worker.pid).cpu_times()
    return float(times.user + times.system)


async def main() -> None:
    """Measure and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000, help="observations")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--indicators", type=int, default=10, help="a project")
    told = parser.parse_args()
    workload = Workload(told.projects, told.indicators)
    found: list[dict[str, Any]] = []
    async with lab.laboratory(viewer=told.viewer) as stack:
        await lab.start_services(stack, "scoring")
        await lab.stop_services(stack, "scoring")
        accepted = Accepted(stack)
        accepted.send_all(workload.definitions())
        first = told.projects * told.indicators
        accepted.send_all(workload.updates(first))
        await pipeline.measure(stack, (pipeline.SCORING,), first, None)
        backlog = [(p, accepted.stamped(p, event)) for p, event in workload.updates(told.events)]
        for n in range(told.runs):
            for number in told.workers:
                found.append(await measure(stack, accepted, backlog, number))
                lab.say(f"run {n + 1} of {told.runs}: {found[-1]}")
    report(found, told.json)


def report(found: list[dict[str, Any]], file: Path | None) -> None:
    """Medians by number of workers, and whether all came to the same."""
    numbers = sorted({r["workers"] for r in found})
    names = ("events_per_second", "cpu_us", "cpu_postgres_us", "cores")
    medians = {n: [lab.median([r[name] for r in found if r["workers"] == n]) for name in names] for n in numbers}
    alone = medians[numbers[0]][0]
    rows = [(str(n), *medians[n], medians[n][0] / alone) for n in numbers]
    lab.table(["workers", "events/s", "CPU µs/event", "PostgreSQL", "cores busy", f"times {numbers[0]}"], rows)
    results = {tuple(r[name] for name in RESULT) for r in found}
    for result in sorted(results):
        print("result: " + ", ".join(f"{name} {value}" for name, value in zip(RESULT, result, strict=True)))
    print("all the same" if len(results) == 1 else "NOT THE SAME")
    lab.keep(file, {"workers": {"same": len(results) == 1, "runs": found}})


if __name__ == "__main__":
    asyncio.run(main())

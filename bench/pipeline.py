"""intake → scoring → gateway, from a backlog, beside the ceiling loop on the same broker and database.

Each run leaves the same number of observations on the entities' inbound topics, lets the hand-written loop of
``bench.ceiling`` read them, then starts the services, as real processes, and waits until the gateway has applied
what follows from the last one. Runs of both lanes alternate; medians and their ratio are printed.

A stage alone is measured the same way: only its service runs, on the backlog the one before it left.
"""

from __future__ import annotations

import asyncio
import json
import pstats
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from bench import ceiling, lab
from bench.workload import INBOUND, Workload, fill
from contracts.streams import ALERTS, CONTEXT, METRICS, NOTIFICATIONS, PORTFOLIO, RECEIPTS
from plumbline.stack import Stack

PARTS: Final = ("kafka", "postgres")


@dataclass(frozen=True, slots=True)
class Stage:
    """A service, and which of its consumers' topics must be read to the end."""

    service: str
    database: str
    reads: dict[str, tuple[str, ...]]


INTAKE: Final = Stage("intake", "intake", {"intake": INBOUND})
SCORING: Final = Stage("scoring", "scoring", {"scoring": (PORTFOLIO.topic, CONTEXT.topic)})
GATEWAY: Final = Stage(
    "portal-gateway",
    "portal_gateway",
    {
        "portal-gateway": (METRICS.topic, ALERTS.topic, NOTIFICATIONS.topic, RECEIPTS.topic),
        "portal-gateway.portfolio": (PORTFOLIO.topic,),
    },
)
STAGES: Final = (INTAKE, SCORING, GATEWAY)


class Watch:
    """Knows when stages have nothing left to do."""

    def __init__(self, stack: Stack, stages: tuple[Stage, ...]) -> None:
        self.stack, self.stages = stack, stages
        self.offsets = lab.Offsets(stack)
        self._open: dict[str, Any] = {}

    async def idle(self) -> bool:
        """Whether every stage, in order, has read all there is and sent all it said."""
        for stage in self.stages:
            if not await self._idle(stage):
                return False
        return True

    async def _idle(self, stage: Stage) -> bool:
        db = await self._database(stage)
        for consumer, topics in stage.reads.items():
            done = await lab.passed(db, [consumer])
            if any(done.get(place, 0) < end for place, end in self.offsets.ends(topics).items()):
                return False
        return not await db.fetchval("select exists (select from outbox)")

    async def progress(self) -> int:
        """Records the first stage has passed so far."""
        stage = self.stages[0]
        return sum((await lab.passed(await self._database(stage), list(stage.reads))).values())

    async def _database(self, stage: Stage) -> Any:
        if stage.database not in self._open:
            self._open[stage.database] = await asyncpg.connect(self.stack.postgres.superuser_dsn(stage.database))
        return self._open[stage.database]

    async def close(self) -> None:
        """Close the connections."""
        for db in self._open.values():
            await db.close()


async def measure(stack: Stack, stages: tuple[Stage, ...], events: int, profiles: Path | None) -> dict[str, float]:
    """Start these services on their backlog, wait until they are done, stop them.

    The clock runs from the moment the first service says it is ready, or shows progress, to the moment the last
    one has committed its last record: starting Python is not part of it.
    """
    watch = Watch(stack, stages)
    names = [stage.service for stage in stages]
    try:
        before = await watch.progress()
        for name in names:
            _profiled(stack, name, profiles)
            stack.parts[name].start()
        meter = lab.Meter(stack, [*PARTS, *names])
        address = stack.parts[names[0]].address
        async with httpx.AsyncClient(trust_env=False) as http:

            async def begun() -> bool:
                stack.parts[names[0]].check_alive()
                return await _ready(http, address) or await watch.progress() != before

            await lab.until(begun, f"{names[0]} to begin", every=0.01)
        started = time.perf_counter()
        meter.restart()
        await lab.until(watch.idle, f"{', '.join(names)} to finish", every=0.05)
        elapsed = time.perf_counter() - started
        cpu = meter.seconds()
        resident = {name: lab.memory(stack.parts[name].pid) for name in names}
    finally:
        await watch.close()
        await lab.stop_services(stack, *names)
    cpu.pop("bench")  # this process only looks on
    return {
        "events_per_second": events / elapsed,
        "seconds": elapsed,
        "cpu_us": sum(cpu.values()) / events * 1e6,
        **{f"cpu_{part}_us": seconds / events * 1e6 for part, seconds in cpu.items()},
        **{f"memory_{part}_mb": size / 2**20 for part, size in resident.items()},
    }


async def _ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/health/ready", timeout=2)).is_success
    except httpx.HTTPError:
        return False


def _profiled(stack: Stack, name: str, profiles: Path | None) -> None:
    """Run the service under cProfile, where asked for; it writes its profile when it is stopped."""
    if profiles is not None:
        package = name.replace("-", "_")
        command = [sys.executable, "-m", "cProfile", "-o", str(profiles / f"{name}.prof"), "-m", package, "serve"]
        stack.parts[name].command = lambda: command  # type: ignore[method-assign]


def show_profile(file: Path, lines: int = 30) -> None:
    """The functions that took most time of their own."""
    print(f"\n{file.name}: by own time, under cProfile (which makes small functions look dear)")
    stats = pstats.Stats(str(file), stream=sys.stdout)
    stats.strip_dirs().sort_stats("tottime").print_stats(lines)


async def prepare(stack: Stack, workload: Workload, stages: tuple[Stage, ...]) -> None:
    """Bring the databases up to date, register entities, and let every stage apply the definitions."""
    names = [stage.service for stage in stages]
    await lab.start_services(stack, *names)
    await lab.register_entities(stack)
    fill(stack, workload.definitions())
    watch = Watch(stack, stages)
    await lab.until(watch.idle, "the definitions to be applied", every=0.2)
    await watch.close()
    await lab.stop_services(stack, *names)


async def main() -> None:
    """Measure and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000, help="observations a run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--indicators", type=int, default=10, help="a project")
    parser.add_argument("--stage", choices=[s.service for s in STAGES], action="append", help="only these alone")
    parser.add_argument("--no-stages", action="store_true", help="only the whole pipeline and the ceiling")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="profile every stage alone instead")
    told = parser.parse_args()
    workload = Workload(told.projects, told.indicators)
    chosen: tuple[Stage, ...] = STAGES
    if told.stage:  # later stages live on what the earlier ones leave
        last = max(n for n, s in enumerate(STAGES) if s.service in told.stage)
        chosen = STAGES[: last + 1]
    if told.profile:
        told.profile.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[dict[str, float]]] = {}
    async with lab.laboratory(viewer=told.viewer) as stack:
        await prepare(stack, workload, chosen)
        await ceiling.prepare(stack)
        offsets = lab.Offsets(stack)
        for n in range(told.runs):
            if not told.profile:
                begin = offsets.ends(INBOUND)
                fill(stack, workload.updates(told.events))
                for inbox, lane in ((True, "ceiling, inbox"), (False, "ceiling, offset only")):
                    found.setdefault(lane, []).append(await ceiling.run(stack, begin, told.events, inbox=inbox))
                if not told.stage:
                    found.setdefault("pipeline", []).append(await measure(stack, STAGES, told.events, None))
                    if not told.no_stages:
                        fill(stack, workload.updates(told.events))
            else:
                fill(stack, workload.updates(told.events))
            if not told.no_stages or told.profile:
                for stage in chosen:
                    lane = f"{stage.service} alone"
                    found.setdefault(lane, []).append(await measure(stack, (stage,), told.events, told.profile))
            lab.say(f"run {n + 1} of {told.runs}: " + _summary(found))
    report(found, told.json)
    for stage in chosen if told.profile else ():
        show_profile(told.profile / f"{stage.service}.prof")


def _summary(found: dict[str, list[dict[str, float]]]) -> str:
    return ", ".join(f"{lane} {runs[-1]['events_per_second']:,.0f}/s" for lane, runs in found.items())


def report(found: dict[str, list[dict[str, float]]], file: Path | None) -> None:
    """Medians, ratios, and where processor time goes."""
    top = lab.median([r["events_per_second"] for r in found.get("ceiling, inbox", [])])
    rows = []
    for lane, runs in found.items():
        rates = [r["events_per_second"] for r in runs]
        rate = lab.median(rates)
        rows.append(
            (lane, rate, min(rates), max(rates), rate / top if top else 0.0, lab.median([r["cpu_us"] for r in runs]))
        )
    lab.table(["lane", "events/s", "least", "most", "of ceiling", "CPU µs/event"], rows)
    medians: dict[str, Any] = {}
    for lane, runs in found.items():
        medians[lane] = {key: lab.median([r[key] for r in runs]) for key in runs[0]}
        parts = {k[4:-3]: v for k, v in medians[lane].items() if k.startswith("cpu_") and k != "cpu_us"}
        print(f"{lane}: CPU µs an event: {json.dumps({k: round(v, 1) for k, v in parts.items()})}")
    lab.keep(file, {"pipeline": {"medians": medians, "runs": found}})


if __name__ == "__main__":
    asyncio.run(main())

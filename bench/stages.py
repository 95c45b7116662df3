"""Where scoring's processor time goes: microseconds an event by stage, sampled while it works through a backlog.

Scoring runs as it always does, with a timer that looks 500 times a second of processor time at what it is doing
(``bench.sampler``): small functions do not look dear, as under cProfile. A sample counts for the stage of its innermost
frame that has one. PostgreSQL's statements are listed by the
time that passes in them, waiting included.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from bench import lab, pipeline, sampler
from bench.accepted import Accepted
from bench.workload import Workload
from plumbline.stack import Stack

REST: Final = "event loop, sockets, asyncpg's rows"

STAGES: Final = {
    "fetch": ("runtime.delivery.polling:", "aiokafka.consumer.", "faststream."),
    "decode": (
        "runtime.delivery.reading:", "contracts.envelope:from_", "contracts.envelope:_build",
        "contracts.envelope:parse_", "scoring.codec:fact_of", "scoring.usecases.heard:",
    ),
    "offsets and inbox": (
        "runtime.delivery.offsets:", "runtime.db:Tx.first_times", "runtime.db:event_key",
        "runtime.delivery.consumer:Consumer._first_times",
    ),
    "states in": (
        "scoring.usecases.applying:_states", "scoring.usecases.passing:", "scoring.codec:unpack_state",
        "scoring.codec:_from_bytes", "scoring.domain.state:Indicators.", "scoring.domain.assessment:Sealed.",
    ),
    "register": ("scoring.domain.register:",),
    "leaves and project": (
        "scoring.domain.project:", "scoring.domain.attainment:", "scoring.domain.periods:", "scoring.domain.pace:",
        "scoring.domain.grading:", "scoring.domain.effectiveness:", "scoring.domain.balance:",
        "scoring.domain.allocation:",
    ),
    "families": ("scoring.domain.assessing:", "scoring.domain.families.", "scoring.domain.assessment:"),
    "cells in memory": ("scoring.domain.cells:",),
    "own figures": ("scoring.domain.ownfigures:", "scoring.domain.ledger:"),
    "saying figures": (
        "scoring.usecases.publishing:", "scoring.domain.figures:Figure.digest", "contracts.", "runtime.ids:",
    ),
    "totals, and their rows": (
        "scoring.domain.figures:", "scoring.usecases.applying:_write_cells",
        "scoring.usecases.applying:_write_families",
    ),
    "states out": ("scoring.store.projects:save_projects", "scoring.codec:pack_state", "scoring.codec:_to_bytes"),
    "terms, standings": ("scoring.store.families:save_terms", "scoring.usecases.subjects:", "scoring.store.subjects:"),
    "log of facts": ("scoring.store.facts:append_facts", "scoring.usecases.applying:_log"),
    "history": ("scoring.store.history:", "scoring.domain.history:"),
    "outbox to Kafka": ("runtime.outbox:", "aiokafka.producer.", "runtime.db:unpack"),
    "outbox row and commit": ("runtime.db:",),
    "the rest of a batch": ("runtime.delivery.consumer:Consumer._process",),  # whoever fetched it stands farther out
}  # fmt: skip
"""What belongs to which stage: names of functions, as ``module:qualified name``, by how they begin."""


def stage_of(frames: list[str]) -> str:
    """The stage of a sample; frames are innermost first. What a batch does beside its stages is the rest of it."""
    for frame in frames:
        for stage, names in STAGES.items():
            if frame.startswith(names):
                return stage
    return REST


async def measure(stack: Stack, events: int, samples: Path) -> dict[str, Any]:
    """Let scoring work through its backlog under the sampler."""
    part = stack.parts["scoring"]
    async with lab.connection(stack, "postgres") as db:
        await db.execute("select pg_stat_statements_reset()")
    before = part.command
    command = [sys.executable, "-P", sampler.__file__, str(samples), "scoring"]
    part.command = lambda: command  # type: ignore[method-assign]
    try:
        found = await pipeline.measure(stack, (pipeline.SCORING,), events, None)
    finally:
        part.command = before  # type: ignore[method-assign]
    seen = json.loads(await asyncio.to_thread(samples.read_text))
    whole = sum(count for _, count in seen)
    stages: Counter[str] = Counter()
    functions: Counter[tuple[str, str]] = Counter()
    for frames, count in seen:
        stage = stage_of(frames)
        stages[stage] += count
        functions[stage, frames[0]] += count
    async with lab.connection(stack, "postgres") as db:
        statements = await db.fetch(
            "select left(query, 60) as said, calls, total_exec_time as ms, rows from pg_stat_statements"
            " where dbid = (select oid from pg_database where datname = 'scoring') order by 3 desc limit 15"
        )
    each = found["cpu_scoring_us"] / max(whole, 1)
    return found | {
        "samples": whole,
        "stages": {stage: count * each for stage, count in stages.items()},
        "statements": [(s["said"], 1000 * s["ms"] / events, s["calls"], s["rows"] / events) for s in statements],
        "functions": [(stage, name, count * each) for (stage, name), count in functions.most_common(60)],
    }


async def main() -> None:
    """Measure and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000, help="observations")
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--indicators", type=int, default=10, help="a project")
    parser.add_argument("--functions", type=int, default=30, help="listed")
    told = parser.parse_args()
    workload = Workload(told.projects, told.indicators)
    async with lab.laboratory(viewer=told.viewer) as stack:
        await lab.start_services(stack, "scoring")
        await lab.stop_services(stack, "scoring")
        accepted = Accepted(stack)
        accepted.send_all(workload.definitions())
        first = told.projects * told.indicators
        accepted.send_all(workload.updates(first))
        await pipeline.measure(stack, (pipeline.SCORING,), first, None)
        accepted.send_all(workload.updates(told.events))
        with tempfile.TemporaryDirectory(prefix="plumbline-bench-profile-") as folder:
            found = await measure(stack, told.events, Path(folder) / "samples.json")
    cpu = found["cpu_scoring_us"]
    spent = [(stage, found["stages"].get(stage, 0.0)) for stage in (*STAGES, REST)]
    lab.table(
        ["scoring", "µs/event", "share"], [*((stage, us, us / cpu) for stage, us in spent), ("together", cpu, 1.0)]
    )
    print(f"PostgreSQL {found['cpu_postgres_us']:.0f} µs, Kafka {found['cpu_kafka_us']:.0f} µs an event;"
          f" {found['events_per_second']:,.0f} events/s; {found['samples']} samples")  # fmt: skip
    lab.table(["statement", "µs/event", "times", "rows/event"], found["statements"])
    lab.table(["stage", "function", "own µs/event"], found["functions"][: told.functions])
    lab.keep(told.json, {"profile": found})


if __name__ == "__main__":
    asyncio.run(main())

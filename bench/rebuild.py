"""Everything again from the log, and figures as of another day, on a log of the length asked for.

The log is made by scoring itself, from facts recorded over the two years before yesterday; so states, cells and history
are what they would be. Then the rebuild that ``plumbline rebuild`` begins; then reads over HTTP, one after the other:
as known by a day, which history answers where anything was published by then, and as valid by a day, which is replayed
from the log; each of a random metric, scope and day. ``answers`` says who answered, or why it was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from bench import lab, pipeline
from bench.accepted import Accepted
from bench.workload import Workload
from plumbline.stack import Stack

SPAN: Final = timedelta(days=730)
KINDS: Final = {
    "indicator": ("M1", "M2"),
    "project": ("M1", "M2", "M4"),
    "entity": ("M2", "M4"),
    "country": ("M2", "M4", "M7"),
    "global": ("M2", "M4", "M7"),
}
"""Scopes that are asked for, and the metrics of each."""
OWN: Final = ("indicator", "project")


def arguments() -> argparse.Namespace:
    """What can be told."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--facts", type=int, default=100_000, help="in the log; 1 000 000 take some ten minutes")
    parser.add_argument("--projects", type=int, default=0, help="0: one for every 200 facts")
    parser.add_argument("--indicators", type=int, default=10, help="a project")
    parser.add_argument("--reads", type=int, default=200, help="of indicators, and of projects; of each total a tenth")
    parser.add_argument("--rebuilds", type=int, default=1)
    told = parser.parse_args()
    told.projects = told.projects or max(told.facts // 200, 1)
    if told.facts <= told.projects * (told.indicators + 1):
        parser.error(f"{told.projects} projects and their indicators are more than {told.facts} facts")
    return told


async def make_log(stack: Stack, workload: Workload, facts: int) -> dict[str, float]:
    """Let scoring enter that many facts; how fast it did."""
    await lab.start_services(stack, "scoring")
    await lab.stop_services(stack, "scoring")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    accepted = Accepted(stack, today - SPAN - timedelta(days=1), SPAN / facts)
    definitions = list(workload.definitions())
    accepted.send_all(definitions)
    accepted.send_all(workload.updates(facts - len(definitions)))
    return await pipeline.measure(stack, (pipeline.SCORING,), facts, None)


async def rebuild(stack: Stack, http: httpx.AsyncClient) -> dict[str, Any]:
    """As ``plumbline rebuild`` does it; what it found and took."""
    meter = lab.Meter(stack, ("scoring", "postgres"))
    (await http.post("/v1/rebuild")).raise_for_status()
    job: dict[str, Any] = {}

    async def done() -> bool:
        nonlocal job
        job = (await http.get("/v1/rebuild")).raise_for_status().json()
        return job["state"] != "running"

    await lab.until(done, "the rebuild", every=0.5)
    if job.get("result") is None:
        raise SystemExit(f"the rebuild did not end well: {job}")
    found = job["result"]
    mended = [name for what in ("projects", "subjects", "cells") for name in found[f"mended_{what}"]]
    cpu = meter.seconds()
    return {
        **{name: found[name] for name in ("facts", "projects", "seconds", "held_seconds", "facts_per_second")},
        "mended": len(mended),
        "cpu_scoring_us": cpu["scoring"] / found["facts"] * 1e6,
        "cpu_postgres_us": cpu["postgres"] / found["facts"] * 1e6,
        "memory_mb": lab.memory(stack.parts["scoring"].pid) / 2**20,
    }


async def scopes(stack: Stack) -> Callable[[random.Random, str], str]:
    """What draws a scope of a kind among those that have a history."""
    async with lab.connection(stack, "scoring") as db:
        projects = [r["project_id"] for r in await db.fetch("select project_id from project_state where counted")]
        cells = [r["scope"] for r in await db.fetch("select scope from cell where published <> ''")]

    def draw(chance: random.Random, kind: str) -> str:
        if kind == "project":
            return f"project:{chance.choice(projects)}"
        if kind == "indicator":
            return f"indicator:{chance.choice(projects)}|I{chance.randrange(4) + 1}"
        return chance.choice([scope for scope in cells if scope == kind or scope.startswith(f"{kind}:")])

    return draw


async def read(http: httpx.AsyncClient, draw: Callable[[random.Random, str], str], kind: str, by: str, n: int) -> Any:
    """So many reads of one kind; how long they took, and what was not answered."""
    chance = random.Random(f"{kind} {by}")
    today = datetime.now(UTC).date()
    took: list[float] = []
    answers: dict[str, int] = {}
    for _ in range(n):
        day = today - timedelta(days=chance.randrange(2, SPAN.days))
        asked = {"scope": draw(chance, kind), by: str(day)}
        started = time.perf_counter()
        answer = await http.get(f"/v1/metrics/{chance.choice(KINDS[kind])}", params=asked)
        spent = 1000 * (time.perf_counter() - started)
        body = answer.json()
        word = body["source"] if answer.is_success else str(body.get("code", answer.status_code))
        answers[word] = answers.get(word, 0) + 1
        if answer.is_success:
            took.append(spent)
    return {
        "kind": kind,
        "by": by,
        "answered": len(took),
        "p50_ms": lab.quantile(took, 0.5),
        "p95_ms": lab.quantile(took, 0.95),
        "max_ms": max(took, default=0.0),
        "answers": answers,
    }


async def main() -> None:
    """Measure and print."""
    told = arguments()
    workload = Workload(told.projects, told.indicators)
    async with lab.laboratory(viewer=told.viewer) as stack:
        entered = await make_log(stack, workload, told.facts)
        lab.say(f"{told.facts:,} facts are entered, {entered['events_per_second']:,.0f}/s")
        async with lab.connection(stack, "scoring") as db:
            await db.execute("vacuum analyze")
            size = await db.fetchval("select pg_database_size('scoring')") / 2**20
            refused = await db.fetchval("select count(*) from quarantine")
        await lab.start_services(stack, "scoring")
        token = await asyncio.to_thread(stack.tokens.token, "operator")
        address = stack.parts["scoring"].address
        async with httpx.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        ) as http:
            draw = await scopes(stack)
            reads = []
            for by in ("known_as_of", "valid_as_of"):
                for kind in KINDS:
                    reads.append(await read(http, draw, kind, by, told.reads // (1 if kind in OWN else 10)))
                    lab.say(f"{reads[-1]}")
            rebuilt = []
            for _ in range(told.rebuilds):
                rebuilt.append(await rebuild(stack, http))
                lab.say(f"{rebuilt[-1]}")
    print(f"{told.facts:,} facts of {told.projects:,} projects, {refused} quarantined; {size:,.0f} MB of database;"
          f" entered at {entered['events_per_second']:,.0f} facts/s")  # fmt: skip
    names = ("facts", "facts_per_second", "seconds", "held_seconds", "mended", "cpu_scoring_us", "cpu_postgres_us",
             "memory_mb")  # fmt: skip
    lab.table(["rebuild", *names], [[str(n + 1), *(r[name] for name in names)] for n, r in enumerate(rebuilt)])
    head = ("kind", "by", "answered", "p50_ms", "p95_ms", "max_ms", "answers")
    lab.table(["as of, scope", *head[1:]], [[r[name] for name in head] for r in reads])
    lab.keep(told.json, {"rebuild": {"entered": entered, "size_mb": size, "rebuilt": rebuilt, "reads": reads}})


if __name__ == "__main__":
    asyncio.run(main())

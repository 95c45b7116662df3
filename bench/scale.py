"""What an event costs scoring as the portfolio grows, and where every project counts in the same few scopes.

A thousand projects are scored by the service itself, then multiplied in its database (``bench.multiply``). At each size
the service works through the same number of observations, twice: of as many projects at every size ("the same"), so
that nothing but the size differs; and of projects drawn from all of them ("any"), where fewer and fewer events of a
batch are of one project. Rows are those PostgreSQL says were inserted, updated or deleted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Iterator
from typing import Any, Final

import orjson
from msgspec.structs import replace

from bench import lab, pipeline
from bench.accepted import Accepted
from bench.multiply import Models, cells_that_differ, copy_of
from bench.workload import Workload
from contracts.envelope import Envelope
from plumbline.stack import Stack

MODELS: Final = 1000
_ONE: Final = [{"dim": "PILLAR", "code": "P1", "ppm": 1_000_000}, {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}]
_ENTITY: Final = "XM-DEMO-1"


def arguments() -> argparse.Namespace:
    """What can be told."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000], help="projects")
    parser.add_argument("--hot-sizes", type=int, nargs="*", default=[1000, 10_000], help="in one country and pillar")
    parser.add_argument("--events", type=int, default=10_000, help="observations measured at each size")
    parser.add_argument("--indicators", type=int, default=4, help="of each project")
    parser.add_argument("--check", type=int, default=10_000, help="add all states up after the largest size up to this")
    told = parser.parse_args()
    for size in (*told.sizes, *told.hot_sizes):
        if size < MODELS or size % MODELS:
            parser.error(f"{size} is not a multiple of {MODELS}: the portfolio is made of copies of so many projects")
    return told


def concentrated(events: Iterator[tuple[str, Envelope]]) -> Iterator[tuple[str, Envelope]]:
    """The same projects, all of one entity, in one country and one pillar."""
    for project, event in events:
        data = orjson.loads(event.data)
        if "allocations" in data:
            data |= {"allocations": _ONE, "entity": _ENTITY}
        yield project, replace(event, data=orjson.dumps(data))


def of_copies(events: Iterator[tuple[str, Envelope]], copies: int, *, any_of: bool) -> Iterator[tuple[str, Envelope]]:
    """Each event about a copy of its project: one drawn for each project, or ``any_of`` them for each event."""
    draw = random.Random(copies)
    chosen: dict[str, str] = {}
    for project, event in events:
        name = copy_of(project, draw.randrange(copies)) if any_of else chosen.get(project)
        if name is None:
            name = chosen[project] = copy_of(project, draw.randrange(copies))
        yield name, replace(event, data=orjson.dumps(orjson.loads(event.data) | {"project_id": name}))


async def touched(stack: Stack) -> dict[str, int]:
    """Rows ever inserted, updated or deleted, by table."""
    async with lab.connection(stack, "scoring") as db:
        rows = await db.fetch("select relname, n_tup_ins + n_tup_upd + n_tup_del as n from pg_stat_user_tables")
    return {row["relname"]: row["n"] for row in rows}


async def measure(stack: Stack, accepted: Accepted, events: Iterator[tuple[str, Envelope]], n: int) -> dict[str, Any]:
    """Let scoring work through these events; what each cost."""
    accepted.send_all(events)
    before = await touched(stack)
    found = await pipeline.measure(stack, (pipeline.SCORING,), n, None)
    rows = {table: (after - before.get(table, 0)) / n for table, after in (await touched(stack)).items()}
    async with lab.connection(stack, "scoring") as db:
        if refused := await db.fetchval("select count(*) from quarantine"):
            raise SystemExit(f"{refused} events were quarantined: they are not what intake would have accepted")
    return found | {"rows": sum(rows.values()), "rows_by_table": {t: r for t, r in sorted(rows.items()) if r >= 0.005}}


async def grow(told: argparse.Namespace, sizes: list[int], *, hot: bool) -> list[dict[str, Any]]:
    """One portfolio through its sizes."""
    workload = Workload(MODELS, told.indicators)
    found: list[dict[str, Any]] = []
    async with lab.laboratory(viewer=told.viewer) as stack:
        await lab.start_services(stack, "scoring")
        await lab.stop_services(stack, "scoring")
        accepted = Accepted(stack)
        definitions = workload.definitions()
        accepted.send_all(concentrated(definitions) if hot else definitions)
        # Once more than there are indicators: each of them has a value, and a second one that was measured by nobody.
        count = 2 * MODELS * told.indicators
        await measure(stack, accepted, workload.updates(count), count)
        models = await Models.read(stack)
        have = 1
        for size in sizes:
            copies = size // MODELS
            began = time.monotonic()
            if copies > have:
                await models.multiply(stack, have, copies)
                have = copies
            for reporting in ("the same", "any") if copies > 1 else ("the same",):
                events = of_copies(workload.updates(told.events), copies, any_of=reporting == "any")
                one = await measure(stack, accepted, events, told.events)
                found.append(
                    {"portfolio": "one scope" if hot else "spread", "projects": size, "report": reporting, **one}
                )
                lab.say(f"{found[-1]}")
            if size <= told.check and (wrong := await cells_that_differ(stack)):
                raise SystemExit(f"{wrong} cells are not the sum of their projects")
            lab.say(f"{size:,} projects: {time.monotonic() - began:.0f} s")
    return found


async def main() -> None:
    """Measure and print."""
    told = arguments()
    found = await grow(told, sorted(told.sizes), hot=False)
    if told.hot_sizes:
        found += await grow(told, sorted(told.hot_sizes), hot=True)
    parts = ("cpu_us", "cpu_scoring_us", "cpu_postgres_us", "rows", "events_per_second", "memory_scoring_mb")
    lab.table(
        [
            "portfolio",
            "projects",
            "that report",
            "CPU µs/event",
            "scoring",
            "PostgreSQL",
            "rows/event",
            "events/s",
            "MB",
        ],
        [[r["portfolio"], r["projects"], r["report"], *(r[part] for part in parts)] for r in found],
    )
    for r in found:
        print(f"{r['portfolio']}, {r['projects']:,}, {r['report']}: rows an event: {_rounded(r['rows_by_table'])}")
    lab.keep(told.json, {"scale": found})


def _rounded(rows: dict[str, float]) -> str:
    return json.dumps({table: round(n, 2) for table, n in rows.items()})


if __name__ == "__main__":
    asyncio.run(main())

"""IATI files in: activities a second, and the memory of intake and of its reader while it works.

The largest files of real publishers (PLUMBLINE_DATA, or ``../shared/data`` beside the project), then generated
portfolios of 10³, 10⁴ and 10⁵ projects. Files go in as ``plumbline import`` sends them: by HTTP, one after the
other, each with its receipt awaited. The time runs from the first byte sent to the last receipt.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from lxml import etree

from bench import lab
from plumbline.generate.files import write_portfolio
from plumbline.stack import Stack

PIECE: Final = 1024 * 1024
DATA: Final = Path(os.environ.get("PLUMBLINE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file and the entity that sends it."""

    file: Path
    entity: str


class Memory:
    """The largest resident set sizes seen of intake's process and of its reader's, looked at 20 times a second."""

    def __init__(self, pid: int | None) -> None:
        self._process = psutil.Process(pid)
        self.start = self._process.memory_info().rss
        self.intake = self.reader = 0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(psutil.NoSuchProcess):
                self.intake = max(self.intake, self._process.memory_info().rss)
                self.reader = max([self.reader, *(c.memory_info().rss for c in self._process.children())])
            await asyncio.sleep(0.05)


async def send(stack: Stack, source: Source) -> dict[str, Any]:
    """Upload one file and wait for its receipt."""
    token = await asyncio.to_thread(stack.tokens.token, "secretariat")  # may send on behalf of any entity
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}

    async def pieces() -> Any:
        with source.file.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    async with httpx.AsyncClient(
        base_url=stack.parts["intake"].address, headers=headers, timeout=60, trust_env=False
    ) as http:
        sent = await http.post(
            "/v1/files", params={"name": source.file.name, "entity": source.entity}, content=pieces()
        )
        sent.raise_for_status()
        address = f"/v1/submissions/{sent.json()['submission_id']}"
        receipt: dict[str, Any] = {}

        async def done() -> bool:
            nonlocal receipt
            receipt = (await http.get(address)).raise_for_status().json()
            return bool(receipt["state"] == "done")

        await lab.until(done, f"the receipt of {source.file.name}", every=0.05)
    return receipt


async def measure(stack: Stack, name: str, sources: Sequence[Source]) -> dict[str, Any]:
    """Import files; what came of them, how long it took and how much memory."""
    memory = Memory(stack.parts["intake"].pid)
    watching = asyncio.create_task(memory.watch())
    meter = lab.Meter(stack, ("kafka", "postgres", "intake"))
    started = time.perf_counter()
    receipts = [await send(stack, source) for source in sources]
    seconds = time.perf_counter() - started
    watching.cancel()
    cpu = meter.seconds()
    cpu.pop("bench")
    activities = sum(r["activities"] for r in receipts)
    return {
        "name": name,
        "files": len(sources),
        "megabytes": sum(s.file.stat().st_size for s in sources) / 1e6,
        "activities": activities,
        "accepted": sum(r["accepted"] for r in receipts),
        "quarantined": sum(r["quarantined"] for r in receipts),
        "facts": sum(r["events"] for r in receipts),
        "seconds": seconds,
        "activities_per_second": activities / seconds,
        "facts_per_second": sum(r["events"] for r in receipts) / seconds,
        "ms_per_activity": 1000 * seconds / max(activities, 1),
        "cpu_ms_per_activity": 1000 * sum(cpu.values()) / max(activities, 1),
        "intake_mb": memory.intake / 2**20,
        "intake_growth_mb": (memory.intake - memory.start) / 2**20,
        "reader_mb": memory.reader / 2**20,
    }


async def register(stack: Stack, files: Sequence[Path]) -> list[Source]:
    """Make the publishers of these files known, each with every reference its file reports under."""
    found = []
    async with lab.connection(stack, "intake") as db:
        for file in files:
            names = sorted(
                {
                    ref
                    for _, element in etree.iterparse(str(file), tag="reporting-org", recover=True)
                    if (ref := (element.get("ref") or "").strip())
                }
            )
            if names:
                await db.execute(
                    "insert into entity (ref, name, also) values ($1, $1, $2) on conflict do nothing",
                    names[0],
                    names[1:],
                )
                found.append(Source(file, names[0]))
    return found


def largest(count: int) -> list[Path]:
    """The largest files of single publishers: one each, none of the collections made for tests."""
    by_publisher: dict[str, Path] = {}
    for file in sorted((DATA / "iati").glob("[!_]*/*.xml"), key=lambda f: -f.stat().st_size):
        by_publisher.setdefault(file.parent.name, file)
    return list(by_publisher.values())[:count]


def generated(folder: Path, projects: int, seed: int) -> list[Source]:
    """A generated portfolio's files."""
    lab.say(f"generating {projects} projects")
    out = folder / f"portfolio-{projects}"
    out.mkdir()
    write_portfolio(out, projects=projects, seed=seed, editions=1, progress=lambda _done: None)
    return [Source(file, file.parent.name) for file in sorted(out.glob("edition-1/*/*.xml"))]


async def main() -> None:
    """Measure and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=6, help="largest real files, one a publisher")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000, 100_000], help="generated projects")
    told = parser.parse_args()
    if not (DATA / "iati").is_dir():
        lab.say(f"no real files: {DATA}/iati is not there (PLUMBLINE_DATA)")
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-files-") as folder:
        async with lab.laboratory(viewer=told.viewer) as stack:
            await lab.start_services(stack, "intake")
            await lab.register_entities(stack)
            for source in await register(stack, largest(told.files)):
                found.append(await measure(stack, f"{source.file.parent.name}/{source.file.name}", [source]))
                lab.say(f"{found[-1]['name']}: {found[-1]['activities_per_second']:.0f} activities/s")
            for size in told.sizes:
                sources = await asyncio.to_thread(generated, Path(folder), size, size)
                found.append(await measure(stack, f"generated {size:,}", sources))
                lab.say(f"{found[-1]['name']}: {found[-1]['activities_per_second']:.0f} activities/s")
                for source in sources:
                    source.file.unlink()
    columns = (
        "megabytes", "activities", "quarantined", "facts", "activities_per_second", "facts_per_second",
        "ms_per_activity", "cpu_ms_per_activity", "intake_mb", "intake_growth_mb", "reader_mb",
    )  # fmt: skip
    lab.table(["import", *columns], [[r["name"], *(r[c] for c in columns)] for r in found])
    lab.keep(told.json, {"imports": found})


if __name__ == "__main__":
    asyncio.run(main())

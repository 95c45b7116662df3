"""The embedded stack: how long it takes to start, first and later, and what memory it holds once it rests.

The jars must be there already (``make setup`` fetches them): downloading is the network's time, not ours.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench import lab
from plumbline import stack as embedded
from plumbline.stack import Stack
from plumbline.stack.jars import jars

REST: Final = 15  # seconds after which idle memory and idle processor time are looked at


def start(folder: Path, base: int) -> tuple[Stack, float]:
    """Start everything, as ``plumbline up`` does; how long it took."""
    began = time.monotonic()
    stack = embedded.start(folder, base, tell=lab.say)
    return stack, time.monotonic() - began


def stop(stack: Stack) -> float:
    """Stop everything; how long it took."""
    began = time.monotonic()
    stack.stop()
    return time.monotonic() - began


def size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


async def measure() -> dict[str, Any]:
    """One folder's life: first start, rest, stop, second start, stop."""
    folder, base = Path(tempfile.mkdtemp(prefix="plumbline-bench-")), lab.free_port_base()
    try:
        stack, first = await asyncio.to_thread(start, folder, base)
        try:
            await asyncio.sleep(REST)
            memory = {part.name: lab.memory(part.pid) / 2**20 for part in stack.parts.values()}
            meter = lab.Meter(stack, stack.parts)
            await asyncio.sleep(REST)
            idle = {name: 100 * seconds / REST for name, seconds in meter.seconds().items() if name != "bench"}
        finally:
            stopped = await asyncio.to_thread(stop, stack)
        disk = size(folder) / 2**20
        stack, later = await asyncio.to_thread(start, folder, base)
        await asyncio.to_thread(stop, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "first_start_s": first,
        "later_start_s": later,
        "stop_s": stopped,
        "disk_mb": disk,
        "memory_mb": memory,
        "idle_percent_of_a_core": idle,
    }


async def main() -> None:
    """Measure and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    told = parser.parse_args()
    for part in ("kafka", "zipkin"):
        await asyncio.to_thread(jars, part, lab.say)
    runs = [await measure() for _ in range(told.runs)]
    single = ("first_start_s", "later_start_s", "stop_s", "disk_mb")
    medians: dict[str, Any] = {name: lab.median([r[name] for r in runs]) for name in single}
    for group in ("memory_mb", "idle_percent_of_a_core"):
        medians[group] = {part: lab.median([r[group][part] for r in runs]) for part in runs[0][group]}
    lab.table(["", "median"], [[name, medians[name]] for name in single])
    print()
    parts = medians["memory_mb"]
    rows: list[list[object]] = [[part, size, medians["idle_percent_of_a_core"][part]] for part, size in parts.items()]
    rows.append(["together", sum(parts.values()), sum(medians["idle_percent_of_a_core"].values())])
    lab.table(["part", "memory MB (PSS)", "idle, % of a core"], rows)
    lab.keep(told.json, {"stack": {"medians": medians, "runs": runs}})


if __name__ == "__main__":
    asyncio.run(main())

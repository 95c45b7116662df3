"""From publishing an observation to the figure at a client's event stream, through all three services.

Every event moves an indicator that nothing else moves during the run, so the figure ``M1`` of that indicator on
the stream answers that event and no other. Its time runs from handing the event to librdkafka to reading the last
line of the answer, both by this process's clock. The stream's window of 100 ms is part of it, as at a reader's.
"""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench import lab
from bench.pipeline import STAGES, prepare
from bench.workload import Entities, Workload
from contracts.envelope import Envelope
from plumbline.stack import Stack

WARM_UP = 100  # events that nobody measures: caches, plans and connections
PATIENCE = 10.0  # seconds for the last figures; what has not arrived by then is counted as missing


class Reader:
    """One signed-in reader of the portal's stream: when did each indicator's figure arrive."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.arrived: dict[str, float] = {}
        self.open = asyncio.Event()
        self.reconnected = 0
        self._last = ""

    async def run(self) -> None:
        """Read until cancelled; where the stream ends, go on behind the last event, as an EventSource does."""
        address = f"{self._stack.parts['portal-gateway'].address}/api/v1/stream"
        token = await asyncio.to_thread(self._stack.tokens.token, "donor")
        async with httpx.AsyncClient(trust_env=False, timeout=None) as http:
            while True:
                headers = {"Authorization": f"Bearer {token}"}
                if self._last:
                    headers["Last-Event-ID"] = self._last
                async with http.stream("GET", address, headers=headers) as answer:
                    answer.raise_for_status()
                    await self._read(answer)
                self.reconnected += 1

    async def _read(self, answer: httpx.Response) -> None:
        # Bytes are cut into lines here, and only what is waited for is decoded: this process shares the machine.
        kind, rest = b"", b""
        async for chunk in answer.aiter_raw():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"event:"):
                    kind = line[6:].strip()
                    self.open.set()
                    if kind == b"reset":
                        self._last = ""
                elif line.startswith(b"id:"):
                    self._last = line[3:].strip().decode()
                elif kind == b"metric" and line.startswith(b"data:") and b'"indicator:' in line:
                    data = orjson.loads(line[5:])
                    if data["metric"] == "M1":
                        self.arrived.setdefault(data["scope"], time.perf_counter())


class Writer(threading.Thread):
    """Publishes at a steady rate, from a thread of its own; notes when each indicator's event was handed over."""

    def __init__(self, entities: Entities, events: list[tuple[str, Envelope]], rate: float) -> None:
        super().__init__(name=f"writer-{rate}")
        self._entities, self._rate = entities, rate
        self._events = [
            (f"indicator:{project}|{orjson.loads(event.data)['indicator_id']}", project, event)
            for project, event in events
        ]
        self.sent: dict[str, float] = {}

    def run(self) -> None:
        """Send all events; one that is late is sent at once, and the next ones keep their own times."""
        begun = time.perf_counter()
        for n, (scope, project, event) in enumerate(self._events):
            wait = begun + n / self._rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            self.sent[scope] = time.perf_counter()
            self._entities.send(project, event)
            self._entities.poll()
        self._entities.flush()


async def measure(reader: Reader, entities: Entities, workload: Workload, rate: int, count: int) -> dict[str, Any]:
    """Publish so many events at this rate and wait for their figures."""
    writer = Writer(entities, [(p, e) for p, e in workload.updates(count) if p not in workload.cancelled], rate)
    writer.start()
    await asyncio.to_thread(writer.join)
    deadline = time.monotonic() + PATIENCE
    while not writer.sent.keys() <= reader.arrived.keys() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    found = [reader.arrived[s] - at for s, at in writer.sent.items() if s in reader.arrived]
    milliseconds = [1000 * seconds for seconds in found]
    return {
        "rate": rate,
        "events": len(writer.sent),
        "missing": len(writer.sent) - len(found),
        "reconnected": reader.reconnected,
        "p50_ms": lab.quantile(milliseconds, 0.5),
        "p90_ms": lab.quantile(milliseconds, 0.9),
        "p99_ms": lab.quantile(milliseconds, 0.99),
        "max_ms": max(milliseconds, default=0.0),
    }


async def main() -> None:
    """Measure at each rate and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--rates", type=int, nargs="+", default=[20, 200, 1000], help="events a second")
    parser.add_argument("--seconds", type=int, default=15, help="at each rate")
    parser.add_argument("--runs", type=int, default=3)
    told = parser.parse_args()
    needed = (sum(told.rates) * told.seconds + WARM_UP) * told.runs
    workload = Workload(projects=max(100, -(-needed // 10)), indicators=10)
    runs: list[dict[str, Any]] = []
    async with lab.laboratory(viewer=told.viewer) as stack:
        await prepare(stack, workload, STAGES)
        await lab.start_services(stack, *(stage.service for stage in STAGES))
        entities = Entities(stack)
        for n in range(told.runs):
            reader = Reader(stack)
            reading = asyncio.create_task(reader.run())
            await asyncio.wait_for(reader.open.wait(), 30)
            await measure(reader, entities, workload, 50, WARM_UP)
            for rate in told.rates:
                runs.append(await measure(reader, entities, workload, rate, rate * told.seconds))
                lab.say(f"run {n + 1} of {told.runs}: {runs[-1]}")
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    report(told.rates, runs, told.json)


def report(rates: list[int], runs: list[dict[str, Any]], file: Path | None) -> None:
    """Medians of the runs."""
    names = ("p50_ms", "p90_ms", "p99_ms", "max_ms", "missing")
    medians = {rate: {k: lab.median([r[k] for r in runs if r["rate"] == rate]) for k in names} for rate in rates}
    lab.table(["events/s", *names], [[str(rate), *medians[rate].values()] for rate in rates])
    lab.keep(file, {"latency": {"medians": medians, "runs": runs}})


if __name__ == "__main__":
    asyncio.run(main())

"""From publishing an observation to the figure at a client's event stream, through all three services.

Every event moves an indicator that nothing else moves during the run, so the figure ``M1`` of that indicator on
the stream answers that event and no other. Its time runs from handing the event to librdkafka to reading the last
line of the answer, both by this process's clock. The stream's window of 100 ms is part of it, as at a reader's. Figures
of one batch of scoring say the same instant; the oldest event of each batch is told apart.

A rate beyond what the machine can do is a burst: no more than so many events are sent, the answers are waited for so
long, and what they wait grows with the burst. Such a rate is said to fall behind, with how many a second were answered.
Before the next one everything is worked off.
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
from bench.pipeline import STAGES, Watch, prepare
from bench.workload import Entities, Workload
from contracts.envelope import Envelope
from plumbline.stack import Stack

WARM_UP = 100  # events that nobody measures: caches, plans and connections
DRAIN = 300.0  # seconds to work off what a rate left
BEHIND = 0.9  # of the rate: fewer answers a second fall behind


class Reader:
    """One signed-in reader of the portal's stream: when did each indicator's figure arrive."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.arrived: dict[str, float] = {}
        self.batch: dict[str, str] = {}  # the instant that all figures of a batch say
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
                    data, now = orjson.loads(line[5:]), time.perf_counter()
                    if data["metric"] == "M1" and data["scope"] not in self.arrived:
                        self.arrived[data["scope"]], self.batch[data["scope"]] = now, data["updated_at"]


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


async def measure(
    reader: Reader, entities: Entities, workload: Workload, rate: int, count: int, patience: float
) -> dict[str, Any]:
    """Publish so many events at this rate and wait for their figures."""
    writer = Writer(entities, [(p, e) for p, e in workload.updates(count) if p not in workload.cancelled], rate)
    writer.start()
    await asyncio.to_thread(writer.join)
    sent = writer.sent
    deadline = time.monotonic() + patience
    while not sent.keys() <= reader.arrived.keys() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    found = {scope: 1000 * (reader.arrived[scope] - at) for scope, at in sent.items() if scope in reader.arrived}
    oldest: dict[str, float] = {}
    for scope, took in found.items():
        batch = reader.batch[scope]
        oldest[batch] = max(took, oldest.get(batch, 0.0))
    begun, over = min(sent.values()), max((reader.arrived[scope] for scope in found), default=0.0)
    each, batches = list(found.values()), list(oldest.values())
    sent_rate = len(sent) / max(max(sent.values()) - begun, 1 / rate)
    answered_rate = len(found) / (over - begun) if found else 0.0
    return {
        "rate": rate,
        "events": len(sent),
        "sent_per_second": sent_rate,
        "answered_per_second": answered_rate,
        # A second of the answers' own: the last of them cannot come before it was worked on.
        "behind": len(found) < len(sent) or len(found) / max(over - begun - 1, 1e-9) < BEHIND * sent_rate,
        "missing": len(sent) - len(found),
        "reconnected": reader.reconnected,
        "p50_ms": lab.quantile(each, 0.5),
        "p90_ms": lab.quantile(each, 0.9),
        "p99_ms": lab.quantile(each, 0.99),
        "max_ms": max(each, default=0.0),
        "batches": len(batches),
        "oldest_p50_ms": lab.quantile(batches, 0.5),
        "oldest_p99_ms": lab.quantile(batches, 0.99),
    }


async def drain(stack: Stack) -> float:
    """Wait until everything that was sent is worked off; how long that took, in seconds."""
    watch = Watch(stack, STAGES)
    started = time.monotonic()
    try:
        async with asyncio.timeout(DRAIN):
            await lab.until(watch.idle, "the backlog of a rate", every=0.2)
    except TimeoutError:
        raise SystemExit(f"the backlog of a rate was not worked off in {DRAIN:.0f} s: send fewer (--most)") from None
    finally:
        await watch.close()
    return time.monotonic() - started


async def main() -> None:
    """Measure at each rate and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--rates", type=int, nargs="+", default=[20, 1000, 3000, 10_000], help="events a second")
    parser.add_argument("--seconds", type=int, default=15, help="at each rate")
    parser.add_argument("--most", type=int, default=15_000, help="events at a rate, however high")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds for the last figures of a rate")
    parser.add_argument("--runs", type=int, default=2)
    told = parser.parse_args()
    counts = {rate: min(rate * told.seconds, told.most) for rate in told.rates}
    needed = (sum(counts.values()) + WARM_UP) * told.runs
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
            await measure(reader, entities, workload, 50, WARM_UP, told.patience)
            for rate, count in counts.items():
                one = await measure(reader, entities, workload, rate, count, told.patience)
                runs.append(one | {"drained_seconds": await drain(stack)})
                lab.say(f"run {n + 1} of {told.runs}: {runs[-1]}")
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    report(told.rates, runs, told.json)


def report(rates: list[int], runs: list[dict[str, Any]], file: Path | None) -> None:
    """Medians of the runs."""
    names = ("events", "p50_ms", "p90_ms", "p99_ms", "max_ms", "oldest_p50_ms", "oldest_p99_ms", "missing",
             "sent_per_second", "answered_per_second")  # fmt: skip
    medians = {rate: {k: lab.median([r[k] for r in runs if r["rate"] == rate]) for k in names} for rate in rates}
    behind = {rate: any(r["behind"] for r in runs if r["rate"] == rate) for rate in rates}
    words = [name.removesuffix("_ms").replace("_per_second", "/s").replace("_", " ") for name in names]
    rows = [[str(rate), *medians[rate].values(), "falls behind" if behind[rate] else "keeps up"] for rate in rates]
    lab.table(["events/s, ms", *words, ""], rows)
    lab.keep(file, {"latency": {"medians": medians, "behind": behind, "runs": runs}})


if __name__ == "__main__":
    asyncio.run(main())

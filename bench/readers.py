"""From a figure's event to the last byte at a thousand readers of the portal's stream.

Scoring's ``metric.updated`` events are written to Kafka at a steady rate, under scoring's own user. The gateway applies
them and tells its readers, who sit in a process of their own: raw sockets, each watching the figures of the overview,
which all have in common, and some projects' figures of its own choice. A share of all events moves the overview, so
that it never stands still; the others move one of the projects' figures.

An event's time at a reader runs from handing it to librdkafka to the arrival of the last byte of the first sending that
holds it, or a later state of the same figure: what a window leaves out is answered by what is sent. Every event of
every figure a reader watches counts. Missing is what no sending answered.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import re
import sys
import tempfile
import threading
import time
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import psutil
import uvloop
from confluent_kafka import Producer

from bench import lab, sampler
from contracts.envelope import PREFIX, Envelope
from contracts.metrics import MetricUpdated
from contracts.streams import METRICS
from plumbline.stack import Stack, provision

SHARED: Final = [f"{m}|pillar:P{n}" for m in ("M2", "M3", "M4") for n in range(1, 5)] + ["M7|global"]
"""What the overview shows."""

GATEWAY: Final = "portal-gateway"
USER: Final = "donor"
WARM_UP: Final = 4  # seconds before each rate that nobody counts
_REVISION: Final = re.compile(rb'"revision": (\d+)')  # as PostgreSQL writes jsonb
_END: Final = b"\r\n\r\n"
_OPENING: Final = 40  # connections opened at a time


@dataclass(frozen=True)
class Plan:
    """Who watches what, and which event moves what: the same in both processes, from the same seed."""

    readers: int
    own: int
    pool: int
    shared: float
    seed: int = 7

    def figures(self) -> list[str]:
        """Every figure, the overview's first."""
        return [*SHARED, *(f"M4|project:XM-BENCH-{n}" for n in range(self.pool))]

    def watched(self) -> list[list[int]]:
        """Each reader's figures, by their place in ``figures``."""
        rng, common = random.Random(self.seed), len(SHARED)
        places = range(common, common + self.pool)
        return [[*range(common), *rng.sample(places, self.own)] for _ in range(self.readers)]

    def moves(self, first: int, count: int) -> list[int]:
        """Which figure the events from ``first`` on move."""
        rng, common = random.Random(f"{self.seed}/{first}"), len(SHARED)
        return [
            rng.randrange(common) if rng.random() < self.shared else common + rng.randrange(self.pool)
            for _ in range(count)
        ]


class Reader(asyncio.Protocol):
    """One open stream: what arrived when. It decodes nothing while the clock runs."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.arrived: list[tuple[float, list[int]]] = []
        self.bytes = 0
        self.lost = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        cast("asyncio.Transport", transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        """Note the revisions of whole events; what lies between them, headers and lengths of chunks, says none."""
        now = time.time()
        self.bytes += len(data)
        data = self._rest + data
        end = data.rfind(_END)
        if end < 0:
            self._rest = data
            return
        self._rest = data[end + len(_END) :]
        if not self.open.done() and b"event: ping" in data:
            self.open.set_result(None)
        revisions = _REVISION.findall(data, 0, end)
        if revisions:
            self.arrived.append((now, [int(one) for one in revisions]))

    def connection_lost(self, _error: Exception | None) -> None:
        """Nothing more comes."""
        self.lost = True
        if not self.open.done():
            self.open.set_exception(ConnectionError(f"refused: {self._rest[:300]!r}"))


def read(pipe: Connection, times: Any, plan: Plan, address: str, token: str) -> None:
    """The readers' process: open all streams, then answer one question after the other, until there is none."""
    uvloop.run(_read(pipe, times, plan, address, token))


async def _read(pipe: Connection, times: Any, plan: Plan, address: str, token: str) -> None:
    loop, place = asyncio.get_running_loop(), urlsplit(address)
    figures, watched = plan.figures(), plan.watched()
    readers: list[Reader] = []

    async def one(mine: list[int]) -> None:
        asked = urlencode({"kind": ["metric", "notification"], "figure": [figures[n] for n in mine]}, doseq=True)
        request = (
            f"GET /api/v1/stream?{asked} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
            "Accept: text/event-stream\r\n\r\n"
        )
        _, reader = await loop.create_connection(lambda: Reader(request.encode()), place.hostname, place.port)
        readers.append(reader)
        await reader.open

    for begin in range(0, plan.readers, _OPENING):
        await asyncio.gather(*(one(mine) for mine in watched[begin : begin + _OPENING]))
    pipe.send("open")
    watching: dict[int, int] = Counter(n for mine in watched for n in mine)
    while (asked := await asyncio.to_thread(pipe.recv)) is not None:
        first, count, patience = asked
        moves = plan.moves(first, count)
        last = {figure: first + n for n, figure in enumerate(moves)}
        for reader in readers:
            reader.arrived, reader.bytes = [], 0
        cpu = sum(psutil.Process().cpu_times()[:2])
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)  # everything is written
        deadline, wanted = time.monotonic() + patience, sum(watching.get(figure, 0) for figure in last)
        ends = set(last.values())
        while time.monotonic() < deadline:
            if sum(one in ends for r in readers for _, some in r.arrived[-50:] for one in some) >= wanted:
                break
            await asyncio.sleep(0.5)
        spent = sum(psutil.Process().cpu_times()[:2]) - cpu
        told = reckon(plan, watched, readers, moves, first, times)
        pipe.send(told | {"cpu_readers": spent, "lost": sum(reader.lost for reader in readers)})


def reckon(
    plan: Plan, watched: list[list[int]], readers: list[Reader], moves: list[int], first: int, times: Any
) -> dict[str, Any]:
    """Latencies of every event at every reader that watches its figure, in ms, and what was sent for them."""
    events: dict[int, list[int]] = defaultdict(list)
    for n, figure in enumerate(moves):
        events[figure].append(first + n)
    took, missing, sent = array("d"), 0, 0
    seconds: dict[int, float] = defaultdict(float)
    for mine, reader in zip(watched, readers, strict=True):
        answered = dict.fromkeys(mine, 0)
        for at, revisions in reader.arrived:
            sent += len(revisions)
            for revision in revisions:
                if revision < first:
                    continue
                figure = moves[revision - first]
                some = events[figure]
                until = bisect_right(some, revision)
                for n in range(answered[figure], until):
                    begun = times[some[n]]
                    took.append(1000 * (at - begun))
                    second = int(begun - times[first])
                    seconds[second] = max(seconds[second], took[-1])
                answered[figure] = max(answered[figure], until)
        missing += sum(len(events[figure]) - until for figure, until in answered.items() if figure in events)
    ordered = sorted(took)
    return {
        "p50_ms": lab.quantile(ordered, 0.5),
        "p90_ms": lab.quantile(ordered, 0.9),
        "p99_ms": lab.quantile(ordered, 0.99),
        "max_ms": ordered[-1] if ordered else 0.0,
        "slowest_by_second_ms": [round(ms) for _, ms in sorted(seconds.items())],
        "answered": len(ordered),
        "missing": missing,
        "figures_sent": sent,
        "sends": sum(len(reader.arrived) for reader in readers),
        "megabytes": sum(reader.bytes for reader in readers) / 1e6,
    }


class Writer(threading.Thread):
    """Publishes figures at a steady rate as scoring does; one that is late is sent at once."""

    def __init__(self, stack: Stack, plan: Plan, first: int, count: int, rate: float, times: Any) -> None:
        super().__init__(name=f"writer-{rate}")
        figures = plan.figures()
        # Made before the clock runs: writing them is not what is measured.
        self._events = [event_of(figures[n], first + at) for at, n in enumerate(plan.moves(first, count))]
        self._first, self._rate, self._times = first, rate, times
        self._producer = Producer(
            {
                **lab.kafka_client(stack),
                "sasl.username": "scoring",
                "sasl.password": stack.layout.secrets.read(provision.secret_of("scoring")),
                "partitioner": "murmur2_random",
                "compression.type": "zstd",
                "linger.ms": 5,
            }
        )

    def run(self) -> None:
        """Send everything."""
        begun = time.perf_counter()
        for n, event in enumerate(self._events):
            wait = begun + n / self._rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            headers: list[tuple[str, str | bytes | None]] = list(event.to_headers())
            key = (event.partitionkey or "").encode()
            self._times[self._first + n] = time.time()
            self._producer.produce(METRICS.topic, value=event.data, key=key, headers=headers)
            self._producer.poll(0)
        if self._producer.flush(60):
            raise TimeoutError("Kafka did not take the figures in a minute")


def event_of(key: str, revision: int) -> Envelope:
    """A figure that moved, as long as scoring's are."""
    metric, _, scope = key.partition("|")
    now = datetime.now(UTC)
    figure = MetricUpdated.model_validate(
        {
            "metric": metric,
            "scope": scope,
            "value": 400_000 + revision % 200_000,
            "state": "PUBLISHED",
            "coverage": {"observed": 764_000, "expected": 1_000_000},
            "lower": 300_000,
            "upper": 731_849,
            "flags": ["SELF-REPORTED-ONLY", "BUDGET-MISSING"],
            "parts": {"by_budget": 512_345, "evidence": {"A": 120_000, "B": 380_000, "C": 500_000}, "indicators": 40},
            "projects": 133,
            "previous": 400_000 + (revision - 1) % 200_000,
            "valid_as_of": now.date(),
            "known_as_of": now,
            "method_version": "1.0.0",
            "revision": revision,
            "updated_at": now,
            "cause": {"event_id": f"{revision:026d}", "type": "observation.recorded.v1", "project_id": "XM-BENCH-1"},
        }
    )
    return Envelope(
        id=f"{revision:026d}",
        source="/svc/scoring",
        type=PREFIX + MetricUpdated.TYPE,
        subject=f"{metric}/{scope}",
        time=now,
        partitionkey=key,
        data=figure.to_json(),
    )


def measure(stack: Stack, plan: Plan, rate: int, pipe: Connection, first: int, count: int, patience: float,
            times: Any) -> dict[str, Any]:  # fmt: skip
    """One rate with the readers that are open."""
    pipe.send((first, count, patience))
    pipe.recv()
    writer = Writer(stack, plan, first, count, rate, times)
    meter, machine, begun = lab.Meter(stack, [GATEWAY, "kafka", "postgres"]), _busy(), time.perf_counter()
    writer.start()
    writer.join()
    elapsed = time.perf_counter() - begun
    cpu, all_of_it = meter.seconds(), _busy() - machine
    pipe.send("written")
    told: dict[str, Any] = pipe.recv()
    ours = sum(cpu.values()) + told["cpu_readers"]
    return told | {
        "readers": plan.readers,
        "rate": rate,
        "written_per_second": count / elapsed,
        "figures_per_second": told["figures_sent"] / elapsed,
        "sends_per_second": told["sends"] / elapsed,
        "megabytes_per_second": told["megabytes"] / elapsed,
        **{f"cores_{name}": seconds / elapsed for name, seconds in cpu.items()},
        "cores_readers": told["cpu_readers"] / elapsed,
        "cores_others": max(0.0, all_of_it - ours) / elapsed,
    }


def _busy() -> float:
    """Processor seconds the whole machine has worked."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


async def main() -> None:
    """Measure each number of readers at each rate, and print."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 1000], help="figures a second")
    parser.add_argument("--seconds", type=int, default=15, help="at each rate")
    parser.add_argument("--own", type=int, default=20, help="figures each reader watches beside the overview")
    parser.add_argument("--pool", type=int, default=2000, help="figures these are drawn from")
    parser.add_argument("--shared", type=float, default=0.1, help="of all events, those that move the overview")
    parser.add_argument("--window", type=int, help="the gateway's window, in ms")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds for the last figures of a rate")
    parser.add_argument("--profile", action="store_true", help="sample what the gateway does, and list it")
    told = parser.parse_args()
    total = sum(told.rates) * (told.seconds + WARM_UP) * len(told.readers) + 1
    spawn = multiprocessing.get_context("spawn")
    times = spawn.RawArray("d", total)
    every: list[dict[str, Any]] = []
    seen: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-profile-") as folder:
        async with lab.laboratory(viewer=told.viewer, only=("kafka", "postgres", "issuer")) as stack:
            await lab.start_services(stack, GATEWAY)
            await lab.stop_services(stack, GATEWAY)
            part, samples = stack.parts[GATEWAY], Path(folder) / "samples.json"
            environment = part.environment() | {"PLUMBLINE_STREAM_PER_PERSON": str(max(told.readers))}
            if told.window is not None:
                environment["PLUMBLINE_STREAM_WINDOW_MS"] = str(told.window)
            part.environment = lambda: environment  # type: ignore[method-assign]
            if told.profile:
                command = [sys.executable, "-P", sampler.__file__, str(samples), "portal_gateway"]
                part.command = lambda: command  # type: ignore[method-assign]
            await lab.start_services(stack, GATEWAY)
            token = await asyncio.to_thread(stack.tokens.token, USER)
            first = 1
            for readers in told.readers:
                plan = Plan(readers, told.own, told.pool, told.shared)
                pipe, there = spawn.Pipe()
                process = spawn.Process(target=read, args=(there, times, plan, part.address, token), daemon=True)
                began = time.perf_counter()
                process.start()
                there.close()
                await asyncio.to_thread(pipe.recv)
                lab.say(f"{readers} readers are there after {time.perf_counter() - began:.1f} s")
                for rate, count in [(r, r * n) for r in told.rates for n in (WARM_UP, told.seconds)]:
                    one = await asyncio.to_thread(measure, stack, plan, rate, pipe, first, count, told.patience, times)
                    first += count
                    warm = len(every) % 2 == 1
                    lab.say(f"{readers} readers, {rate}/s{'' if warm else ', warming up'}: {json.dumps(one)}")
                    every.append(one)
                pipe.send(None)
                await asyncio.to_thread(process.join)
            await lab.stop_services(stack, GATEWAY)
        if told.profile:
            seen = json.loads(samples.read_text())
    report(every[1::2], told.json)
    if seen:
        show_profile(seen)


def report(rows: list[dict[str, Any]], file: Path | None) -> None:
    """One line for each number of readers and rate."""
    names = ("p50_ms", "p90_ms", "p99_ms", "max_ms", "missing", "lost", "figures_per_second", "sends_per_second",
             "megabytes_per_second",
             f"cores_{GATEWAY}", "cores_kafka", "cores_postgres", "cores_readers", "cores_bench",
             "cores_others")  # fmt: skip
    words = [n.removesuffix("_ms").removeprefix("cores_").replace("_per_second", "/s").replace("_", " ") for n in names]
    lab.table(["readers", "updates/s", *words], [[str(r["readers"]), r["rate"], *(r[n] for n in names)] for r in rows])
    lab.keep(file, {"readers": rows})


def show_profile(seen: list[Any], lines: int = 45) -> None:
    """Where the gateway's processor time goes: by function alone, and with all that it calls."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for frames, count in seen:
        own[frames[0]] += count
        whole.update(dict.fromkeys(frames, count))
    every = sum(own.values())
    lab.table(["own time", "share"], [(name, n / every) for name, n in own.most_common(lines)])
    print()
    lab.table(["with what it calls", "share"], [(name, n / every) for name, n in whole.most_common(lines * 2)])


if __name__ == "__main__":
    asyncio.run(main())

"""Peers beside the ceiling and Plumbline, on the same Kafka in one run, each with the same kind of events.

The peers and the ceiling keep five sums an event. Plumbline is measured twice: scoring alone, which stands where they
stand but scores by the whole methodology, and the pipeline from intake to gateway. Every peer's sums are compared with
sums worked out from the events themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import Producer

from bench import ceiling, lab, pipeline
from bench.peers import lanes, sums
from bench.workload import Workload, fill
from contracts.envelope import Envelope
from plumbline.stack import Stack

Events = list[tuple[str, Envelope]]


def arguments() -> argparse.Namespace:
    """What can be told."""
    parser = lab.arguments(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000, help="for the ceiling, Kafka Streams and Quix")
    parser.add_argument("--slow-events", type=int, default=10_000, help="for Faust")
    parser.add_argument("--pipeline-events", type=int, default=20_000, help="for Plumbline; 0 leaves it out")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1, help="of Kafka Streams")
    parser.add_argument("--patience", type=float, default=240.0, help="seconds a peer may take for one run")
    parser.add_argument("--kill", action="store_true", help="kill -9 each peer in the midst: are its sums still right?")
    parser.add_argument("--peers", nargs="*", choices=list(lanes.peers(1)), default=list(lanes.peers(1)))
    return parser.parse_args()


def write(stack: Stack, topic: str, events: Events) -> None:
    """The same records that entities send, in a topic of their own."""
    lanes.make_topic(stack, topic)
    producer = Producer({**lab.kafka_client(stack), "compression.type": "lz4", "linger.ms": 20})
    for n, (project, event) in enumerate(events):
        producer.produce(topic, value=event.data, key=project.encode(), headers=list(event.to_headers()))
        if n % 10_000 == 9_999:
            producer.flush()
    if producer.flush(60):
        raise TimeoutError("Kafka did not take the events in a minute")


async def measure_ceiling(stack: Stack, topic: str, count: int, right: sums.Sums) -> dict[str, Any]:
    """The hand-written loop with an inbox, on the peers' topic."""
    async with lab.connection(stack, ceiling.DATABASE) as db:
        await db.execute("truncate total, inbox")
        begin = {(topic, p): 0 for p in range(lanes.PARTITIONS)}
        found = await ceiling.run(stack, begin, count, inbox=True)
        rows = await db.fetch("select key, count, sum from total")
    return found | {"wrong": sums.wrong({r["key"]: [r["count"], int(r["sum"])] for r in rows}, right)}


async def measure_plumbline(stack: Stack, workload: Workload, count: int) -> dict[str, dict[str, Any]]:
    """The pipeline, then each stage by itself: scoring has a backlog only when intake has run."""
    fill(stack, workload.updates(count))
    found = {"Plumbline, intake → scoring → gateway": await pipeline.measure(stack, pipeline.STAGES, count, None)}
    fill(stack, workload.updates(count))
    for stage in pipeline.STAGES:
        alone = await pipeline.measure(stack, (stage,), count, None)
        if stage is pipeline.SCORING:
            found["Plumbline, scoring alone"] = alone
    return found


async def main() -> None:
    """Measure and print."""
    told = arguments()
    chosen = {name: peer for name, peer in lanes.peers(told.threads).items() if name in told.peers}
    for name in chosen:
        if name != "kafka-streams":
            await asyncio.to_thread(lanes.environment, name)
    workload, own = Workload(told.projects), Workload(told.projects)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-peers-") as folder:
        async with lab.laboratory(viewer=told.viewer) as stack:
            if told.pipeline_events:
                await pipeline.prepare(stack, own, pipeline.STAGES)
            await ceiling.prepare(stack)
            for n in range(told.runs):
                events = {size: list(workload.updates(size)) for size in {told.events, told.slow_events}}
                right = {size: sums.expected(several) for size, several in events.items()}
                for size, several in events.items():
                    write(stack, f"bench.updates.{n}.{size}", several)
                one = await measure_ceiling(stack, f"bench.updates.{n}.{told.events}", told.events, right[told.events])
                found.setdefault("ceiling, inbox", []).append(one)
                for name, peer in chosen.items():
                    size = told.slow_events if name == "faust" else told.events
                    group = f"bench-{name}-{n}-{uuid4().hex[:6]}"
                    job = lanes.Job(
                        f"bench.updates.{n}.{size}", f"bench.sums.{group}", group, size, Path(folder) / group
                    )
                    try:
                        one, totals = await lanes.run(stack, peer, job, told.patience, kill=told.kill)
                    except lanes.PeerEnded as ended:
                        lab.say(str(ended))
                        continue
                    one["wrong"] = sums.wrong(totals, right[size])
                    found.setdefault(peer.name, []).append(one)
                    lab.say(f"{peer.name}: {one}")
                if told.pipeline_events:
                    for lane, one in (await measure_plumbline(stack, own, told.pipeline_events)).items():
                        found.setdefault(lane, []).append(one)
                lab.say(f"run {n + 1} of {told.runs} done")
    report(found, {peer.name: peer.promise for peer in chosen.values()}, told.json)


def report(found: dict[str, list[dict[str, Any]]], promises: dict[str, str], file: Path | None) -> None:
    """Medians, and the ratio of each lane to every other that matters."""
    rates = {lane: lab.median([r["events_per_second"] for r in runs]) for lane, runs in found.items()}
    rows = []
    for lane, runs in found.items():
        promise = promises.get(lane, "exactly once, by sender's id")
        every = [r["events_per_second"] for r in runs]
        verdict = "" if "wrong" not in runs[0] else _verdict(runs)
        late = lab.median([r.get("second_half_per_second", 0.0) for r in runs])
        cpu = lab.median([r["cpu_us"] for r in runs])
        ratio = rates[lane] / rates["ceiling, inbox"]
        rows.append((lane, promise, rates[lane], min(every), max(every), late or "", ratio, cpu, verdict))
    lab.table(
        ["lane", "effect", "events/s", "least", "most", "second half", "of ceiling", "CPU µs/event", "sums"], rows
    )
    ratios = {
        f"{ours} / {lane}": rates[ours] / rates[lane]
        for ours, lane in chain.from_iterable(
            ((ours, lane) for lane in rates if not lane.startswith("Plumbline") and rates[lane])
            for ours in rates
            if ours.startswith("Plumbline")
        )
    }
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.3f}")
    lab.keep(file, {"peers": {"events_per_second": rates, "ratios": ratios, "runs": found}})


def _verdict(runs: list[dict[str, Any]]) -> str:
    if not all(r.get("finished", True) for r in runs):
        return "did not finish"
    keys = max(r["wrong"] for r in runs)
    return f"WRONG in {keys} keys" if keys else "right"


if __name__ == "__main__":
    asyncio.run(main())

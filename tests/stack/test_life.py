"""Starting, stopping and failing: clear words and an exit status, whatever happens."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from tests.support.stack import free_port_base
from tests.support.waiting import eventually

from plumbline import stack as embedded
from plumbline.__main__ import main
from plumbline.stack import DataDirUnusable, PartFailed, Stack
from plumbline.stack.layout import HOST, Layout, Secrets
from plumbline.stack.part import Part
from plumbline.stack.postgres import run as run_now
from plumbline.stack.status import held

pytestmark = pytest.mark.stack


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of the command came to."""

    returncode: int
    stdout: str
    stderr: str


def plumbline(*arguments: str) -> Said:
    """The command as its entry point runs it, less the second that a new interpreter takes."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(arguments)
    return Said(int(left.value.code or 0), out.getvalue(), err.getvalue())


@dataclass(frozen=True, slots=True)
class Small:
    """A stack of one quick part, started by the command and left running."""

    data_dir: Path
    base: int

    def call(self, *arguments: str) -> Said:
        return plumbline(*arguments, "--data-dir", str(self.data_dir))

    def up(self, *more: str) -> Said:
        return self.call("up", "--only", "issuer", "--port-base", str(self.base), *more)

    def status(self) -> tuple[int, dict[str, Any]]:
        done = self.call("status", "--json")
        return done.returncode, json.loads(done.stdout)

    @property
    def supervisor(self) -> int:
        return int((Layout(self.data_dir).read_state() or {})["pid"])


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    found = Small(tmp_path / "data", free_port_base())
    yield found
    found.call("down", "-q")


def test_up_status_down(small: Small, tmp_path: Path) -> None:
    started = small.up("--detach", "--json")
    assert started.returncode == 0, started.stderr
    assert "the sign-in service is ready" in started.stderr, "progress goes to standard error"
    said = json.loads(started.stdout)
    assert {s["role"] for s in said["sign_ins"]} == {"entity", "member-state", "secretariat", "donor", "operator"}
    assert all(Path(s["password_file"]).read_text().strip() not in started.stdout for s in said["sign_ins"])

    status, found = small.status()
    assert (status, found["state"], found["ready"]) == (0, "ready", True)
    (part,) = found["parts"]
    assert (part["name"], part["state"], part["address"]) == ("issuer", "ready", f"http://{HOST}:{small.base + 4}")
    assert psutil.pid_exists(part["pid"])
    assert small.call("token", "--as", "donor").stdout.count(".") == 2

    again = small.up()
    assert again.returncode == 1
    assert f"A stack runs on {small.data_dir} already (process {small.supervisor})" in again.stderr
    assert "Traceback" not in again.stderr

    other = plumbline("up", "--only", "issuer", "--port-base", str(small.base), "--data-dir", str(tmp_path / "other"))
    assert other.returncode == 1
    assert f"Port {small.base + 4}, which the sign-in service needs, is taken" in other.stderr
    assert f"process {part['pid']}" in other.stderr
    assert "--port-base" in other.stderr

    assert small.call("down").returncode == 0
    assert not psutil.pid_exists(part["pid"])
    for command in ("status", "down"):
        gone = small.call(command)
        assert (gone.returncode, "plumbline up" in gone.stderr) == (3, True)


def test_a_killed_part_is_named_and_comes_back_only_when_asked(small: Small) -> None:
    small.up("--detach")
    (part,) = small.status()[1]["parts"]
    os.kill(part["pid"], signal.SIGKILL)
    log = Layout(small.data_dir).logs / "supervisor.log"
    eventually(lambda: "The sign-in service ended by signal SIGKILL" in log.read_text(), what="the report")
    assert "plumbline restart issuer" in log.read_text()
    status, found = small.status()
    assert (status, found["parts"][0]["state"]) == (1, "dead")

    back = small.call("restart", "issuer", "--json")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["pid"] != part["pid"]
    assert small.status()[0] == 0
    unknown = small.call("restart", "nothing")
    assert (unknown.returncode, "Parts: issuer" in unknown.stderr) == (2, True)


def test_what_a_killed_supervisor_leaves_is_cleaned_up(small: Small) -> None:
    small.up("--detach")
    (part,) = small.status()[1]["parts"]
    os.kill(small.supervisor, signal.SIGKILL)
    eventually(lambda: not held(Layout(small.data_dir)), what="the lock")
    status, found = small.status()
    assert (status, found["state"]) == (1, "unsupervised")
    # The next start finds the port taken by its own left-over, and says what it does about it.
    again = small.up("--detach")
    assert again.returncode == 0, again.stderr
    assert "left behind by a stack that was killed" in again.stderr
    assert not psutil.pid_exists(part["pid"])


@pytest.mark.parametrize(("only", "when"), [("issuer", "ready"), ("kafka", "starting")])
def test_ctrl_c_stops_everything_ready_or_not(small: Small, only: str, when: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "plumbline", "up", "--only", only, "--port-base", str(small.base),
         "--data-dir", str(small.data_dir)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        # A test run in the background ignores Ctrl-C, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        layout = Layout(small.data_dir)
        try:
            eventually(lambda: (layout.read_state() or {}).get("state") == when, seconds=90, what=when)
            eventually(lambda: psutil.Process(process.pid).children(), what="a part")
            children = psutil.Process(process.pid).children()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=1)[1] == []
    assert (layout.read_state() or {})["state"] == "stopped"


def test_data_survives_kill_9_and_a_second_start(tmp_path: Path) -> None:
    parts = ["kafka", "postgres"]
    with embedded.start(tmp_path, free_port_base(), only=parts) as first:
        first.provisioner().entities(["XM-TEST-1"])
        _sql(first, "create table kept (word text); insert into kept values ('yes')")
        for name in parts:
            first.kill(name)
        assert [part.name for part in first.dead()] == parts
        for name in parts:
            first.restart(name)
        assert _kept(first) == "yes"
    second = Stack(tmp_path, only=parts)
    assert second.ports == first.ports, "ports are remembered"
    with second.start():
        assert _kept(second) == "yes"
        assert "plumbline.inbound.XM-TEST-1" in second.provisioner().topics()


def _sql(stack: Stack, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(stack.postgres.superuser_dsn())
        await connection.execute(statement)
        await connection.close()

    run_now(run())


def _kept(stack: Stack) -> str:
    async def run() -> str:
        connection = await asyncpg.connect(stack.postgres.superuser_dsn())
        try:
            return str(await connection.fetchval("select word from kept"))
        finally:
            await connection.close()

    return run_now(run())


def test_a_full_disk_and_a_folder_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable, match="is full"):
        Layout(tmp_path).prepare(room=2**62)
    (tmp_path / "file").write_text("")
    refused = plumbline("up", "--data-dir", str(tmp_path / "file" / "data"))
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert "--data-dir" in refused.stderr


class Failing(Part):
    """A part that says why it dies."""

    name = "failing"
    title = "a part that fails"

    def command(self) -> list[str]:
        return ["sh", "-c", "echo 'write: No space left on device'; exit 3"]

    def answers(self) -> bool:
        return False


def test_a_part_that_dies_says_so_with_its_last_words(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.prepare()
    part = Failing(layout, {})
    part.start()
    with pytest.raises(PartFailed, match="ended with exit status 3: the disk is full"):
        part.wait_ready()


def test_a_port_held_by_a_stranger_is_named(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind((HOST, 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(embedded.PortTaken, match=rf"Port {port}, .* is taken by .* \(process {os.getpid()}\)"):
            Failing(Layout(tmp_path), {"failing": port}).check_ports()


def test_a_secret_that_many_want_at_once_is_one(tmp_path: Path) -> None:
    """Services start side by side and share the key of the audit log: with two keys no chain would hold."""
    for n in range(20):
        secrets, together = Secrets(tmp_path), threading.Barrier(8)

        def ensured(name: str, secrets: Secrets = secrets, together: threading.Barrier = together) -> str:
            together.wait()
            return secrets.ensure(name)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(ensured, [f"key-{n}"] * 8))) == 1
    assert len(list(tmp_path.iterdir())) == 20

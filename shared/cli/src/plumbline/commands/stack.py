"""The embedded stack: up, down, status, restart."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.output import (
    DEFAULT_DATA_DIR,
    CommandError,
    DataDir,
    Json,
    NoStack,
    Quiet,
    Refused,
    WrongUse,
    note,
    print_json,
    say,
)

if TYPE_CHECKING:
    from plumbline.stack import Stack

_STOPPING = 120.0  # seconds ``down`` waits: every part has its own limit, and they stop one after another


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: plumbline up --detach --port-base 9100")(up)
    app.command(epilog="Example: plumbline down")(down)
    app.command(epilog="Example: plumbline status --json")(status)
    app.command(epilog="Example: plumbline restart scoring")(restart)


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready, and leave it running.")] = (
        False
    ),
    port_base: Annotated[
        int | None, typer.Option("--port-base", metavar="N", help="Use nine ports from N on; remembered.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PART", help="Only this: infrastructure, or a part's name. Repeatable."),
    ] = None,
    portfolio: Annotated[
        int, typer.Option("--portfolio", metavar="N", help="Load N generated projects the first time.")
    ] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Start Kafka, PostgreSQL, sign-in, the trace viewer and the services; Ctrl-C stops them all."""
    if portfolio < 0:
        raise WrongUse(f"--portfolio is {portfolio}", "Name how many projects to load")
    from plumbline.stack.errors import StackError
    from plumbline.stack.layout import Layout

    layout = Layout(data_dir.resolve())
    first = not layout.secrets.folder.exists()
    tell = _Progress(quiet=quiet)
    if detach:
        _detached(layout.root, port_base, only, tell)
        _after(layout.root, portfolio, tell, first=first, as_json=as_json)
        return
    stack = _stack(data_dir, port_base, only)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stack.interrupt())
    try:
        stack.start(tell)
        _after(layout.root, portfolio, tell, first=first, as_json=as_json)
        if not as_json:
            say("\nCtrl-C stops everything; the data stays.")
        stack.watch(note)
        tell("stopping")
    except (StackError, CommandError):
        if not stack.interrupted:
            raise
        tell("stopped before it was ready")
    finally:
        # A second Ctrl-C changes nothing: every part has a time limit.
        stack.stop(tell)


def _stack(data_dir: Path, port_base: int | None, only: list[str] | None) -> Stack:
    from plumbline.stack import Stack

    return Stack(data_dir, port_base, _words(only))


def _words(only: list[str] | None) -> list[str] | None:
    return [word.strip() for item in only for word in item.split(",") if word.strip()] if only else None


def _detached(root: Path, port_base: int | None, only: list[str] | None, tell: _Progress) -> None:
    """Run the same command in the background, show what it says, and return once the stack is ready."""
    import subprocess

    from plumbline.stack.layout import Layout

    layout = Layout(root)
    layout.prepare()
    command = [sys.executable, "-m", "plumbline", "up", "--json", "--data-dir", str(root)]
    command += ["--port-base", str(port_base)] if port_base is not None else []
    command += [f"--only={word}" for word in only or []]
    log = layout.logs / "supervisor.log"
    with log.open("ab") as file:
        start = file.tell()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, cwd="/"
        )
    shown = 0
    while True:
        time.sleep(0.1)
        status = process.poll()
        with log.open("rb") as file:
            file.seek(start)
            lines = file.read().decode(errors="replace").splitlines()
        for line in lines[shown:]:
            if not line.startswith("{"):
                tell(line)
        shown = len(lines)
        if status is not None:
            raise _failure_of(lines, status, log)
        state = layout.read_state() or {}
        if state.get("pid") == process.pid and state.get("state") == "ready":
            return


def _failure_of(lines: list[str], status: int, log: Path) -> Refused:
    import json

    for line in reversed(lines):
        if line.startswith('{"error"'):
            error = json.loads(line)["error"]
            found = Refused(error["message"], error["remedy"])
            found.status = status if status > 0 else 1
            return found
    return Refused(f"The stack ended before it was ready, with status {status}", f"Its log is {log}")


def _after(root: Path, portfolio: int, tell: _Progress, *, first: bool, as_json: bool) -> None:
    """Load the portfolio if asked, and say what to open."""
    from plumbline import welcome
    from plumbline.stack.layout import Layout

    layout = Layout(root)
    if portfolio:
        welcome.load_portfolio(layout, portfolio, tell)
    found = welcome.describe(layout)
    if as_json:
        print_json(found)
    else:
        say(welcome.words(layout, found, with_passwords=first))


def down(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, quiet: Quiet = False) -> None:
    """Stop the stack, in order; its data stays."""
    import os

    from plumbline.stack import leftovers
    from plumbline.stack.layout import Layout
    from plumbline.stack.status import held

    layout, tell = Layout(data_dir.resolve()), _Progress(quiet=quiet)
    if held(layout):
        state = layout.read_state() or {}
        process = leftovers.lives(state.get("pid"), state.get("created"))
        if process is None:
            raise Refused(f"Something else holds {layout.lock_file}", "End that program, then try again")
        tell("stopping")
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOPPING
        while held(layout):
            if time.monotonic() > deadline:
                raise Refused(f"Process {process.pid} did not stop within {_STOPPING:.0f} s", f"See {layout.logs}")
            time.sleep(0.05)
    elif not leftovers.stop(layout, tell):
        raise NoStack(f"No stack runs on {layout.root}", "plumbline up starts one; --data-dir names another place")
    if as_json:
        print_json({"state": "stopped", "data_dir": str(layout.root)})
    elif not quiet:
        say("Stopped. The data stays; plumbline up goes on with it.")


def status(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False) -> None:
    """Show each part's address, process and readiness; exit status 1 unless all are ready, 3 without a stack."""
    from plumbline.stack.layout import Layout
    from plumbline.stack.status import look

    found = look(Layout(data_dir.resolve()))
    if as_json:
        print_json(found.as_dict())
    else:
        where = f"process {found.pid}" if found.pid else "the process that ran it is gone; plumbline down cleans up"
        say(f"{found.state}: {found.data_dir} ({where})")
        for part in found.parts:
            say(f"  {part.name:<15} {part.state:<10} {part.pid or '-':>8}  {part.address}")
    if not found.ready:
        raise SystemExit(1)


def restart(
    part: Annotated[str, typer.Argument(metavar="PART", help="A name that plumbline status shows.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Start one part again, whether it died or runs."""
    from plumbline.stack import requests
    from plumbline.stack.layout import Layout
    from plumbline.stack.status import look

    layout = Layout(data_dir.resolve())
    now = look(layout)
    if now.pid is None:
        raise Refused("The process that ran this stack is gone", "plumbline down cleans up, plumbline up starts again")
    names = [found.name for found in now.parts]
    if part not in names:
        raise WrongUse(f"There is no part called {part}", f"Parts: {', '.join(names)}")
    requests.ask_restart(layout, part)
    found: dict[str, Any] = next(p for p in look(layout).as_dict()["parts"] if p["name"] == part)
    if as_json:
        print_json(found)
    elif not quiet:
        say(f"{part} runs again (process {found['pid']}).")


class _Progress:
    """Lines of progress on standard error; where somebody watches, the newest replaces a running count."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._live = quiet, sys.stderr.isatty()
        self._open = False

    def __call__(self, line: str) -> None:
        if self._quiet:
            return
        counting = line.startswith("fetching ")
        if counting and self._live:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self._open = True
            return
        if self._open:
            sys.stderr.write("\r\x1b[K")
            self._open = False
        note(line)

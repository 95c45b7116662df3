"""How every command speaks: one JSON object or plain words, errors that name the remedy, exit statuses.

Exit status: 0 done · 1 refused, or findings at level error · 2 wrong use · 3 the stack is not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="PLUMBLINE_DATA_DIR",
        metavar="DIR",
        help="Where the embedded stack keeps its data, secrets and logs.",
    ),
]
DEFAULT_DATA_DIR = Path(".plumbline")


class CommandError(Exception):
    """A command cannot do what was asked. ``remedy`` says what to do about it."""

    status = 1

    def __init__(self, message: str, remedy: str = "", *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message, self.remedy, self.details = message, remedy, dict(details or {})


class Refused(CommandError):
    """What was asked for was understood and refused, or went wrong on the way."""


class WrongUse(CommandError):
    """The call itself is wrong: an option, an argument or a combination."""

    status = 2


class NoStack(CommandError):
    """There is no stack to talk to, or a part of it does not answer."""

    status = 3


def print_json(value: object) -> None:
    """One JSON value on a line of its own on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """A line of the result on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A line of progress or remark on standard error, so that output stays usable in a pipe."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def report_error(error: CommandError, *, as_json: bool) -> None:
    """The error as one object on standard output for scripts, as words on standard error for people."""
    if as_json:
        found: dict[str, Any] = {"message": error.message, "remedy": error.remedy, **error.details}
        print_json({"error": found})
        return
    note(f"plumbline: {error.message}")
    if error.remedy:
        note(f"  {error.remedy}")

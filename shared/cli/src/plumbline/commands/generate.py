"""``plumbline generate``: a portfolio of invented projects to try, measure and demonstrate with."""

from __future__ import annotations

import errno
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.output import Json, Quiet, Refused, WrongUse, print_json, say

if TYPE_CHECKING:
    from plumbline.generate.files import Written

_LONG = 2_000
"""From how many activities on a progress bar is worth its place."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        help="Write an invented portfolio as IATI 2.03 activity files, the same for the same seed.",
        epilog="Example: plumbline generate --projects 500 --seed 7 --out portfolio --editions 3",
    )(generate)


def generate(
    projects: Annotated[int, typer.Option("--projects", metavar="N", help="How many projects, 1 or more.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is new or empty.")],
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed, another portfolio.")] = 1,
    editions: Annotated[
        int,
        typer.Option(
            "--editions", metavar="K", help="How many editions of the same files, 1 to 9: each corrects the one before."
        ),
    ] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check what is asked, write the files, say what stands where."""
    # Here and not above: `plumbline --help` need not read the generator's tables.
    from plumbline.generate.files import write_portfolio
    from plumbline.generate.portfolio import Portfolio
    from plumbline.generate.timeline import MAX_EDITIONS

    if projects < 1:
        raise WrongUse(f"--projects is {projects}.", "Ask for 1 project or more.")
    if seed < 0:
        raise WrongUse(f"--seed is {seed}.", "A seed is 0 or a whole number above.")
    if not 1 <= editions <= MAX_EDITIONS:
        raise WrongUse(f"--editions is {editions}.", f"Ask for 1 to {MAX_EDITIONS} editions.")
    _want_empty(out)
    sizes = Portfolio(seed)
    total = sum(sizes.size(projects, edition) for edition in range(1, editions + 1))
    bar = _Bar(total) if not quiet and total >= _LONG and sys.stderr.isatty() else None
    try:
        written = write_portfolio(
            out, projects=projects, seed=seed, editions=editions, progress=bar.show if bar else lambda done: None
        )
    except OSError as error:
        raise _disk(error, out) from error
    finally:
        if bar is not None:
            bar.stop()
    if as_json:
        print_json({**asdict(written), "seed": seed, "out": str(out)})
    else:
        _tell(written, out)


def _want_empty(out: Path) -> None:
    """Refuse a folder that holds anything: files of two portfolios must not mix."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = next(out.iterdir(), None)
    except FileExistsError:
        raise WrongUse(f"{out} is a file.", "Name a folder that is new or empty with --out.") from None
    except OSError as error:
        raise _disk(error, out) from error
    if held is not None:
        raise WrongUse(f"{out} is not empty: it holds {held.name}.", "Name another folder with --out, or empty it.")


def _disk(error: OSError, out: Path) -> Refused:
    """What the file system refused, in words."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Refused(
            f"the disk is full: {out} could not be written to the end.",
            "Delete what is there and ask for fewer projects (about 11 kB each an edition), or name a larger disk.",
        )
    return Refused(f"{out} cannot be written: {error.strerror}.", "Name a folder you may write to with --out.")


def _tell(written: Written, out: Path) -> None:
    """The result in words, and what to do next."""
    say(
        f"{written.projects} projects, {written.indicators} indicators, {written.observations} observations"
        f" in {written.files} files ({written.bytes / 1e6:.1f} MB) under {out}"
    )
    say(f"{written.judgements} evaluations, risks, needs and the like as events under {out / 'judgements'}")
    say("Entities and figures are invented, and every activity says so.")
    first = next(path for path in sorted(out.joinpath("edition-1").iterdir()))
    say(f"Next: plumbline import {first} --as {first.name}")


class _Bar:
    """A progress bar on standard error, for people who wait."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self._progress = Progress(
            "Projects", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def show(self, done: int) -> None:
        """Move the bar to so many activities."""
        self._progress.update(self._task, completed=done)

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()

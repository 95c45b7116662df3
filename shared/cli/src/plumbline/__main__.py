"""The ``plumbline`` command: one for people, scripts and tests."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

import typer

from plumbline import commands
from plumbline.output import CommandError, NoStack, Refused, report_error
from plumbline.stack.errors import NotRunning, StackError


def build() -> typer.Typer:
    """The command with every module of ``plumbline.commands`` registered in it."""
    app = typer.Typer(
        name="plumbline",
        help="Plumbline measures what counter-terrorism work achieves (A/73/866), as events.",
        epilog="Start with: plumbline up",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for found in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        importlib.import_module(f"plumbline.commands.{found.name}").register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error becomes a clear word and an exit status, never a stack trace."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        build()(args=arguments)
    except CommandError as error:
        report_error(error, as_json=as_json)
        raise SystemExit(error.status) from None
    except StackError as error:
        kind = NoStack if isinstance(error, NotRunning) else Refused
        report_error(kind(error.message, error.remedy), as_json=as_json)
        raise SystemExit(kind.status) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of a pipe went away (`plumbline … | head`): not our error, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()

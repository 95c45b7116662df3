"""Everything again from the log of facts."""

from __future__ import annotations

from typing import Annotated

import typer

from plumbline.client import Client
from plumbline.commands.snapshots import until_done
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Quiet, print_json, say

As = Annotated[str, typer.Option("--as", metavar="USER", help="Who asks; an operator.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: plumbline rebuild --method 1.1.0")(rebuild)


def rebuild(
    method: Annotated[
        str | None, typer.Option("--method", metavar="VERSION", help="Make them by this version, and switch to it.")
    ] = None,
    as_user: As = "operator",
    quiet: Quiet = False,
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Make every figure again from the log of facts while events go on, and mend what differs."""
    client = Client(data_dir, as_user)
    client.call("POST", "scoring", "/v1/rebuild", params={"method": method} if method else None)
    found = until_done(client, "/v1/rebuild", quiet=quiet)["result"]
    if as_json:
        print_json(found)
        return
    say(f"{found['facts']} facts of {found['projects']} projects in {found['seconds']} s, "
        f"{found['facts_per_second']} facts/s; writers waited {found['held_seconds']} s")  # fmt: skip
    say(f"  method   {found['method_version']}")
    say(f"  standing {found['standing']}\n  rebuilt  {found['rebuilt']}")
    for what in ("projects", "cells"):
        names = found[f"mended_{what}"]
        for name in names[:20]:
            say(f"  mended {name}")
        if len(names) > 20:
            say(f"  and {len(names) - 20} more {what}")
    if not (found["mended_projects"] or found["mended_cells"]):
        say("  nothing differed")

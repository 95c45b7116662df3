"""``plumbline template``: tables to fill, for what IATI has no place for."""

from __future__ import annotations

import csv
import inspect
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from contracts import schemas
from contracts.tables import KINDS, cells
from contracts.tables import template as columns_of
from plumbline.output import Json, WrongUse, print_json, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: plumbline template evaluations > evaluations.csv")(template)


def template(
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="Which table; without it, the list of them.")] = "",
    as_json: Json = False,
) -> None:
    """Print a table's first row and an example, as CSV to fill and import; without KIND, what tables there are."""
    if not kind:
        _list(as_json=as_json)
        return
    model = KINDS.get(kind)
    if model is None:
        raise WrongUse(f"There is no table called {kind}", f"Tables: {', '.join(KINDS)}")
    example = schemas.newest_example(model.TYPE)
    columns = columns_of(model, example)
    if as_json:
        print_json([asdict(column) for column in columns])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    if example is not None:
        writer.writerow(cells(columns, example))


def _list(*, as_json: bool) -> None:
    found = {
        kind: (inspect.getdoc(model) or "").partition("\n")[0].partition(" Key: ")[0].replace("``", "")
        for kind, model in KINDS.items()
    }
    if as_json:
        print_json(found)
        return
    for kind, words in found.items():
        say(f"{kind:<16} {words}")

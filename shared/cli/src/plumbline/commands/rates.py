"""``plumbline rates``: the exchange rates that amounts are converted with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Refused, WrongUse, print_json, say

if TYPE_CHECKING:
    from contracts.context import RatesPublished

_LIMIT = 256  # characters of a name in an event


def register(app: typer.Typer) -> None:
    """Add the commands."""
    rates = typer.Typer(help="Exchange rates, as versioned tables.", no_args_is_help=True, rich_markup_mode=None)
    rates.command(epilog="Example: plumbline rates load rates.csv --source 'UN operational rates' --version 2026-07")(
        load
    )
    app.add_typer(rates, name="rates")


def load(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns: currency, valid_from, units_per_usd.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Who states the rates.")],
    version: Annotated[str, typer.Option("--version", metavar="V", help="A version is said once and never changes.")],
    table: Annotated[str, typer.Option("--table", metavar="ID", help="The table it is a version of.")] = "rates",
    published_on: Annotated[str, typer.Option("--published-on", metavar="DAY", help="Today unless said.")] = "",
    demonstration: Annotated[bool, typer.Option("--demonstration", help="The rates are invented.")] = False,
    as_user: Annotated[
        str, typer.Option("--as", metavar="USER", help="The secretariat, or operations.")
    ] = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Publish a table of exchange rates; each fault is told with its line, and then nothing is published."""
    # Here and not above: `plumbline --help` need not read the contracts.
    from plumbline.rates import BadRates, published, read_rates

    for name, text in (("--source", source), ("--version", version), ("--table", table)):
        if not text.strip() or len(text) > _LIMIT:
            raise WrongUse(f"{name} is empty or too long", f"Use 1 to {_LIMIT} characters")
    try:
        day = date.fromisoformat(published_on) if published_on else datetime.now(UTC).date()
    except ValueError:
        raise WrongUse(f"--published-on is {published_on}", "Write it as 2026-06-30") from None
    try:
        rates = read_rates(file)
    except BadRates as error:
        count = len(error.faults)
        raise Refused(
            f"{file} has {count} fault{'s' if count > 1 else ''}; nothing was published",
            "\n  ".join(error.faults),
            details={"faults": error.faults},
        ) from None
    event = published(rates, table=table, version=version, source=source, published_on=day, demonstration=demonstration)
    receipt = _send(data_dir, as_user, event)
    if as_json:
        print_json(receipt | {"rates": len(rates), "content_sha256": event.content_sha256})
    else:
        say(f"{table} {version}: {receipt['outcome']}, {len(rates)} rates, receipt {receipt['submission_id']}")


def _send(data_dir: Path, user: str, event: RatesPublished) -> dict[str, Any]:
    from contracts.envelope import PREFIX, Envelope
    from plumbline.client import Client
    from runtime.ids import new_id

    envelope = Envelope(
        id=new_id(), source="/cli/rates", type=PREFIX + event.TYPE, data=event.to_json(), subject=f"fx/{event.table_id}"
    )
    return Client(data_dir, user).tell(envelope)

"""``plumbline codelist``: tables that figures are read by, as versions of their own."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Refused, WrongUse, print_json, say

COLUMNS: Final = ("code", "value")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Code lists figures are read by.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: plumbline codelist load regions.csv --list regions --version 2027")(load)
    app.add_typer(group, name="codelist")


def load(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns: code, value. The whole list.")],
    list_: Annotated[
        str, typer.Option("--list", metavar="ID", help="regions: country:ML to 011; crosswalk: 15130 to P4.")
    ],
    version: Annotated[str, typer.Option("--version", metavar="V", help="A version is said once and never changes.")],
    effective_from: Annotated[
        str, typer.Option("--effective-from", metavar="DAY", help="The day figures are switched; today unless said.")
    ] = "",
    as_user: Annotated[
        str, typer.Option("--as", metavar="USER", help="The secretariat, or operations.")
    ] = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Publish a code list; each fault is told, and then nothing is published."""
    # Here and not above: `plumbline --help` need not read the contracts.
    from contracts.context import CodelistPublished
    from contracts.envelope import PREFIX, Envelope
    from contracts.method import LISTS
    from plumbline.client import Client
    from runtime.ids import new_id

    if list_ not in LISTS:
        raise WrongUse(f"--list is {list_}, which no figure is read by", f"Use one of {', '.join(LISTS)}")
    try:
        day = date.fromisoformat(effective_from) if effective_from else datetime.now(UTC).date()
    except ValueError:
        raise WrongUse(f"--effective-from is {effective_from}", "Write it as 2026-06-30") from None
    codes, faults = read_codes(file)
    faults += [f"{wrong.message}. {wrong.remedy}" for wrong in LISTS[list_](codes)]
    if faults:
        count = len(faults)
        raise Refused(
            f"{file} has {count} fault{'s' if count > 1 else ''}; nothing was published",
            "\n  ".join(faults),
            details={"faults": faults},
        )
    content = json.dumps(codes, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    event = CodelistPublished(
        list_id=list_,
        version=version,
        effective_from=day,
        content_sha256=hashlib.sha256(content).hexdigest(),
        codes=codes,
    )
    envelope = Envelope(
        id=new_id(), source="/cli/codelist", type=PREFIX + event.TYPE, data=event.to_json(), subject=f"codelist/{list_}"
    )
    receipt = Client(data_dir, as_user).tell(envelope)
    if as_json:
        print_json(receipt | {"codes": len(codes), "content_sha256": event.content_sha256})
    else:
        say(f"{list_} {version}: {receipt['outcome']}, {len(codes)} codes, in force from {day}")


def read_codes(file: Path) -> tuple[dict[str, str], list[str]]:
    """The codes of a CSV file, and every fault with its line. Raises Refused where it cannot be read at all."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            lines = [line for line in text if line.strip() and not line.startswith("#")]
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8", "Save it as CSV UTF-8") from None
    rows = list(csv.reader(lines, delimiter=";" if lines and lines[0].count(";") > lines[0].count(",") else ","))
    names = [name.strip() for name in rows[0]] if rows else []
    if sorted(names) != sorted(COLUMNS):
        return {}, [f"the columns are {', '.join(names) or 'none'}; they must be {', '.join(COLUMNS)}"]
    codes: dict[str, str] = {}
    faults = [] if rows[1:] else ["there is no code below the first line"]
    for number, cells in enumerate(rows[1:], start=2):
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        code = row.get("code", "")
        if len(cells) != len(COLUMNS) or not code:
            faults.append(f"row {number}: it has {len(cells)} cells and the code {code!r}; write a code and its value")
        elif code in codes:
            faults.append(f"row {number}: {code} stands above already; keep one")
        else:
            codes[code] = row["value"]
    return codes, faults

"""``plumbline method``: by which version of the method figures are made, and what the next one says."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Refused, print_json, say

_EXAMPLE: Final = """\
# A release of the method. Parameters that are not named are as 1.0.0 has them: plumbline method show lists them all.
version = "1.1.0"
effective_from = 2027-01-01  # a UTC day; figures are rebuilt and switched when it begins

[parameters]
"coverage.published" = "3/4"
"timeliness.grace_days" = "60"

[summary]
en = "Figures need three quarters of their data; reports are late after sixty days."
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The method figures are made by.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: plumbline method show")(show)
    group.command(epilog="Example: plumbline method example > release.toml")(example)
    group.command(epilog="Example: plumbline method release release.toml")(release)
    app.add_typer(group, name="method")


def show(
    as_user: Annotated[str, typer.Option("--as", metavar="USER", help="Who asks.")] = "donor",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show the version in force, those to come and those that were, and where parameters differ from 1.0.0."""
    found = Client(data_dir, as_user).get("portal_gateway", "/api/v1/method")
    if as_json:
        print_json(found)
        return
    since = f" since {found['since']}" if found["since"] else ""
    say(f"in force: {found['method_version']}{since}")
    for one in found["coming"]:
        say(f"coming: {one['kind']} {one['version']}, from {one['effective_from']}{_parameters(one['parameters'])}")
    for one in found["history"][::-1]:
        say(f"switched: {one['method_version']} at {one['since']}")
    width = max(len(p["name"]) for p in found["parameters"])
    for p in found["parameters"]:
        first = f"  (1.0.0: {p['first']})" if p["differs"] else ""
        say(f"  {p['name']:{width}} {p['value']:>5}  {p['says']}{first}")


def _parameters(said: dict[str, str]) -> str:
    return ": " + ", ".join(f"{name} {value}" for name, value in said.items()) if said else ""


def example(as_json: Json = False) -> None:
    """Print a release to begin with."""
    if as_json:
        print_json(json.loads(json.dumps(tomllib.loads(_EXAMPLE), default=str)))
    else:
        say(_EXAMPLE.rstrip())


def release(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML or JSON, as plumbline method example prints it.")],
    as_user: Annotated[str, typer.Option("--as", metavar="USER", help="The secretariat, or operations.")] = (
        "secretariat"
    ),
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Release a version of the method: on its day figures are rebuilt under it, and switched at once."""
    # Here and not above: `plumbline --help` need not read the contracts.
    from pydantic import ValidationError

    from contracts.context import MethodReleased
    from contracts.envelope import PREFIX, Envelope
    from runtime.ids import new_id

    said, content = _read(file)
    if unknown := sorted(said.keys() - {"version", "effective_from", "parameters", "summary"}):
        raise Refused(
            f"{file} says {', '.join(unknown)}, which no release has",
            "Use version, effective_from, parameters and summary, as plumbline method example has them",
        )
    try:
        event = MethodReleased.model_validate_json(json.dumps(said | {"content_sha256": content}, default=str))
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise Refused(f"{file} is no release", "\n  ".join(faults), details={"faults": faults}) from None
    envelope = Envelope(
        id=new_id(),
        source="/cli/method",
        type=PREFIX + event.TYPE,
        data=event.to_json(),
        subject=f"method/{event.version}",
    )
    receipt = Client(data_dir, as_user).tell(envelope)
    if as_json:
        print_json(receipt | {"version": event.version, "effective_from": event.effective_from.isoformat()})
    else:
        say(f"{event.version}: {receipt['outcome']}, in force from {event.effective_from}")


def _read(file: Path) -> tuple[dict[str, Any], str]:
    """What a file says, and its digest. Raises Refused where it cannot be read."""
    try:
        content = file.read_bytes()
        text = content.decode()
        said = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        remedy = "Begin with: plumbline method example > release.toml"
        raise Refused(f"{file} is neither TOML nor JSON: {error}", remedy) from None
    return said, hashlib.sha256(content).hexdigest()

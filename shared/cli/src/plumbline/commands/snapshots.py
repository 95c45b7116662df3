"""Snapshots and the rebuild: what takes its time, begun and waited for."""

from __future__ import annotations

import base64
import json
import time
from typing import Annotated, Any

import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Quiet, Refused, note, print_json, say

As = Annotated[str, typer.Option("--as", metavar="USER", help="Who asks; plumbline up prints the users.")]
Name = Annotated[str, typer.Argument(metavar="ID", help="The snapshot's id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    snapshot = typer.Typer(help="Snapshots: create, list, show, verify.", no_args_is_help=True)
    snapshot.command("create", epilog="Example: plumbline snapshot create --valid-to 2025-12-31 --id 2024-2025")(create)
    snapshot.command("list", epilog="Example: plumbline snapshot list --json")(list_)
    snapshot.command("show", epilog="Example: plumbline snapshot show 2024-2025 M4 --scope country:ML")(show)
    snapshot.command("verify", epilog="Example: plumbline snapshot verify 2024-2025")(verify)
    app.add_typer(snapshot, name="snapshot")


def create(
    valid_to: Annotated[str, typer.Option("--valid-to", metavar="DAY", help="The last day whose facts count.")],
    name: Annotated[str, typer.Option("--id", metavar="ID", help="Letters, digits, '.', '_' and '-'.")],
    known_to: Annotated[
        str | None, typer.Option("--known-to", metavar="DAY", help="What was known by; now if left out.")
    ] = None,
    as_user: As = "secretariat",
    quiet: Quiet = False,
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Make a snapshot: every figure as of these days, signed, never to change."""
    client = Client(data_dir, as_user)
    query = {k: v for k, v in {"valid_to": valid_to, "known_to": known_to}.items() if v is not None}
    client.call("POST", "scoring", f"/v1/snapshots/{name}", params=query)
    found = until_done(client, f"/v1/snapshots/{name}", quiet=quiet)
    if as_json:
        print_json(found)
        return
    _say(found)


def until_done(client: Client, path: str, *, quiet: bool) -> dict[str, Any]:
    """Ask until the work is done. Raises Refused with the service's words where it failed."""
    told = 0
    while True:
        found: dict[str, Any] = client.get("scoring", path)
        if found["state"] == "done":
            return found
        if found["state"] == "failed":
            raise Refused("It could not be done", str(found["error"]))
        if found["done"] != told and not quiet:
            told = found["done"]
            note(f"{told} projects")
        time.sleep(0.3)


def _say(m: dict[str, Any]) -> None:
    say(
        f"{m['id']}: valid to {m['valid_to']}, known to {m['known_to']}, method {m['method_version']},"
        f" lists {m.get('codelist_version', 'own')}, rates {m.get('fx_version', 'none')}"
    )
    say(f"  {m['figures']} figures of {m['projects']} projects, sha256 {m['sha256']}")


def list_(as_user: As = "secretariat", as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """List the snapshots there are."""
    found = Client(data_dir, as_user).get("scoring", "/v1/snapshots")
    if as_json:
        print_json(found)
        return
    for item in found["items"]:
        _say(item)
    if not found["items"]:
        say("There is none. Make one: plumbline snapshot create --valid-to DAY --id ID")


def show(
    name: Name,
    metric: Annotated[str, typer.Argument(help="M1 to M17.")],
    scope: Annotated[str, typer.Option("--scope", help="As in plumbline metric.")] = "global",
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print one figure as a snapshot has it."""
    m = Client(data_dir, as_user).get("scoring", f"/v1/snapshots/{name}/metrics/{metric}", scope=scope)
    if as_json:
        print_json(m)
        return
    say(f"{m['metric']} {m['scope']} in {name}: {m['value']} µ [{m['lower']} to {m['upper']}], {m['state']}")


def verify(
    name: Name, as_user: As = "secretariat", as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Have a snapshot's digest made again from every line of it, and check its signature here."""
    found = Client(data_dir, as_user).get("scoring", f"/v1/snapshots/{name}/verification")
    faults = []
    if not found["digest_holds"] or json.loads(found["manifest"])["sha256"] != found["recomputed"]:
        faults.append(f"its figures or sums were changed: they come to {found['recomputed']}, not {found['sha256']}")
    if not _signed(found):
        faults.append("its manifest is not what was signed")
    if not found["key_is_ours"]:
        faults.append("it was signed with another key than this service's")
    if faults:
        remedy = "Restore the database from before that; ask who had access to it.\n  " + "\n  ".join(faults)
        raise Refused(f"{name} is not as it was made", remedy, details={"faults": faults, **found})
    if as_json:
        print_json(found)
        return
    _say(found)
    say(f"  digest and signature hold; key {found['public_key']}")


def _signed(found: dict[str, Any]) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(found["public_key"]))
        key.verify(base64.b64decode(found["signature"]), found["manifest"].encode())
    except (InvalidSignature, ValueError):
        return False
    return True

"""``plumbline verify-audit``: every service's audit log read whole, and every hash made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from plumbline.client import Client, Service
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, NoStack, Refused, WrongUse, print_json, say
from runtime.audit_api import signed_text
from runtime.chain import Chain
from runtime.signing import holds

_SERVICES: Final[tuple[Service, ...]] = ("intake", "scoring", "notifier", "portal_gateway")
_PAGE: Final = 2000
_KEPT: Final = "audit-heads.jsonl"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify-audit", epilog="Example: plumbline verify-audit --expect heads.jsonl")(verify_audit)


def verify_audit(
    expect: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Heads from before, one JSON object a line; kept elsewhere.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Add the heads found to audit-heads.jsonl in the data directory.")] = True,
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Read the audit log of every service and make every hash again; exit status 1 where a row was changed, removed
    or moved, or where what an earlier head saw is no longer there.
    """
    own = data_dir / _KEPT
    earlier = [*_heads(own), *(_heads(expect, must=True) if expect is not None else ())]
    client = Client(data_dir, "operator")
    found, unread = [], dict[str, str]()
    for service in _SERVICES:
        try:
            found.append(_verify(client, service, earlier))
        except (NoStack, Refused) as error:  # the others are read all the same
            unread[service] = error.message
    if keep and not any(one["faults"] for one in found):
        with own.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one["head"]) + "\n" for one in found)
    if as_json:
        print_json({"services": found, "unread": unread})
    for one in found if not as_json else ():
        head = one["head"]
        say(f"{head['service']:<15} {one['rows']:>8} rows  head {head['hash'][:16]}…  "
            + ("whole" if not one["faults"] else ""))  # fmt: skip
        for fault in one["faults"]:
            say(f"  seq {fault['seq']}: {fault['text']}")
    for name, text in unread.items() if not as_json else ():
        say(f"{name.replace('_', '-'):<15} not read: {text}")
    broken = sum(bool(one["faults"]) for one in found)
    if broken:
        raise Refused(
            f"The audit log of {broken} of {len(found)} services is not as it was written",
            "Keep the database as it is, and compare it with a backup",
            details={"services": [one["head"]["service"] for one in found if one["faults"]]},
        )
    if unread:
        raise NoStack(
            f"The audit log of {len(unread)} of {len(_SERVICES)} services could not be read",
            "Start them, or see plumbline status; the others are whole",
            details={"services": sorted(unread)},
        )


def _verify(client: Client, service: Service, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    head = client.get(service, "/v1/audit/head")
    mine = [one for one in earlier if one["service"] == head["service"]]
    chain = Chain(wanted=frozenset(int(one["seq"]) for one in [*mine, head]))
    while True:
        page = client.get(service, "/v1/audit", after=chain.seq, limit=_PAGE)["items"]
        for row in page:
            chain.read(row)
        if len(page) < _PAGE:
            break
    faults = [{"seq": chain.fault.seq, "text": chain.fault.text}] if chain.fault else []
    for one in [*mine, head]:
        faults += [fault for fault in _against(chain, one, head["public_key"]) if fault not in faults]
    return {"head": head, "rows": chain.seq, "faults": faults}


def _against(chain: Chain, head: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """What a head says that the chain does not hold to."""
    seq = int(head["seq"])
    if head["public_key"] != key:
        return [{"seq": seq, "text": "a head from before was signed with another key"}]
    if key and not holds(key, head["signature"], signed_text(head["service"], seq, head["hash"])):
        return [{"seq": seq, "text": "the signature of a head is not good"}]
    if seq and seq not in chain.heads:
        return [{"seq": chain.seq + 1, "text": f"rows up to {seq} were there before; the log ends at {chain.seq}"}]
    if seq and chain.heads[seq] != head["hash"]:
        return [{"seq": seq, "text": f"row {seq} had another hash before: the chain was written anew"}]
    return []


def _heads(path: Path, *, must: bool = False) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
        return [{k: one[k] for k in ("service", "seq", "hash", "signature", "public_key")} for one in found]
    except FileNotFoundError:
        if must:
            raise WrongUse(f"There is no file {path}", "Heads are what plumbline verify-audit keeps") from None
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise WrongUse(f"{path} does not hold heads", "One JSON object a line, as verify-audit keeps them") from None

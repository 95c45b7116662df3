"""``plumbline duplicates``: pairs of projects that may be one, or may work together, and what was made of them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Refused, print_json, say

As = Annotated[str, typer.Option("--as", metavar="USER", help="Who asks; deciding is the secretariat's.")]
One = Annotated[str, typer.Argument(metavar="PROJECT", help="One project of the pair, by its identifier.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The other.")]


class Kind(StrEnum):
    """What a pair is taken for."""

    THIRD_PARTY = "THIRD_PARTY"
    LIKELY = "LIKELY"
    REVIEW = "REVIEW"
    COORDINATE = "COORDINATE"
    SYNERGY = "SYNERGY"


class Decision(StrEnum):
    """What people make of a pair."""

    DUPLICATE = "DUPLICATE"
    DISTINCT = "DISTINCT"
    SYNERGY = "SYNERGY"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Pairs of projects that may be one, or may work together.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list", epilog="Example: plumbline duplicates list --kind LIKELY --kind REVIEW")(list_)
    group.command(epilog="Example: plumbline duplicates decide XM-DEMO-1-A XM-DEMO-2-B DISTINCT")(decide)
    app.add_typer(group, name="duplicates")


def list_(
    kind: Annotated[list[Kind] | None, typer.Option("--kind", help="Of this kind; several are allowed.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", help="One of the two is this entity's.")] = None,
    project: Annotated[str | None, typer.Option("--project", help="One of the two is this project.")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="Those that were decided, not the open ones.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 50,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print the pairs that you may read, each with what speaks for it."""
    found = _found(
        Client(data_dir, as_user),
        kind=[k.value for k in kind] if kind else None,
        entity=entity,
        project=project,
        decided="true" if decided else None,
        limit=limit,
    )
    if as_json:
        print_json(found)
        return
    if not found["items"]:
        say("No such pair." if decided else "No pair waits for a decision.")
    for item in found["items"]:
        say(f"{item['kind'] or 'KEPT'}: {item['says']}; M {item['weight']}, P {item['probability'] / 10_000:.4f}%")
        for one in item["projects"]:
            say(f"  {one['project_id']}  {one['title']} ({one['entity']})")
        if item["overlap"] is not None:
            say(f"  overlap {item['overlap'] / 10_000:.1f}%")
        if item["decision"] is not None:
            survivor = f", {item['survivor']} survives" if item["survivor"] else ""
            say(f"  decided {item['decision']} by {item['decided_by']}{survivor}")
        for e in item["evidence"]:
            say(f"  {e['weight']:>8}  {e['says']}")
    if found["next"]:
        say("There are more: --limit, or a project, an entity or a kind")


def decide(
    project: One,
    other: Other,
    decision: Annotated[Decision, typer.Argument(help="What the pair is.")],
    survivor: Annotated[str | None, typer.Option("--survivor", help="Of a duplicate, whose word counts.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in words.")] = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Decide about a pair. Both projects stay and count; one that was dismissed comes back when either changes."""
    from contracts.envelope import PREFIX, Envelope
    from runtime.ids import new_id

    client = Client(data_dir, as_user)
    pair = sorted((project, other))
    for known in ({}, {"decided": "true"}):
        item = next((i for i in _found(client, project=project, limit=500, **known)["items"] if _is(i, pair)), None)
        if item is not None:
            break
    if item is None:
        raise Refused("There is no such pair", f"See plumbline duplicates list --project {project}")
    data = {
        "pair_id": item["pair_id"],
        "projects": pair,
        "version": int(time.time()),
        "decision": decision.value,
        "survivor": survivor,
        "fingerprints": item["fingerprints"],
        "reason": reason,
        "decided_by": as_user,
        "decided_on": datetime.now(UTC).date().isoformat(),
    }
    body = json.dumps({name: value for name, value in data.items() if value is not None}).encode()
    envelope = Envelope(
        id=new_id(), source="/cli/duplicates", type=f"{PREFIX}duplicate.decided.v1", data=body, subject=item["pair_id"]
    )
    receipt = client.tell(envelope)
    if as_json:
        print_json(receipt)
    elif receipt["outcome"] in {"accepted", "unchanged"}:
        say(f"{' and '.join(pair)}: {decision.value}; receipt {receipt['submission_id']}")
    if receipt["outcome"] not in {"accepted", "unchanged"}:
        problems = [f"{f.get('message', '')} {f.get('remedy') or ''}".strip() for f in receipt.get("findings", [])]
        raise Refused("It was not accepted", "\n  ".join(problems))


def _is(item: dict[str, Any], pair: list[str]) -> bool:
    return [one["project_id"] for one in item["projects"]] == pair


def _found(client: Client, **wanted: Any) -> dict[str, Any]:
    asked = {name: value for name, value in wanted.items() if value is not None}
    found: dict[str, Any] = client.get("scoring", "/v1/duplicates", **asked)
    return found

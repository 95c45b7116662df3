"""``plumbline dialect``: how a publisher's figures are read, what they suggest, and what adopting it would change."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Refused, WrongUse, print_json, say

Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="The publisher, by its reference.")]
As = Annotated[str, typer.Option("--as", metavar="USER", help="The secretariat, or the entity itself.")]
_SHOWN = 20
_KEPT = 100  # counts that an adoption carries
_CODE = re.compile(r"\d{5}|\d{3}")
_PILLARS = ("P1", "P2", "P3", "P4")


class Direction(StrEnum):
    """How the direction of an indicator is read."""

    FROM_VALUES = "from-values"
    AS_DECLARED = "as-declared"


class Accumulation(StrEnum):
    """How the values of several periods belong together, where the publisher does not say."""

    CUMULATIVE = "CUMULATIVE"
    POINT_IN_TIME = "POINT_IN_TIME"
    PERIODIC_SUM = "PERIODIC_SUM"
    RATIO = "RATIO"


class PeriodBasis(StrEnum):
    """What the periods of targets and actuals are of, where they differ."""

    CALENDAR = "calendar"
    FISCAL = "fiscal"
    WHOLE_PROJECT = "whole-project"


class PercentAs(StrEnum):
    """How percentages are written."""

    SHARES = "0-1"
    PER_CENT = "0-100"


Reading1 = Annotated[Direction | None, typer.Option("--direction", help="Instead of what is proposed.")]
Reading2 = Annotated[Accumulation | None, typer.Option("--accumulation", help="Where none is declared.")]
Reading3 = Annotated[bool | None, typer.Option("--location-is-total", help="A single location stands for the whole.")]
Reading4 = Annotated[bool | None, typer.Option("--zero-means-missing", help="0 is what nobody reported.")]

Reading5 = Annotated[PeriodBasis | None, typer.Option("--period-basis", help="What differing periods are of.")]
Reading6 = Annotated[PercentAs | None, typer.Option("--percent-as", help="Where shares stand among percentages.")]
Reading7 = Annotated[
    list[str] | None,
    typer.Option("--default-pillar", metavar="CODE=PILLAR", help="Where none is declared, e.g. 15210=P2. Repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Readings of a publisher's own habits.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: plumbline dialect show XM-DEMO-1")(show)
    group.command(epilog="Example: plumbline dialect adopt XM-DEMO-1 --direction from-values")(adopt)
    group.command(epilog="Example: plumbline dialect withdraw XM-DEMO-1")(withdraw)
    app.add_typer(group, name="dialect")


def show(
    entity: Entity,
    direction: Reading1 = None,
    accumulation: Reading2 = None,
    location_is_total: Reading3 = None,
    zero_means_missing: Reading4 = None,
    period_basis: Reading5 = None,
    percent_as: Reading6 = None,
    default_pillar: Reading7 = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print the evidence, what it proposes, and every figure that would change; nothing is changed."""
    readings = _given(
        direction=direction,
        accumulation=accumulation,
        location_is_total=location_is_total,
        zero_means_missing=zero_means_missing,
        period_basis=period_basis,
        percent_as=percent_as,
        default_pillar=_pillars(default_pillar or []),
    )
    found = _found(Client(data_dir, as_user), entity, readings)
    if as_json:
        print_json(found)
        return
    say(f"{entity} is read {_words(found['standing']) or 'as it stands'}")
    for e in found["evidence"]:
        verdict = "proposed" if e["proposed"] else "too little to propose it"
        who = "projects" if e["reading"] == "default_pillar" else "indicators"
        say(f"  {e['reading']} = {e['value']}: {e['agree']} of {e['indicators']} {who} agree, {verdict}")
    preview = found["preview"]
    if not preview["readings"]:
        say("Nothing is proposed.")
        return
    say(
        f"Read by {_words(preview['readings'])}: {preview['readable_before']} of {preview['indicators']} indicators"
        f" can be scored, then {preview['readable_after']}; {preview['changed']} change"
    )
    for name in ("before", "after"):
        total = preview["total"][name]
        if total is not None:
            observed, expected = total["coverage"]["observed"], total["coverage"]["expected"]
            known = f"{100 * observed / expected:.1f}% known" if expected else "nothing due"
            say(f"  {name}: {_percent(total['value'])}, {total['state'].lower().replace('_', ' ')}, {known}")
    if preview["moved"]:
        say(f"  {preview['moved']} projects serve pillars otherwise:")
        for served in preview["pillars"]:
            shares = " → ".join(f"{ppm / 1_000_000:.2f}" for ppm in served["ppm"])
            values = " → ".join(_percent(total and total["value"]) for total in served["total"].values())
            say(f"    {served['pillar']}: {shares} projects, {values}")
    for figure in preview["figures"][:_SHOWN]:
        say(f"  {figure['metric']} {figure['scope']}: {_percent(figure['before'])} → {_percent(figure['after'])}")
    more = len(preview["figures"]) - _SHOWN + preview["more"]
    if more > 0:
        say(f"  and {more} more; --json lists them")
    if preview["readings"] != found["standing"]:
        say(f"Adopt it: plumbline dialect adopt {entity}")


def adopt(
    entity: Entity,
    direction: Reading1 = None,
    accumulation: Reading2 = None,
    location_is_total: Reading3 = None,
    zero_means_missing: Reading4 = None,
    period_basis: Reading5 = None,
    percent_as: Reading6 = None,
    default_pillar: Reading7 = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Take on the readings that are proposed, or those given; every figure is flagged with the reading it rests on."""
    readings = _given(
        direction=direction,
        accumulation=accumulation,
        location_is_total=location_is_total,
        zero_means_missing=zero_means_missing,
        period_basis=period_basis,
        percent_as=percent_as,
        default_pillar=_pillars(default_pillar or []),
    )
    client = Client(data_dir, as_user)
    found = _found(client, entity, readings)
    wanted = readings or found["preview"]["readings"]
    if not wanted:
        raise Refused("Nothing is proposed for this publisher", "Name a reading, e.g. --direction from-values")
    data = {
        "entity": entity,
        "version": int(time.time()),
        "readings": wanted,
        "evidence": [_counts(e) for e in found["evidence"]][:_KEPT],
        "adopted_by": entity if as_user == entity else as_user,
        "adopted_on": datetime.now(UTC).date().isoformat(),
    }
    _say(client, "dialect.adopted.v1", data, as_json, f"{entity} is read {_words(wanted)} from now on")


def withdraw(
    entity: Entity, as_user: As = "secretariat", as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Read the publisher's files as they stand again; every figure is what it was before."""
    data = {"entity": entity, "version": int(time.time())}
    client = Client(data_dir, as_user)
    _say(client, "dialect.withdrawn.v1", data, as_json, f"{entity} is read as it stands")


def _found(client: Client, entity: str, readings: dict[str, Any]) -> dict[str, Any]:
    asked = {**readings}
    if pillars := asked.get("default_pillar"):
        asked["default_pillar"] = [f"{code}:{pillar}" for code, pillar in pillars.items()]
    found: dict[str, Any] = client.get("scoring", f"/v1/dialects/{quote(entity)}", **asked)
    return found


def _given(**readings: Any) -> dict[str, Any]:
    return {name: value for name, value in readings.items() if value is not None}


def _pillars(said: list[str]) -> dict[str, str] | None:
    """Pillar by purpose, as given; None where none was."""
    found: dict[str, str] = {}
    for text in said:
        code, _, pillar = (part.strip() for part in text.partition("="))
        if not _CODE.fullmatch(code) or not code.isascii():
            raise WrongUse(f"--default-pillar {text}: no purpose or category", "Write 5 or 3 digits, as in 15210=P2")
        if pillar not in _PILLARS:
            raise WrongUse(f"--default-pillar {text}: no pillar", f"Use one of {', '.join(_PILLARS)}, as in 15210=P2")
        if found.setdefault(code, pillar) != pillar:
            raise WrongUse(f"--default-pillar {code} is given two pillars", "Name each purpose once")
    return found or None


def _counts(evidence: dict[str, Any]) -> dict[str, Any]:
    reading = evidence["reading"]
    if reading == "default_pillar":
        reading = f"{reading} {evidence['value']}"
    return {"reading": reading, "indicators": evidence["indicators"], "agree": evidence["agree"]}


def _words(readings: dict[str, Any]) -> str:
    return ", ".join(f"{name}{_value(value)}" for name, value in readings.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return " " + " ".join(f"{code}={pillar}" for code, pillar in value.items())
    return "" if value is True else f" {value}"


def _percent(value: int | None) -> str:
    return "no figure" if value is None else f"{value / 10_000:.1f}%"


def _say(client: Client, type_: str, data: dict[str, Any], as_json: bool, words: str) -> None:
    from contracts.envelope import PREFIX, Envelope
    from runtime.ids import new_id

    envelope = Envelope(
        id=new_id(), source="/cli/dialect", type=PREFIX + type_, data=json.dumps(data).encode(), subject=data["entity"]
    )
    receipt = client.tell(envelope)
    if as_json:
        print_json(receipt)
    elif receipt["outcome"] in {"accepted", "unchanged"}:
        say(f"{words}; receipt {receipt['submission_id']}")
    if receipt["outcome"] not in {"accepted", "unchanged"}:
        problems = [f"{f.get('message', '')} {f.get('remedy') or ''}".strip() for f in receipt.get("findings", [])]
        raise Refused("It was not accepted", "\n  ".join(problems))

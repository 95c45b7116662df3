"""Operations: follow a trace, handle quarantined records."""

from __future__ import annotations

import time
from typing import Annotated, Any

import httpx
import typer

from plumbline.client import Client, Service
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, NoStack, Refused, WrongUse, print_json, say
from plumbline.session import open_session

_SERVICES: tuple[Service, ...] = ("intake", "scoring", "notifier", "portal_gateway")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: plumbline trace 4bf92f3577b34da6a3ce929d0e0e4736")(trace)
    dlq = typer.Typer(help="Quarantined records: list, show, replay.", no_args_is_help=True)
    dlq.command("list", epilog="Example: plumbline dlq list --json")(dlq_list)
    dlq.command("show", epilog="Example: plumbline dlq show intake 3")(dlq_show)
    dlq.command("replay", epilog="Example: plumbline dlq replay intake 3")(dlq_replay)
    app.add_typer(dlq, name="dlq")


def trace(
    trace_id: Annotated[str | None, typer.Argument(help="32 hexadecimal digits; publish prints it.")] = None,
    event: Annotated[str | None, typer.Option("--event", metavar="ID", help="The trace of this event instead.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for spans still on their way.")] = 5.0,
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print a trace as a waterfall, from the entity's publish to the user's screen."""
    if (trace_id is None) == (event is None):
        raise WrongUse("Name a trace or an event", "plumbline trace TRACE_ID, or plumbline trace --event ID")
    if event is not None:
        items = Client(data_dir, "secretariat").get("intake", "/v1/submissions", event_id=event)["items"]
        if not items or not items[0].get("trace_id"):
            raise Refused(f"No traced submission has the event id {event}", "plumbline publish prints the trace")
        trace_id = str(items[0]["trace_id"])
    viewer = open_session(data_dir).address("zipkin")
    spans = _spans(viewer, str(trace_id), wait)
    rows = _waterfall(spans)
    if as_json:
        for row in rows:
            print_json(row)
        return
    first = min(row["start"] for row in rows)
    total = max(row["start"] + row["duration"] for row in rows) - first or 1
    width = max(len("  " * row["depth"] + row["name"]) for row in rows)
    for row in rows:
        left = round(40 * (row["start"] - first) / total)
        bar = " " * left + "█" * max(1, round(40 * row["duration"] / total))
        name = "  " * row["depth"] + row["name"]
        state = "  error" if row["status"] == "error" else ""
        say(f"{row['service']:<16} {name:<{width}} {(row['start'] - first) / 1000:>9.1f} ms "
            f"{row['duration'] / 1000:>8.1f} ms |{bar:<41}|{state}")  # fmt: skip
    say(f"{len(rows)} spans, {total / 1000:.1f} ms; {viewer}/zipkin/traces/{trace_id}")


def _spans(viewer: str, trace_id: str, wait: float) -> list[dict[str, Any]]:
    deadline = time.monotonic() + wait
    found: list[dict[str, Any]] = []
    while True:
        try:
            answer = httpx.get(f"{viewer}/api/v2/trace/{trace_id}", timeout=5, trust_env=False)
        except httpx.HTTPError:
            raise NoStack("The trace viewer does not answer", "See: plumbline status") from None
        if answer.is_success:
            now: list[dict[str, Any]] = answer.json()
            if len(now) == len(found) and found:
                return found
            found = now
        if time.monotonic() > deadline:
            if found:
                return found
            raise Refused(f"No trace {trace_id} is known", "Spans arrive within seconds; old traces are forgotten")
        time.sleep(0.7)


def _waterfall(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Spans in the order they began, each under its parent; start and duration in microseconds."""
    by_id = {s["id"]: s for s in spans}
    children: dict[str | None, list[dict[str, Any]]] = {}
    for span in spans:
        parent = span.get("parentId")
        children.setdefault(parent if parent in by_id else None, []).append(span)
    rows: list[dict[str, Any]] = []

    def visit(span: dict[str, Any], depth: int) -> None:
        tags = span.get("tags", {})
        rows.append({
            "service": span.get("localEndpoint", {}).get("serviceName", "?"),
            "name": span.get("name", "?"),
            "start": span.get("timestamp", 0),
            "duration": span.get("duration", 0),
            "status": "error" if "error" in tags or tags.get("otel.status_code") == "ERROR" else "ok",
            "span_id": span["id"],
            "parent": span.get("parentId"),
            "kind": span.get("kind"),
            "links": [],
            "attributes": tags,
            "depth": depth,
        })  # fmt: skip
        for child in sorted(children.get(span["id"], []), key=lambda s: s.get("timestamp", 0)):
            visit(child, depth + 1)

    for root in sorted(children.get(None, []), key=lambda s: s.get("timestamp", 0)):
        visit(root, 0)
    return rows


def dlq_list(as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """List what services could not accept, oldest first."""
    client = Client(data_dir, "operator")
    rows = [
        {"service": service, **item}
        for service in _SERVICES
        for item in client.get(service, "/v1/dlq", limit=500)["items"]
    ]
    if as_json:
        print_json({"items": rows})
        return
    for row in rows:
        done = "replayed" if row["replayed_at"] else ""
        say(f"{row['service']:<15} {row['id']:>6}  {row['topic']}-{row['partition']}@{row['offset']}  {row['code']}: "
            f"{row['message'][:100]} {done}")  # fmt: skip
    if not rows:
        say("Nothing is quarantined.")


Of = Annotated[str, typer.Argument(metavar="SERVICE", help="intake, scoring, notifier or portal_gateway.")]
Number = Annotated[int, typer.Argument(metavar="ID", help="The number plumbline dlq list prints.")]


def _service(name: str) -> Service:
    for service in _SERVICES:
        if service == name.replace("-", "_"):
            return service
    raise WrongUse(f"There is no service {name}", f"Use one of: {', '.join(_SERVICES)}")


def dlq_show(service: Of, record: Number, as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show one quarantined record, whole."""
    found = Client(data_dir, "operator").get(_service(service), f"/v1/dlq/{record}")
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if name not in {"headers", "body", "problems"}:
            say(f"{name:<18} {value}")
    for name, value in found["headers"]:
        say(f"  {name}: {value}")
    say(str(found["body"].get("text") or found["body"].get("base64")))
    say(f"problems: {found['problems']}")


def dlq_replay(service: Of, record: Number, as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Apply one quarantined record again, after a mend, under its own event id."""
    found = Client(data_dir, "operator").call("POST", _service(service), f"/v1/dlq/{record}/replay").json()
    if as_json:
        print_json(found)
        return
    say(f"{service} {record}: applied")

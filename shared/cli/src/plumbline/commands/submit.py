"""Submitting as an entity: import files, publish events; each waits for its receipts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from confluent_kafka import KafkaError, KafkaException
from opentelemetry.trace import SpanKind
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from contracts.envelope import Envelope, EnvelopeError, from_structured
from contracts.streams import inbound
from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, Quiet, Refused, WrongUse, note, print_json, say
from plumbline.stack.refusals import explain
from runtime import names, telemetry

Entity = Annotated[
    str, typer.Option("--as", metavar="ENTITY", help="Who sends: an entity by its reference, or a user.")
]
_TABLE = ".csv"
_PIECE = 1024 * 1024
_PATIENCE = 30.0  # seconds to wait for the receipt of one event


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import", epilog="Example: plumbline import portfolio/ --as XM-DEMO-1")(import_files)
    app.command(epilog="Example: plumbline publish update.json --as XM-DEMO-1 --via kafka")(publish)


def import_files(
    paths: Annotated[list[Path], typer.Argument(help="IATI files (.xml, .xml.gz), tables (.csv), or folders of them.")],
    as_entity: Entity,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge only; keep nothing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Submit IATI files and tables, and wait for their receipts; exit status 1 where something was refused."""
    files = list(_files(paths))
    if not files:
        raise WrongUse("There is no .xml, .xml.gz or .csv file there", "Name a file or a folder that has some")
    client = Client(data_dir, as_entity)
    refused = False
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(), console=Console(stderr=True), disable=quiet or as_json, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("Importing", total=len(files), words="")
        for path in files:
            bar.update(task, description=path.name, words="sending")
            sent = client.call(
                "POST", "intake", "/v1/files", params={"name": path.name, "dry_run": str(dry_run).lower()},
                content=_pieces(path), headers={"Content-Type": "text/csv" if _is_table(path) else "application/xml"},
            ).json()  # fmt: skip
            receipt = _await_file(client, sent["submission_id"], bar, task)
            bar.advance(task)
            found = _summary(path, receipt)
            refused = refused or bool(receipt["quarantined"]) or receipt["outcome"] == "quarantined"
            if as_json:
                print_json(found)
            else:
                _print(found, receipt, bar.console if not quiet else None)
    if refused:
        raise SystemExit(1)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.name.endswith((".xml", ".xml.gz", _TABLE)))
        elif path.is_file():
            yield path
        else:
            raise WrongUse(f"{path} does not exist", "Name a file or a folder")


def _is_table(path: Path) -> bool:
    return path.name.lower().endswith(_TABLE)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _await_file(client: Client, submission_id: str, bar: Progress, task: Any) -> dict[str, Any]:
    delay = 0.05
    while True:
        receipt: dict[str, Any] = client.get("intake", f"/v1/submissions/{submission_id}")
        if receipt["state"] == "done":
            return receipt
        bar.update(task, words=f"{receipt['activities']} judged")
        time.sleep(delay)
        delay = min(delay * 1.5, 1.0)


def _summary(path: Path, receipt: dict[str, Any]) -> dict[str, Any]:
    keys = ("activities", "accepted", "amended", "unchanged", "quarantined", "events", "outcome", "submission_id")
    return {
        "file": str(path),
        **{k: receipt[k] for k in keys},
        "findings": receipt["rules"],
        "readability": receipt["readability"],
        "trace_id": receipt.get("trace_id"),
    }


def _print(found: dict[str, Any], receipt: dict[str, Any], _console: Console | None) -> None:
    things = "rows" if _is_table(Path(found["file"])) else "activities"
    say(
        f"{found['file']}: {found['outcome']}. {found['activities']} {things}: {found['accepted']} accepted,"
        f" {found['amended']} amended, {found['unchanged']} unchanged, {found['quarantined']} quarantined;"
        f" {found['events']} facts"
    )
    readable = found["readability"]
    if readable.get("indicators"):
        say(f"  {readable['scorable']} of {readable['indicators']} indicators can be scored (plumbline quality)")
    shown = [f for f in receipt["findings"] if f["severity"] == "error"][:5]
    for finding in shown:
        line = f"line {finding['line']}, " if finding.get("line") else ""
        line += f"{finding['path']}, " if things == "rows" and finding.get("path") else ""
        say(f"  {line}{finding['rule']}: {_sentence(finding['message'])} {finding['remedy']}")
    if found["findings"]:
        total = sum(found["findings"].values())
        say(f"  {total} findings in all: {', '.join(f'{r} ×{n}' for r, n in list(found['findings'].items())[:6])}")
    say(f"  receipt {found['submission_id']}")


def _sentence(text: str) -> str:
    """What was found, ended once: some of it is whole sentences already."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def publish(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="CloudEvents as JSON: one, an array, or lines.")],
    as_entity: Entity,
    via: Annotated[str, typer.Option(help="kafka or http.")] = "http",
    as_json: Json = False,
    quiet: Quiet = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Publish CloudEvents and wait for their receipts; exit status 1 where one was refused."""
    if via not in {"kafka", "http"}:
        raise WrongUse(f"--via {via} is not known", "Use --via kafka or --via http")
    events = _read(source)
    client = Client(data_dir, as_entity)
    client.session.trace("plumbline-publish")
    try:
        send = _by_kafka if via == "kafka" else _by_http
        found = send(client, as_entity, events)
    finally:
        telemetry.shutdown()
    for answer in found:
        if as_json:
            print_json(answer)
        else:
            say(
                f"{answer['event_id']}: {answer['outcome']}, receipt {answer.get('submission_id')},"
                f" trace {answer['trace_id']}"
            )
            for f in answer.get("findings", []):
                say(f"  {f.get('path', '')} {_sentence(f['message'])} {f['remedy']}")
    if not quiet and not as_json and found and found[0].get("trace_id"):
        note(f"Follow it: plumbline trace {found[0]['trace_id']}")
    if any(a["outcome"] == "quarantined" for a in found):
        raise SystemExit(1)


def _read(source: str) -> list[dict[str, Any]]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(
            f"{source} cannot be read: {error}", "Name a file of CloudEvents as JSON, or - for standard input"
        ) from None
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        try:
            parsed = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise WrongUse(
                f"{source} is not JSON: {error}", "One CloudEvent, an array of them, or one a line"
            ) from None
    found = parsed if isinstance(parsed, list) else [parsed]
    if not found or not all(isinstance(event, dict) for event in found):
        raise WrongUse(f"{source} holds no CloudEvents", "One CloudEvent, an array of them, or one a line")
    return found


def _by_http(client: Client, _entity: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with telemetry.tracer.start_as_current_span("send intake", kind=SpanKind.CLIENT) as span:
        carried = telemetry.traceparent_of(span)
        trace = {"traceparent": carried} if carried else {}
        try:
            answer = client.call(
                "POST", "intake", "/v1/events", content=json.dumps(events).encode(),
                headers={"Content-Type": "application/cloudevents-batch+json", **trace},
            ).json()["receipts"]  # fmt: skip
        except Refused as refused:
            if "receipts" not in refused.details:
                raise
            answer = refused.details["receipts"]
    found: list[dict[str, Any]] = answer
    return found


def _by_kafka(client: Client, entity: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    envelopes: list[Envelope] = []
    for n, event in enumerate(events):
        try:
            envelopes.append(from_structured(event))
        except EnvelopeError as error:
            raise WrongUse(
                f"Event {n + 1} is not a CloudEvent: {error}", "Mend it; --via http would answer with a receipt"
            ) from None
    topic = inbound(entity).topic
    sent: list[tuple[Envelope, str | None]] = []
    failures: list[KafkaError] = []
    producer = client.session.producer(entity)
    for envelope in envelopes:
        with telemetry.tracer.start_as_current_span(
            f"send {topic}",
            context=telemetry.parent(envelope.traceparent),
            kind=SpanKind.PRODUCER,
            attributes={
                names.MESSAGING_SYSTEM: "kafka",
                names.DESTINATION: topic,
                names.OPERATION_NAME: "send",
                names.OPERATION_TYPE: "send",
                names.EVENT_TYPE: envelope.type,
                names.EVENT_ID: envelope.id,
            },
        ) as span:
            carried = telemetry.traceparent_of(span) or envelope.traceparent
            key = envelope.partitionkey or json.loads(envelope.data or b"{}").get("project_id", "")
            producer.produce(
                topic, value=envelope.data or None, key=str(key).encode(),
                headers=[*envelope.with_trace(carried).to_headers()],
                on_delivery=lambda error, _m: failures.append(error) if error else None,
            )  # fmt: skip
            sent.append((envelope, carried))
    if producer.flush(20):
        raise Refused("Kafka did not take every event within 20 s", "See: plumbline status")
    if failures:
        why = explain(KafkaException(failures[0]), entity)
        raise Refused(why.message, why.remedy)
    return [_await_event(client, envelope, carried) for envelope, carried in sent]


def _await_event(client: Client, envelope: Envelope, carried: str | None) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE
    base = {"event_id": envelope.id, "trace_id": carried.split("-")[1] if carried else None}
    delay = 0.02
    while time.monotonic() < deadline:
        items = client.get("intake", "/v1/submissions", event_id=envelope.id)["items"]
        if items:
            receipt = client.get("intake", f"/v1/submissions/{items[0]['id']}")
            return {
                **base, "submission_id": receipt["id"], "outcome": receipt["outcome"],
                "project_id": receipt["project_id"], "findings": receipt["findings"],
            }  # fmt: skip
        time.sleep(delay)
        delay = min(delay * 1.5, 0.5)
    return {**base, "outcome": "no receipt yet", "findings": []}

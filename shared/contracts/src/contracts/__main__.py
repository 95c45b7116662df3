"""``python -m contracts write|check|streams``: keep the committed contracts true, and list the streams."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from contracts import schemas
from contracts.streams import STREAMS, Stream, inbound


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 something to mend (all of it is said at once), 2 wrong use."""
    options = _parser().parse_args(arguments)
    if options.command == "write":
        return _write(options.root)
    if options.command == "check":
        return _check(options.root)
    return _streams(options.entity, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("write", "add the next schema version of each event type that changed compatibly"),
        ("check", "say whether schemas and examples are fresh, complete, unedited and compatible"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--root", type=Path, default=schemas.ROOT, help="the folder of schemas/ and examples/")
    listing = commands.add_parser("streams", help="list every topic with key, partitions, retention and owner")
    listing.add_argument("entity", nargs="*", help="entities whose inbound topics to add, e.g. XM-DAC-41114")
    listing.add_argument("--json", action="store_true", help="one JSON object a line, for scripts")
    return parser


def _write(root: Path) -> int:
    written, refused = schemas.write(root)
    for path in written:
        _say(f"wrote {path.relative_to(root)}; add examples/{path.parent.name}/{path.stem}.json")
    for line in refused:
        _say(f"refused {line}")
    if refused:
        _say("An event type only grows by optional fields. For anything else add a new type, ….v2.")
    elif not written:
        _say("nothing changed")
    return 1 if refused else 0


def _check(root: Path) -> int:
    problems = schemas.check(root)
    for problem in problems:
        _say(problem)
    if not problems:
        _say("schemas and examples are fresh, complete, unedited and compatible")
    return 1 if problems else 0


def _streams(entities: list[str], *, as_json: bool) -> int:
    try:
        streams = (*STREAMS, *(inbound(entity) for entity in entities))
    except ValueError as fault:
        _say(str(fault))
        return 2
    for stream in streams:
        _say(json.dumps({**asdict(stream), "dlq": stream.dlq}) if as_json else _line(stream))
    return 0


def _line(stream: Stream) -> str:
    kept = "for ever" if stream.retention_days is None else f"{stream.retention_days} days"
    kept += ", newest per key" if stream.compacted else ""
    key_and_owner = f"key {stream.key:28} owner {stream.owner:14}"
    return f"{stream.topic:32} {stream.partitions:>2} partitions  {key_and_owner} kept {kept}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())

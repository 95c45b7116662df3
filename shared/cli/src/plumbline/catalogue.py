"""``python -m plumbline.catalogue write|check``: docs/events.md, every event type on one page.

Nothing is written by hand: the words are the models', the examples are the newest committed ones, and who may say a
type and under which key it is replaced come from the tables by which intake decides.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts import schemas
from contracts.base import Payload
from contracts.catalogue import EVENTS
from contracts.envelope import PREFIX
from contracts.streams import CONTEXT, PORTFOLIO, Stream
from contracts.tables import KINDS
from intake.domain.ledger import business_key, shared_key
from intake.domain.rights import OFFICES, speakers
from intake.usecases.events import TYPES

PAGE: Final = Path("docs/events.md")
_ROOT: Final = schemas.ROOT.parents[1]
_HEAD: Final = f"""# Events

Written by `python -m plumbline.catalogue write`; `make check` says when it is stale.

Every type below stands in the CloudEvents attribute `type` behind `{PREFIX}`. A fact is ordered by its stream's key;
a later one under the same business key replaces the one before, whatever its id, and one that says nothing new is
answered `unchanged`. Entities send by Kafka or HTTP, offices by HTTP with a token of their own. What is said by mistake
is said again with `"withdrawn": true`, or by its own type. Intake adds `origin`. A type with a table may come as CSV:
`plumbline template` prints its columns, `plumbline import FILE.csv --as WHO` sends it.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for stream, models in EVENTS.items() for line in _stream(stream, models))])


def _stream(stream: Stream, models: tuple[type[Payload], ...]) -> Iterator[str]:
    yield f"## `{stream.topic}`\n"
    yield f"Ordered by {stream.key}; written by {stream.owner}.\n"
    for model in models:
        yield f"### `{model.TYPE}`\n"
        yield f"{_words(model)}\n"
        example = _example(model.TYPE)
        yield f"{_facts(stream, model.TYPE, example)}\n"
        yield f"```json\n{json.dumps(example, ensure_ascii=False)}\n```\n"


def _words(model: type[Payload]) -> str:
    paragraphs = (inspect.getdoc(model) or "").partition(" Key: ")[0].replace("``", "`").split("\n\n")
    return " ".join(" ".join(paragraphs).split())


def _example(type_: str) -> dict[str, Any]:
    """The newest example without what is null and what intake adds."""
    found = schemas.newest_example(type_)
    if found is None:
        raise SystemExit(f"{type_} has no example; this runs in a checkout")
    return {k: v for k, v in found.items() if k != "origin" and v not in (None, [], {})}


def _facts(stream: Stream, type_: str, example: dict[str, Any]) -> str:
    """Who says it, under which keys, and whether a table of it is taken."""
    if PREFIX + type_ not in TYPES:
        return f"Said by {stream.owner}."
    if stream is CONTEXT:
        ordering, key = shared_key(type_, example)
    else:
        ordering, key = example["project_id"], business_key(type_, example)
    said = speakers(type_) if stream is PORTFOLIO or type_ in OFFICES else stream.owner
    parts = [f"Said by {said}.", f"Here ordered by `{ordering}`, replaced under `{key}`."]
    parts += [f"Table `{kind}`." for kind, model in KINDS.items() if type_ == model.TYPE]
    return " ".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 the page is stale, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m plumbline.catalogue", description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    command = parser.parse_args(arguments).command
    path, wanted = _ROOT / PAGE, page()
    fresh = path.is_file() and path.read_text(encoding="utf-8") == wanted
    if command == "write":
        path.write_text(wanted, encoding="utf-8")
    elif not fresh:
        print(f"{PAGE} is not what the code says now; run python -m plumbline.catalogue write")
        return 1
    print(f"{PAGE} is fresh")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What comes as a file and cannot be meant: a receipt with its reason, in bounded time and memory; the next one passes.

What the reader makes of each kind of file, ``tests/intake`` says; here they come through the door of a running
service, which must outlive them.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
import psutil
import pytest
from tests.support.iati import ROOT, a_file, a_period, a_result, an_activity, an_indicator
from tests.support.people import Entity
from tests.support.waiting import until

from intake.codelists import load

pytestmark = pytest.mark.stack

MIB = 1024 * 1024
GIB = 1024 * MIB
_number = count()


def mine(entity: Entity, *parts: str, **over: Any) -> str:
    """An activity of this entity, one that was never sent before."""
    activity = an_activity(identifier=f"{entity.user}-F{next(_number)}", **over)
    return activity.replace("XM-DAC-41120", entity.user)


def a_good_file(entity: Entity) -> bytes:
    return a_file(mine(entity))


@contextmanager
def bounded(entity: Entity, *, seconds: float, megabytes: int) -> Iterator[None]:
    """Fails where intake needs more time, or more memory on top of what it has, at any moment in between."""
    service = psutil.Process(entity.stack.parts["intake"].pid)
    before, most, began = service.memory_info().rss, 0, time.monotonic()

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, sum(held(process) for process in (service, *service.children(recursive=True))))
            await asyncio.sleep(0.02)

    watching = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        watching.cancel()
    assert time.monotonic() - began < seconds
    assert (most - before) / MIB < megabytes


def held(process: psutil.Process) -> int:
    """Bytes a process holds; one that has just ended holds none."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


async def refused(entity: Entity, content: Any, rule: str, **more: Any) -> dict[str, Any]:
    """The receipt of a file that cannot be read, after seeing that it says so."""
    answer = await entity.upload(content, **more)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    receipt = await entity.judged(answer.json()["submission_id"])
    assert receipt["outcome"] in {"quarantined", "partly-quarantined"}
    assert f"plumbline:{rule}" in receipt["rules"], receipt["rules"]
    assert all(f["message"] and f["remedy"] for f in receipt["findings"])
    return receipt


async def passes(entity: Entity) -> None:
    answer = await entity.upload(a_good_file(entity))
    receipt = await entity.judged(answer.json()["submission_id"])
    assert (receipt["outcome"], receipt["accepted"]) == ("accepted", 1), receipt


LANGUAGES = sorted(load().lists["Language"].codes)[:100]
LAUGHS = (
    b"<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + b"".join(b"<!ENTITY a%d '&a%d;&a%d;'>" % (n, n - 1, n - 1) for n in range(1, 40))
    + b"]>"
)


def head() -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>'


FILES: dict[str, tuple[str, Callable[[Entity], bytes]]] = {
    "nothing": ("FILE_EMPTY", lambda _: b""),
    "not XML": ("NOT_XML", lambda _: b"identifier,title\n1,2\n"),
    "a page of a web site": ("WRONG_ROOT", lambda _: b"<html><body>Log in first</body></html>"),
    "an organisation file": ("ORGANISATION_FILE", lambda _: b'<iati-organisations version="2.03"/>'),
    "half a file": ("CUT_OFF", lambda e: a_file(mine(e), mine(e))[:-200]),
    "a zip archive": ("NOT_XML", lambda _: b"PK\x03\x04" + bytes(5000)),
    "an entity of entities of entities": (
        "DOCTYPE",
        lambda e: head() + LAUGHS + a_file(mine(e, title="<narrative>&a39;</narrative>")),
    ),
    "an external entity": (
        "DOCTYPE",
        lambda e: head() + b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + a_file(mine(e, title="<narrative>&e;</narrative>")),
    ),
    "an external schema": (
        "DOCTYPE",
        lambda e: head() + b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + a_good_file(e),
    ),
    "an encoding nobody reads": (
        "ENCODING_UNKNOWN",
        lambda e: b'<?xml version="1.0" encoding="utf-7"?>' + a_good_file(e),
    ),
    "bytes that are no UTF-8": (
        "ENCODING",
        lambda e: a_file(mine(e), mine(e).replace("Border posts", "Postes fronti\u00e8res")).decode().encode("latin-1"),
    ),
    "damaged gzip": ("PACKED_BROKEN", lambda e: gzip.compress(a_good_file(e))[:20] + bytes(100)),
    "half of a gzip file": ("CUT_OFF", lambda e: gzip.compress(a_good_file(e))[:-12]),
    "another entity's activity": (
        "IDENTITY",
        lambda e: a_file(an_activity(identifier="XM-DEMO-1-STOLEN").replace("XM-DAC-41120", "XM-DEMO-1")),
    ),
    "an activity a hundred thousand elements deep": (
        "NOT_WELL_FORMED",
        lambda e: a_file(mine(e, results="<result>" * 100_000 + "</result>" * 100_000)),
    ),
    "a narrative of sixty megabytes": (
        "ACTIVITY_CUT",
        lambda e: a_file(mine(e, title=f"<narrative>{'x' * 60 * MIB}</narrative>")),
    ),
    # What PostgreSQL or Kafka could not keep: told here, for there it would be a fault that comes back.
    "a place too long for any index": (
        "TOO_LONG",
        lambda e: a_file(mine(e, results=a_result(an_indicator(a_period(actual_at(noise(5000))))))),
    ),
    "an identifier too long for any index": ("TEXT_LENGTH", lambda e: a_file(mine(e).replace("-F", f"-{noise(900)}"))),
    "a fact too large for Kafka": (
        "TOO_LARGE",
        lambda e: a_file(mine(e, title="".join(narrative(code, letters(19_000)) for code in LANGUAGES))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
async def test_a_bad_file_is_answered_with_its_reason(entity: Entity, case: str) -> None:
    rule, make = FILES[case]
    content = make(entity)
    with bounded(entity, seconds=60, megabytes=150):
        await refused(entity, content, rule)
    await passes(entity)


def actual_at(place: str) -> str:
    return f'<actual value="1"><location ref="{place}"/></actual>'


def narrative(language: str, text: str) -> str:
    return f'<narrative xml:lang="{language}">{text}</narrative>'


def noise(length: int) -> str:
    """Characters of four bytes each that do not compress."""
    chooser = random.Random(length)
    return "".join(chr(chooser.randrange(0x20000, 0x2A000)) for _ in range(length))


def letters(length: int) -> str:
    chooser = random.Random(length)
    return "".join(chooser.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


async def test_a_bad_activity_delays_no_other_of_its_file(entity: Entity) -> None:
    good, bad, also = mine(entity), mine(entity, status="99"), mine(entity)
    answer = await entity.upload(a_file(good, bad, also))
    receipt = await entity.judged(answer.json()["submission_id"])
    assert receipt["outcome"] == "partly-quarantined"
    assert (receipt["activities"], receipt["accepted"], receipt["quarantined"]) == (3, 2, 1)
    errors = [f for f in receipt["findings"] if f["severity"] == "error"]
    assert {f["project_id"] for f in errors} == {bad.partition("<iati-identifier>")[2].partition("<")[0]}
    assert all(f["line"] > 1 for f in errors)


# Two gigabytes of nothing.


def bomb(packed: bytes, before: bytes = b"", behind: bytes = b"") -> bytes:
    """One gzip member that unpacks to two gigabytes, made without unpacking them."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = deflate.compress(before) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(packed * (16 * MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return start + block * 128 + deflate.compress(behind) + deflate.flush()


BOMBS = {
    "zeros": ("NOT_XML", bomb(b"\0")),
    "spaces": ("FILE_EMPTY", bomb(b" ")),
    "zeros in a root": ("PACKED_TOO_TIGHT", bomb(b"\0", ROOT.encode())),
    "spaces in a root": ("PACKED_TOO_TIGHT", bomb(b" ", ROOT.encode())),
}


@pytest.mark.parametrize("case", BOMBS)
async def test_two_gigabytes_packed_into_two_megabytes_are_refused(entity: Entity, case: str) -> None:
    rule, content = BOMBS[case]
    assert len(content) < 3 * MIB
    with bounded(entity, seconds=60, megabytes=150):
        await refused(entity, content, rule)
    await passes(entity)


async def nothing(gibibytes: int) -> AsyncIterator[bytes]:
    piece = b" " * MIB
    for _ in range(gibibytes * 1024):
        yield piece


async def test_two_gigabytes_announced_are_refused_before_they_are_sent(entity: Entity) -> None:
    with bounded(entity, seconds=60, megabytes=50):
        answer = await entity.upload(nothing(2), headers={"Content-Length": str(2 * GIB)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    await passes(entity)


async def test_two_gigabytes_streamed_are_refused_on_the_way(entity: Entity) -> None:
    """Without a length nobody knows how much will come; what is more than a file may have is not taken."""
    with bounded(entity, seconds=60, megabytes=150):
        answer = await entity.upload(nothing(2))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    await passes(entity)


async def test_an_upload_that_breaks_off_leaves_nothing_behind(entity: Entity) -> None:
    class Gone(Exception):
        pass

    async def half() -> AsyncIterator[bytes]:
        yield a_good_file(entity)
        raise Gone

    with pytest.raises(Gone):
        await entity.upload(half(), "half.xml")
    await passes(entity)

    async def forgotten() -> bool:
        items = (await entity.get("intake", "/v1/submissions", entity=entity.user, limit=200))["items"]
        return all(item["state"] == "done" for item in items) and not any(i["file"] == "half.xml" for i in items)

    await until(forgotten, what="the broken upload to be forgotten")


@pytest.mark.parametrize("name", ["a/b.xml", "", "x" * 300, "a\nb.xml", "..\\b.xml"])
async def test_a_name_that_is_none_is_refused(entity: Entity, name: str) -> None:
    answer = await entity.upload(a_good_file(entity), name)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == "bad-name"

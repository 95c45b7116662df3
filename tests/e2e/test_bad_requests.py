"""What comes by HTTP and cannot be meant: a 4xx with its reason, or a receipt; and the next good event passes."""

from __future__ import annotations

import base64
import gzip
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.people import Entity, Person
from tests.support.waiting import until

from plumbline.stack import Stack
from plumbline.stack.issuer import keys

pytestmark = pytest.mark.stack

MIB = 1024 * 1024


def forged(stack: Stack, entity: str, *, typ: str = "at+jwt", key: keys.Key | None = None, **claims: Any) -> str:
    """A token as the issuer would sign it, but for what is named."""
    now = int(time.time())
    usual = {
        "iss": stack.issuer.address,
        "aud": "plumbline",
        "sub": entity,
        "iat": now,
        "exp": now + 600,
        "plumbline_role": "entity",
        "plumbline_organisation": entity,
    }
    found = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return (key or keys.load(stack.layout.secrets)[0]).sign(found, typ)


def a_key(kid: str) -> keys.Key:
    return keys.Key(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def known_kid(stack: Stack) -> str:
    return keys.load(stack.layout.secrets)[0].kid


def by_public_key(stack: Stack, entity: str) -> str:
    """The oldest trick: the public key as the secret of a symmetric signature."""
    key = keys.load(stack.layout.secrets)[0]
    public = key.private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}
    signed = f"{_base64(json.dumps(head).encode())}.{forged(stack, entity).split('.')[1]}"
    return f"{signed}.{_base64(hmac.digest(public, signed.encode(), 'sha256'))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def unsigned(stack: Stack, entity: str) -> str:
    claims = jwt.decode(forged(stack, entity), options={"verify_signature": False})
    return jwt.encode(claims, None, "none", headers={"kid": known_kid(stack), "typ": "at+jwt"})


def changed(stack: Stack, entity: str) -> str:
    """A good token with another entity's name written into it."""
    head, body, signature = forged(stack, entity).split(".")
    other = forged(stack, "XM-DEMO-1").split(".")[1]
    assert other != body
    return ".".join((head, other, signature))


TOKENS: dict[str, tuple[int, str, Callable[[Stack, str], str]]] = {
    "one that has expired": (401, "has expired", lambda s, e: forged(s, e, exp=int(time.time()) - 60)),
    "one for another audience": (401, "not meant for", lambda s, e: forged(s, e, aud="someone-else")),
    "one of another issuer": (401, "another issuer", lambda s, e: forged(s, e, iss="https://elsewhere.example")),
    "one signed by an unknown key": (401, "does not publish", lambda s, e: forged(s, e, key=a_key("unknown"))),
    "one signed by another key of the same name": (
        401,
        "not valid",
        lambda s, e: forged(s, e, key=a_key(known_kid(s))),
    ),
    "one changed after it was signed": (401, "not valid", changed),
    "one without a signature": (401, "not allowed", unsigned),
    "one signed with the public key": (401, "not allowed", by_public_key),
    "an identity token": (401, "not an access token", lambda s, e: forged(s, e, typ="JWT")),
    "one that never expires": (401, "exp", lambda s, e: forged(s, e, exp=None)),
    "one that is not yet valid": (401, "not valid", lambda s, e: forged(s, e, nbf=int(time.time()) + 600)),
    "one without a role": (403, "role", lambda s, e: forged(s, e, plumbline_role=None)),
    "one that claims to be the system": (403, "role", lambda s, e: forged(s, e, plumbline_role="system")),
    "no token at all": (401, "Bearer", lambda *_: "x"),
}


async def test_keys_rotate_and_tokens_signed_before_stay_good(entity: Entity) -> None:
    """Asked for a key it does not know, a service looks again, though at most every ten seconds.

    So this stands before the tests that name keys nobody knows.
    """
    stack = entity.stack
    before = forged(stack, entity.user)
    stack.rotate_keys()
    after = forged(stack, entity.user)
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]

    async def accepted(bearer: str) -> bool:
        answer = await entity.post(entity.project(), headers={"Authorization": f"Bearer {bearer}"})
        return answer.status_code == httpx.codes.ACCEPTED

    await until(lambda: accepted(after), what="the new key to be known")
    assert await accepted(before)


@pytest.mark.parametrize("case", TOKENS)
async def test_a_bad_token_is_refused_with_its_reason(entity: Entity, case: str) -> None:
    status, reason, make = TOKENS[case]
    stack = entity.stack
    event = entity.project("forged")
    good = {"Authorization": f"Bearer {forged(stack, entity.user)}"}
    answer = await entity.post(event, headers={"Authorization": f"Bearer {make(stack, entity.user)}"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if case == "no token at all":
        answer = await entity.http.post(stack.parts["intake"].address + "/v1/events", json=event.to_structured())
        assert answer.status_code == 401
    assert reason in answer.text
    assert await entity.receipts(event=event.id) == []
    assert (await entity.post(entity.project("good"), headers=good)).status_code == httpx.codes.ACCEPTED


@pytest.mark.parametrize("user", ["member-state", "donor", "operator"])
async def test_who_is_no_entity_submits_no_project(entity: Entity, user: str) -> None:
    reader = Person(entity.stack, user, entity.http)
    event = entity.project("theirs")
    answer = await reader.call("POST", "intake", "/v1/events", json=event.to_structured())
    if user == "donor":
        assert answer.status_code == httpx.codes.FORBIDDEN
    else:  # offices speak, but not of projects
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert {e["rule"] for e in answer.json()["errors"]} == {"plumbline:NOT_YOURS_TO_SAY", "plumbline:IDENTITY"}
    answer = await reader.call("POST", "intake", "/v1/files", content=b"<iati-activities/>")
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert await entity.receipts(event=event.id) == []


async def test_one_entity_cannot_speak_for_another(entity: Entity, other: Entity) -> None:
    """Not by the address, not by the payload, not by the source, not about the other's project."""
    theirs = other.project("own")
    assert (await other.post(theirs)).is_success
    answer = await entity.post(entity.project("x"), params={"entity": other.user})
    assert answer.status_code == httpx.codes.FORBIDDEN
    for event, rule in (
        (entity.project("y", entity=other.user), "IDENTITY"),
        (entity.observation("1", project_id=f"{other.user}-own"), "NOT_OWNER"),
    ):
        answer = await entity.post(event)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert [e["rule"] for e in answer.json()["errors"]] == [f"plumbline:{rule}"]
        assert (await entity.receipt(event=event.id))["outcome"] == "quarantined"
        assert await other.receipts(event=event.id) == []


Body = tuple[bytes, dict[str, str]]
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
LINES = {"Content-Type": "application/x-ndjson"}


def events_of(entity: Entity, count: int) -> bytes:
    return json.dumps([entity.project(f"many-{n}").to_structured() for n in range(count)]).encode()


def structured(entity: Entity, **over: Any) -> bytes:
    return json.dumps({**entity.project("s").to_structured(), **over}).encode()


BODIES: dict[str, tuple[int, str, Callable[[Entity], Body]]] = {
    "nothing": (400, "not-json", lambda _: (b"", STRUCTURED)),
    "an empty batch": (400, "empty", lambda _: (b"[]", BATCH)),
    "no lines": (400, "empty", lambda _: (b"\n\n", LINES)),
    "half an event": (400, "not-json", lambda e: (structured(e)[:60], STRUCTURED)),
    "half a line": (400, "not-json", lambda e: (structured(e) + b"\n" + structured(e)[:60], LINES)),
    "not JSON": (400, "not-json", lambda _: (b"<xml/>", STRUCTURED)),
    "not UTF-8": (400, "not-json", lambda e: (structured(e).replace(b"Border", b"B\xffrder"), STRUCTURED)),
    "UTF-16": (400, "not-json", lambda e: (structured(e).decode().encode("utf-16"), STRUCTURED)),
    "endless nesting": (400, "not-json", lambda _: (b"[" * 100_000 + b"]" * 100_000, BATCH)),
    "deep nesting in an event": (
        400,
        "not-json",
        lambda e: (structured(e).replace(b'"2"', b"[" * 50_000 + b"]" * 50_000), STRUCTURED),
    ),
    "numbers": (422, "refused", lambda _: (b"[1, 2]", BATCH)),
    "an attribute that is no string": (422, "refused", lambda e: (structured(e, id=7), STRUCTURED)),
    "an attribute with a NUL in its name": (422, "refused", lambda e: (structured(e, **{"a\0b": 7}), STRUCTURED)),
    "half a character": (400, "not-json", lambda e: (structured(e, subject="\ud800"), STRUCTURED)),
    "an event of two megabytes": (
        422,
        "refused",
        lambda e: (structured(e, data={"project_id": "x" * 2 * MIB}), STRUCTURED),
    ),
    "another version of CloudEvents": (422, "refused", lambda e: (structured(e, specversion="2.0"), STRUCTURED)),
    "more events than one request may bring": (413, "too-many", lambda e: (b"[" + b"0," * 10_000 + b"0]", BATCH)),
    "a body larger than one request may be": (413, "too-large", lambda _: (b" " * 64 * MIB, BATCH)),
    "a small body that unpacks to a gigabyte": (
        413,
        "too-large",
        lambda _: (gzip.compress(b" " * 16 * MIB, 1) * 64, {**BATCH, "Content-Encoding": "gzip"}),
    ),
    "a body that says it is gzip": (400, "not-gzip", lambda e: (structured(e), {**BATCH, "Content-Encoding": "gzip"})),
    "half of a gzip body": (
        400,
        "not-gzip",
        lambda e: (gzip.compress(structured(e))[:-20], {**BATCH, "Content-Encoding": "gzip"}),
    ),
    "a packing nobody knows": (415, "encoding", lambda e: (structured(e), {**BATCH, "Content-Encoding": "br"})),
}


@pytest.mark.parametrize("case", BODIES)
async def test_a_bad_body_is_refused_with_its_reason(entity: Entity, case: str) -> None:
    status, code, make = BODIES[case]
    content, headers = make(entity)
    answer = await entity.call("POST", "intake", "/v1/events", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]
    if status == httpx.codes.UNPROCESSABLE_ENTITY:
        assert all(e["message"] and e["remedy"] for e in answer.json()["errors"])
        for receipt in answer.json()["receipts"]:
            kept = await entity.get("intake", f"/v1/submissions/{receipt['submission_id']}")
            assert kept["outcome"] == "quarantined"
    assert (await entity.post(entity.project("after"))).status_code == httpx.codes.ACCEPTED


async def test_a_bad_event_delays_no_other_of_its_batch(entity: Entity) -> None:
    good, bad, also = entity.project("b1"), entity.observation("3,5", name="b1"), entity.indicator("b1")
    answer = await entity.post([good, bad, also])
    assert answer.status_code == httpx.codes.ACCEPTED
    receipts = answer.json()["receipts"]
    assert [r["outcome"] for r in receipts] == ["accepted", "quarantined", "accepted"]
    assert [r["event_id"] for r in receipts] == [good.id, bad.id, also.id]
    assert receipts[1]["findings"][0]["path"] == "data/value"


@pytest.mark.parametrize("query", ["event_id=%00", "entity=%00", "after=AAAA", "after=%00", "limit=1e9", "limit=-1"])
async def test_a_question_that_makes_no_sense_is_a_4xx(entity: Entity, query: str) -> None:
    answer = await entity.call("GET", "intake", f"/v1/submissions?{query}")
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"

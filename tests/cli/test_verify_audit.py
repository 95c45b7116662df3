"""What ``plumbline verify-audit`` holds a chain to: heads that were kept where its owner cannot write."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from plumbline.commands.audit import _against
from runtime.audit_api import signed_text
from runtime.chain import GENESIS, Chain, hash_of
from runtime.signing import Signer

SIGNER = Signer("a secret")


def chain_of(objects: list[str], wanted: frozenset[int]) -> Chain:
    """A chain read whole, of rows that differ in their object."""
    chain = Chain(wanted=wanted)
    prev = GENESIS.hex()
    for seq, name in enumerate(objects, 1):
        row: dict[str, Any] = {
            "seq": seq, "at": "2026-11-23T10:00:00+00:00", "actor": "a", "role": "donor", "organisation": "",
            "action": "read", "object": name, "class": "compact", "detail": "{}", "trace": "", "prev": prev,
        }  # fmt: skip
        prev = row["hash"] = hash_of(row)
        chain.read(row)
    assert chain.fault is None
    return chain


def head_of(chain: Chain) -> dict[str, Any]:
    """The signed head of a chain, as a service says it."""
    digest = chain.hash.hex()
    signature = SIGNER.sign(signed_text("intake", chain.seq, digest))
    return {"service": "intake", "seq": chain.seq, "hash": digest, "signature": signature,
            "public_key": SIGNER.public_key}  # fmt: skip


FOUR = frozenset({4})


def test_a_chain_that_grew_holds_to_its_earlier_head() -> None:
    head = head_of(chain_of(["a", "b", "c", "d"], FOUR))
    assert _against(chain_of(["a", "b", "c", "d", "e"], FOUR), head, SIGNER.public_key) == []


@pytest.mark.parametrize(
    ("objects", "text"),
    [(["a", "b", "c"], "the log ends at 3"), (["a", "x", "c", "d"], "written anew"), ([], "the log ends at 0")],
)
def test_a_tail_cut_off_and_a_chain_written_anew_are_found(objects: list[str], text: str) -> None:
    head = head_of(chain_of(["a", "b", "c", "d"], FOUR))
    (fault,) = _against(chain_of(objects, FOUR), head, SIGNER.public_key)
    assert text in fault["text"]


def test_a_head_of_another_key_or_with_another_signature_is_found() -> None:
    chain = chain_of(["a", "b", "c", "d"], FOUR)
    head = head_of(chain)
    (fault,) = _against(chain, head, Signer("another").public_key)
    assert "another key" in fault["text"]
    (fault,) = _against(chain, head | {"signature": SIGNER.sign("x")}, SIGNER.public_key)
    assert "signature" in fault["text"]


def test_the_encoding_of_a_row_is_the_one_written_down() -> None:
    """Netstrings over the fields, the instant in microseconds: anybody can make the hash again (ADR 0088)."""
    row = {"seq": 1, "at": "1970-01-01T00:00:01+00:00", "actor": "é", "role": "r", "organisation": "", "action": "x",
           "object": "o", "class": "c", "detail": "{}", "trace": "", "prev": GENESIS.hex()}  # fmt: skip
    written = "1:1,7:1000000,2:é,1:r,0:,1:x,1:o,1:c,2:{},0:,".encode()
    assert hash_of(row) == hashlib.sha256(GENESIS + written).hexdigest()

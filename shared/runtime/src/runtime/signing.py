"""Ed25519 over a text, a snapshot's manifest or a head of the audit log: nobody without the key wrote it."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Signer:
    """Signs with the key that a secret of any length stands for."""

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())

    @property
    def public_key(self) -> str:
        """The public key, 32 bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, text: str) -> str:
        """The signature, 64 bytes in base64."""
        return base64.b64encode(self._key.sign(text.encode())).decode()


def holds(public_key: str, signature: str, text: str) -> bool:
    """Whether this key signed this text."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True

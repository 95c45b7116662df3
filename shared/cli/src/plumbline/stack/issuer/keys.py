"""Signing keys: the newest signs, the ones before it still verify until their tokens are over."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from plumbline.stack.layout import Secrets

FILE: Final = "issuer-keys"
ALGORITHM: Final = "RS256"
_KEPT: Final = 3  # keys published; rotate no faster than tokens expire


@dataclass(frozen=True, slots=True)
class Key:
    """One RSA key pair."""

    kid: str
    private: rsa.RSAPrivateKey

    def public_jwk(self) -> dict[str, Any]:
        """What JWKS publishes of it."""
        found: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**found, "kid": self.kid, "use": "sig", "alg": ALGORITHM}

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """A JSON Web Token."""
        return jwt.encode(claims, self.private, ALGORITHM, headers={"kid": self.kid, "typ": typ})


def ensure(store: Secrets) -> None:
    """Make a first key where there is none."""
    if not store.path(FILE).exists():
        rotate(store)


def rotate(store: Secrets) -> str:
    """Make a new key that signs from now on; keep the ones before it for verifying. Returns its kid."""
    kept = json.loads(store.read(FILE)) if store.path(FILE).exists() else []
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4)}"
    store.write(FILE, json.dumps([{"kid": kid, "pem": pem.decode()}, *kept][:_KEPT]))
    return kid


def load(store: Secrets) -> list[Key]:
    """Every published key, the signing one first."""
    found = []
    for entry in json.loads(store.read(FILE)):
        private = serialization.load_pem_private_key(entry["pem"].encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError("the issuer signs with RSA keys only")
        found.append(Key(entry["kid"], private))
    return found

"""Who may sign in, from where, and what tokens say of them."""

from __future__ import annotations

import fcntl
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from plumbline.stack.layout import Layout, write_private

AUDIENCE: Final = "plumbline"
CLI_CLIENT: Final = "plumbline-cli"
PORTAL_CLIENT: Final = "portal-gateway"

Grant = Literal["authorization_code", "client_credentials"]
Role = Literal["entity", "member-state", "secretariat", "donor", "operator"]


class Subject(BaseModel):
    """What tokens say about a person or an entity's system."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role
    organisation: str = Field(default="", description="organisation reference, such as XM-DAC-41114")
    country: str = Field(default="", description="ISO 3166-1 alpha-2")

    def claims(self) -> dict[str, str]:
        """The claims of architecture §5; an attribute the subject does not have is left out."""
        found = {"name": self.name, "plumbline_role": self.role}
        if self.organisation:
            found["plumbline_organisation"] = self.organisation
        if self.country:
            found["plumbline_country"] = self.country
        return found


class Client(BaseModel):
    """A program that asks for tokens. A public one has no secret, only PKCE (RFC 8252)."""

    model_config = ConfigDict(extra="forbid")

    name: str
    grants: tuple[Grant, ...]
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    after_sign_out: tuple[str, ...] = ()
    subject: Subject | None = Field(default=None, description="who it is under client credentials")

    def may_return_to(self, uri: str) -> bool:
        """Exact comparison; a public client on this machine may use any port (RFC 8252 §7.3)."""
        if uri in self.redirect_uris:
            return True
        parts = urlsplit(uri)
        return (
            self.public
            and parts.hostname in {"127.0.0.1", "::1"}
            and any(_without_port(uri) == _without_port(known) for known in self.redirect_uris)
        )


class Registry(BaseModel):
    """Everything the issuer knows, less the secrets."""

    model_config = ConfigDict(extra="forbid")

    issuer: str
    access_token_seconds: int = 3600
    clients: dict[str, Client] = {}
    users: dict[str, Subject] = {}


def file_of(layout: Layout) -> Path:
    """Where the registry is kept."""
    return layout.root / "issuer.json"


def load(layout: Layout) -> Registry:
    """Read the registry. Raises FileNotFoundError where no stack was ever started."""
    return Registry.model_validate_json(file_of(layout).read_text())


def save(layout: Layout, registry: Registry) -> None:
    """Write the registry; the issuer reads it again at its next request."""
    write_private(file_of(layout), registry.model_dump_json(indent=2) + "\n")


@contextmanager
def changing(layout: Layout) -> Iterator[Registry]:
    """The registry to change; written when the block ends, by one process at a time."""
    with (layout.root / "issuer.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = load(layout)
        yield found
        save(layout, found)


def user_secret(user: str) -> str:
    """The name of a user's password among the stack's secrets."""
    return f"user-{user}"


def client_secret(client: str) -> str:
    """The name of a client's secret among the stack's secrets."""
    return f"client-{client}"


def same(given: str, expected: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _without_port(uri: str) -> tuple[str, str | None, str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.path, parts.query

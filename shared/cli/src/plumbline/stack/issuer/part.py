"""The issuer as a part of the stack."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

import httpx

from plumbline.demo import DemoEntity, DemoUser
from plumbline.stack.issuer import keys, registry
from plumbline.stack.issuer.registry import CLI_CLIENT, PORTAL_CLIENT, Client, Registry, Subject
from plumbline.stack.layout import HOST
from plumbline.stack.part import Part


class IssuerPart(Part):
    """The local OpenID Connect issuer."""

    name = "issuer"
    title = "the sign-in service"

    @property
    def address(self) -> str:
        """The issuer exactly as tokens name it."""
        return f"http://{HOST}:{self.ports['issuer']}"

    def prepare(self) -> None:
        """Keys, and the registry with the portal and the command as clients."""
        keys.ensure(self.layout.secrets)
        if not registry.file_of(self.layout).exists():
            registry.save(self.layout, Registry(issuer=self.address))
        portal = f"http://{HOST}:{self.ports['portal_gateway']}"
        self.layout.secrets.ensure(registry.client_secret(PORTAL_CLIENT))
        with registry.changing(self.layout) as found:
            found.issuer = self.address  # ports may have changed since last time
            found.clients[PORTAL_CLIENT] = Client(
                name="the Plumbline portal",
                grants=("authorization_code",),
                redirect_uris=(f"{portal}/callback",),
                after_sign_out=(f"{portal}/",),
            )
            found.clients[CLI_CLIENT] = Client(
                name="the plumbline command",
                grants=("authorization_code",),
                public=True,
                redirect_uris=(f"http://{HOST}/callback",),
            )

    def command(self) -> list[str]:
        """The issuer's own module in this Python."""
        return [sys.executable, "-m", "plumbline.stack.issuer", str(self.layout.root), str(self.ports["issuer"])]

    def answers(self) -> bool:
        """Whether keys and registry can be read."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/health/ready", timeout=2, trust_env=False).is_success
        return False

    def add_users(self, users: Iterable[DemoUser]) -> None:
        """People who sign in with a password of their own, made here."""
        with registry.changing(self.layout) as found:
            for user in users:
                self.layout.secrets.ensure(registry.user_secret(user.user))
                found.users[user.user] = Subject(
                    name=user.name, role=user.role, organisation=user.organisation, country=user.country
                )

    def add_entities(self, entities: Iterable[DemoEntity]) -> None:
        """A client for each entity's systems: its reference is its client id, and its organisation."""
        with registry.changing(self.layout) as found:
            for entity in entities:
                self.layout.secrets.ensure(registry.client_secret(entity.ref))
                found.clients[entity.ref] = Client(
                    name=entity.name,
                    grants=("client_credentials",),
                    subject=Subject(name=entity.name, role="entity", organisation=entity.ref),
                )

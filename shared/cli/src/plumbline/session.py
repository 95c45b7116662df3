"""A command's way into one stack: where its parts are, whose token it carries, where its spans go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from plumbline.output import NoStack, Refused
from plumbline.stack import provision, services
from plumbline.stack.errors import AccessRefused, StackError
from plumbline.stack.layout import HOST, Layout, Ports
from plumbline.stack.refusals import check_login
from plumbline.stack.signin import Tokens
from runtime import telemetry

_ANOTHER: Final = "plumbline up starts one; --data-dir names another place"


class Session:
    """One stack, seen from outside: ports from its state file, secrets from its folder."""

    def __init__(self, layout: Layout, ports: Ports, parts: frozenset[str]) -> None:
        self._layout, self._ports, self._parts = layout, ports, parts

    def address(self, part: str) -> str:
        """The HTTP address of a service, the issuer or the trace viewer."""
        return f"http://{HOST}:{getattr(self._ports, part)}"

    def token(self, user: str) -> str:
        """An access token. Raises Refused for an unknown user, NoStack where nothing answers."""
        try:
            return Tokens(self._layout).token(user)
        except AccessRefused as error:
            raise Refused(error.message, error.remedy) from None
        except StackError as error:
            raise NoStack(error.message, error.remedy) from None

    def trace(self, name: str) -> None:
        """Send this command's own spans where the stack's go."""
        for key, value in services.telemetry_of(name, self._ports, os.environ, viewer="zipkin" in self._parts).items():
            os.environ.setdefault(key, value)
        os.environ.setdefault("PLUMBLINE_LOG_LEVEL", "ERROR")
        telemetry.configure(name)

    def producer(self, entity: str) -> Producer:
        """A producer under the entity's own user: it may write its inbound topic and nothing else.

        Raises Refused for a wrong password, NoStack where Kafka is away: the producer itself could say neither.
        """
        kept = self._layout.secrets
        bootstrap = f"{HOST}:{self._ports.kafka}"
        try:
            password = kept.read(provision.secret_of(entity))
            check_login(bootstrap, entity, password)
        except (FileNotFoundError, ValueError):
            raise Refused(f"{entity} has no Kafka user here", f"Register it: plumbline entity add {entity}") from None
        except AccessRefused as error:
            raise Refused(error.message, f"Is {kept.path(provision.secret_of(entity))} its password?") from None
        except StackError as error:
            raise NoStack(error.message, error.remedy) from None
        return Producer({
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": entity,
            "sasl.password": password,
            "enable.idempotence": True,
            "message.max.bytes": 4 * 1024 * 1024,
            "message.timeout.ms": 15_000,
        })  # fmt: skip


def open_session(data_dir: Path) -> Session:
    """The stack of a data directory. Raises NoStack where none was ever started."""
    layout = Layout(data_dir.resolve())
    state = layout.read_state()
    if state is None:
        raise NoStack(f"There is no stack in {layout.root}", _ANOTHER)
    return Session(layout, layout.ports(None), frozenset(part["name"] for part in state.get("parts", [])))

"""Plumbline's own services, each a process with an environment made for it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final
from urllib.parse import quote

import asyncpg
import httpx

from plumbline.stack import postgres, provision
from plumbline.stack.errors import PartFailed
from plumbline.stack.issuer.registry import AUDIENCE, PORTAL_CLIENT, client_secret
from plumbline.stack.layout import HOST, SERVICES, Layout, Ports
from plumbline.stack.part import Part
from runtime.errors import ConfigError
from runtime.migrate import migrate

TITLES: Final = {
    "intake": "intake",
    "scoring": "scoring",
    "notifier": "notifier",
    "portal_gateway": "the portal",
}
SNAPSHOT_KEY: Final = "snapshot-key"
"""The secret scoring's signing key is made of."""
AUDIT_KEY: Final = "audit-key"
"""The secret the key is made of that signs heads of the audit logs."""


class Service(Part):
    """``python -m <service> serve``, after its migrations."""

    def __init__(self, package: str, layout: Layout, ports: Ports) -> None:
        super().__init__(layout, {package: asdict(ports)[package]})
        self._all = ports
        self.package, self.name, self.title = package, kafka_user(package), TITLES[package]
        self.viewer = True

    @property
    def address(self) -> str:
        """The HTTP address."""
        return f"http://{HOST}:{self.ports[self.package]}"

    def command(self) -> list[str]:
        """The service's own entry point."""
        return [sys.executable, "-m", self.package, "serve"]

    def environment(self) -> dict[str, str]:
        """What ``runtime.settings`` reads; secrets by file."""
        return environment_of(self.package, self.layout, self._all, viewer=self.viewer)

    def migrate(self) -> None:
        """Bring the service's database up to date. Raises PartFailed if that fails.

        Here and not by ``python -m <service> migrate``: the same function, and no second interpreter to start.
        """
        owner = f"{self.package}_owner"
        password = quote(self.layout.secrets.read(postgres.secret_of(owner)), safe="")
        dsn = f"postgresql://{owner}:{password}@{HOST}:{self._all.postgres}/{self.package}"
        try:
            postgres.run(migrate(dsn, self.package, self.package))
        except (ConfigError, asyncpg.PostgresError, OSError) as error:
            raise PartFailed(f"The database of {self.title} could not be brought up to date: {error}") from None

    def answers(self) -> bool:
        """Whether the service says it is ready: database, Kafka and consumers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/health/ready", timeout=3, trust_env=False).is_success
        return False


def kafka_user(service: str) -> str:
    """The service's name outside Python: ``portal-gateway`` for ``portal_gateway``."""
    return service.replace("_", "-")


def existing() -> list[str]:
    """The services that can be run: those with an entry point."""
    return [name for name in SERVICES if importlib.util.find_spec(f"{name}.__main__") is not None]


def environment_of(service: str, layout: Layout, ports: Ports, *, viewer: bool) -> dict[str, str]:
    """Every ``PLUMBLINE_`` and ``OTEL_`` variable of a service; ``viewer`` tells whether Zipkin is there."""
    secrets, number = layout.secrets, asdict(ports)
    user = kafka_user(service)
    database = f"{HOST}:{ports.postgres}/{service}"
    found = {
        "PLUMBLINE_DATABASE_URL": f"postgresql://{service}@{database}",
        "PLUMBLINE_DATABASE_PASSWORD_FILE": str(secrets.path(postgres.secret_of(service))),
        "PLUMBLINE_DATABASE_OWNER_URL": f"postgresql://{service}_owner@{database}",
        "PLUMBLINE_DATABASE_OWNER_PASSWORD_FILE": str(secrets.path(postgres.secret_of(f"{service}_owner"))),
        "PLUMBLINE_KAFKA_BOOTSTRAP": f"{HOST}:{ports.kafka}",
        "PLUMBLINE_KAFKA_USERNAME": user,
        "PLUMBLINE_KAFKA_PASSWORD_FILE": str(secrets.path(provision.secret_of(user))),
        "PLUMBLINE_OIDC_ISSUER": f"http://{HOST}:{ports.issuer}",
        "PLUMBLINE_OIDC_AUDIENCE": AUDIENCE,
        "PLUMBLINE_HTTP_HOST": HOST,
        "PLUMBLINE_HTTP_PORT": str(number[service]),
        "PLUMBLINE_INTAKE_URL": f"http://{HOST}:{ports.intake}",
        "PLUMBLINE_SCORING_URL": f"http://{HOST}:{ports.scoring}",
        "PLUMBLINE_NOTIFIER_URL": f"http://{HOST}:{ports.notifier}",
        "PLUMBLINE_GATEWAY_URL": f"http://{HOST}:{ports.portal_gateway}",
        "PLUMBLINE_TRACE_VIEWER_URL": f"http://{HOST}:{ports.zipkin}",
        "PLUMBLINE_DEMONSTRATION": "true",
        "PYTHONUNBUFFERED": "1",
        **telemetry_of(user, ports, os.environ, viewer=viewer),
    }
    secrets.ensure(AUDIT_KEY)
    found["PLUMBLINE_AUDIT_KEY_FILE"] = str(secrets.path(AUDIT_KEY))
    if service == "scoring":
        secrets.ensure(SNAPSHOT_KEY)
        found["PLUMBLINE_SNAPSHOT_KEY_FILE"] = str(secrets.path(SNAPSHOT_KEY))
    if service == "portal_gateway":
        found["PLUMBLINE_OIDC_CLIENT_ID"] = PORTAL_CLIENT
        found["PLUMBLINE_OIDC_CLIENT_SECRET_FILE"] = str(secrets.path(client_secret(PORTAL_CLIENT)))
    return found


def telemetry_of(service: str, ports: Ports, callers: Mapping[str, str], *, viewer: bool) -> dict[str, str]:
    """Traces go to the stack's viewer, unless the caller's environment says where else."""
    found = {"OTEL_SERVICE_NAME": service}
    if "OTEL_EXPORTER_OTLP_ENDPOINT" in callers or "OTEL_TRACES_EXPORTER" in callers:
        return found
    if viewer:
        found["OTEL_TRACES_EXPORTER"] = "zipkin"
        found["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] = f"http://{HOST}:{ports.zipkin}/api/v2/spans"
    return found

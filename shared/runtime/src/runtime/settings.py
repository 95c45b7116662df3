"""What a service is told by its environment; every fault is listed at once."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AnyHttpUrl, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.errors import ConfigError


class Settings(BaseSettings):
    """Environment variables prefixed ``PLUMBLINE_``; secrets are named by file, never by value."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_", extra="ignore", frozen=True)

    database_url: str = Field(description="run role, e.g. postgresql://intake@127.0.0.1:5932/intake")
    database_password_file: Path | None = None
    database_owner_url: str | None = Field(default=None, description="owner role; needed by migrate only")
    database_owner_password_file: Path | None = None
    kafka_bootstrap: str = Field(description="host:port, several separated by commas")
    kafka_username: str | None = None
    kafka_password_file: Path | None = None
    kafka_tls: bool = Field(default=False, description="SASL_SSL instead of SASL_PLAINTEXT")
    oidc_issuer: AnyHttpUrl
    oidc_audience: str = "plumbline"
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    audit_key_file: Path | None = Field(default=None, description="any secret; heads of the audit log are signed by it")
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=0, le=65535)
    intake_url: str = "http://127.0.0.1:8101"
    scoring_url: str = "http://127.0.0.1:8102"
    notifier_url: str = "http://127.0.0.1:8103"
    gateway_url: str = "http://127.0.0.1:8100"
    trace_viewer_url: str | None = None
    demonstration: bool = False

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises ConfigError naming every missing or wrong variable at once."""
        try:
            return cls()  # values come from the environment
        except ValidationError as error:
            lines = [f"PLUMBLINE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
            raise ConfigError("The environment is not complete:\n  " + "\n  ".join(lines)) from None

    @property
    def issuer(self) -> str:
        """The OpenID Connect issuer exactly as tokens name it, without a trailing slash."""
        return str(self.oidc_issuer).rstrip("/")

    def dsn(self) -> str:
        """The run role's connection string, its password read from the file."""
        return _with_password(self.database_url, self.database_password_file)

    def owner_dsn(self) -> str:
        """The owner role's connection string. Raises ConfigError where migrate was not given one."""
        if self.database_owner_url is None:
            raise ConfigError("PLUMBLINE_DATABASE_OWNER_URL is needed to migrate: tables belong to the owner role")
        return _with_password(self.database_owner_url, self.database_owner_password_file)

    def audit_key(self) -> str:
        """The secret that heads of the audit log are signed with, read from its file."""
        return read_secret(self.audit_key_file, "PLUMBLINE_AUDIT_KEY_FILE")

    def kafka_password(self) -> str:
        """The SCRAM password, read from its file."""
        return read_secret(self.kafka_password_file, "PLUMBLINE_KAFKA_PASSWORD_FILE")

    def oidc_client_secret(self) -> str:
        """The portal's client secret, read from its file."""
        return read_secret(self.oidc_client_secret_file, "PLUMBLINE_OIDC_CLIENT_SECRET_FILE")


def read_secret(path: Path | None, variable: str) -> str:
    """The content of a secret file. Raises ConfigError naming the variable, never the content."""
    if path is None:
        raise ConfigError(f"{variable} is not set")
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{variable} names a file that cannot be read: {error.strerror}") from None


def _with_password(url: str, path: Path | None) -> str:
    if path is None:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    secret = quote(read_secret(path, "database password file"), safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{secret}@{host}"))

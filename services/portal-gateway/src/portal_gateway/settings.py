"""What the gateway's environment says beyond the runtime's settings."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from runtime.settings import Settings as RuntimeSettings


class Settings(RuntimeSettings):
    """Limits of the stream and of sessions; the rest is the runtime's."""

    stream_per_person: int = Field(default=12, ge=1, description="streams one person may keep open")
    stream_total: int = Field(default=2000, ge=1, description="streams this process keeps open")
    stream_window_ms: int = Field(default=100, ge=0, le=5000, description="a figure is sent once in this time")
    stream_queue: int = Field(default=1000, ge=8, description="different things kept for one reader at a time")
    stream_ping_s: int = Field(default=15, ge=1, description="seconds of silence after which a ping is sent")
    stream_lifetime_s: int = Field(default=3600, ge=10, description="seconds after which a reader comes back")
    session_hours: int = Field(default=12, ge=1, description="longest session where the issuer renews tokens")
    session_idle_minutes: int = Field(default=30, ge=1, description="a session nobody uses ends after this")
    rate_sign_in: int = Field(default=60, ge=1, description="sign-ins a minute from one address")
    rate_commands: int = Field(default=600, ge=1, description="commands a minute by one person")
    rate_searches: int = Field(default=6000, ge=1, description="searches a minute by one person")
    rate_exports: int = Field(default=120, ge=1, description="exports a minute by one person")
    body_bytes: int = Field(default=1024 * 1024, ge=1024, description="the largest form or body taken")

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts that nobody uses."""
        return timedelta(minutes=self.session_idle_minutes)

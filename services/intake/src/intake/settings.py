"""What intake's environment says beyond the runtime's settings."""

from __future__ import annotations

from pydantic import Field

from runtime.settings import Settings as RuntimeSettings


class Settings(RuntimeSettings):
    """Limits on what one submission may bring."""

    max_upload_bytes: int = Field(default=512 * 1024 * 1024, ge=1, description="largest file accepted, as sent")
    max_events: int = Field(default=10_000, ge=1, description="most events in one HTTP request")
    max_event_bytes: int = Field(default=1_000_000, ge=1, description="largest single event")

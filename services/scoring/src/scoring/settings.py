"""What scoring's environment says beyond the runtime's settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from runtime.settings import Settings as Runtime
from runtime.settings import read_secret


class Settings(Runtime):
    """Scoring signs its snapshots."""

    snapshot_key_file: Path | None = Field(default=None, description="any secret; the signing key is made of it")

    def snapshot_key(self) -> str:
        """The secret that snapshots are signed with, read from its file."""
        return read_secret(self.snapshot_key_file, "PLUMBLINE_SNAPSHOT_KEY_FILE")

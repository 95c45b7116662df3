"""What scoring's environment says: nothing beyond the runtime's settings."""

from __future__ import annotations

from runtime.settings import Settings as Settings

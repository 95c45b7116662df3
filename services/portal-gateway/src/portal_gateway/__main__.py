"""``python -m portal_gateway serve|migrate``."""

from __future__ import annotations

from portal_gateway.app import NAME, build
from portal_gateway.settings import Settings
from runtime.service import main

if __name__ == "__main__":
    main(NAME, "portal_gateway", Settings, build)

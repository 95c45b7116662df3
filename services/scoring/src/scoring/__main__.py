"""``python -m scoring serve|migrate``."""

from __future__ import annotations

from runtime.service import main
from scoring.app import NAME, build
from scoring.settings import Settings

if __name__ == "__main__":
    main(NAME, "scoring", Settings, build)

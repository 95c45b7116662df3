"""``python -m notifier serve|migrate``."""

from __future__ import annotations

from notifier.app import NAME, build
from notifier.settings import Settings
from runtime.service import main

if __name__ == "__main__":
    main(NAME, "notifier", Settings, build)

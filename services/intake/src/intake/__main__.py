"""``python -m intake serve|migrate``."""

from intake.app import build
from intake.settings import Settings
from runtime.service import main

if __name__ == "__main__":
    main("intake", "intake", Settings, build)

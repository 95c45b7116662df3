"""Where the stack keeps things, which ports it uses, and its secrets."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from plumbline.stack.errors import DataDirUnusable

HOST: Final = "127.0.0.1"
SERVICES: Final = ("intake", "scoring", "notifier", "portal_gateway")
"""Import packages of the services; also the names of their databases and database roles."""

_SECRET_NAME: Final = re.compile(r"^[A-Za-z0-9._-]+$")
_MAKING: Final = threading.Lock()
_ROOM: Final = 300 * 1024 * 1024  # bytes: an empty stack is 90 MB, and Kafka stops for good on a full disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """TCP ports on 127.0.0.1, one for each part."""

    portal_gateway: int = 8100
    intake: int = 8101
    scoring: int = 8102
    notifier: int = 8103
    issuer: int = 8104
    zipkin: int = 8105
    kafka: int = 9392
    controller: int = 9393
    postgres: int = 5932

    @classmethod
    def at(cls, base: int) -> Self:
        """Nine ports in a row, in the order of the fields."""
        names = cls.__dataclass_fields__
        if not 1024 <= base <= 65535 - len(names):
            raise ValueError(f"{base} cannot be a port base: 1024 to {65535 - len(names)}")
        return cls(**{name: base + place for place, name in enumerate(names)})


class Secrets:
    """One file a secret, mode 0600, in a folder only its owner may enter. There is no default anywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a secret."""
        if not _SECRET_NAME.match(name):
            raise ValueError(f"{name!r} cannot name a secret")
        return self.folder / name

    def ensure(self, name: str) -> str:
        """The secret, made now if there is none: 160 random bits, readable over a telephone."""
        path = self.path(name)
        with _MAKING:  # services start side by side, and some share a secret
            if not path.exists():
                self.write(name, "-".join(secrets.token_hex(4) for _ in range(5)))
        return path.read_text().strip()

    def read(self, name: str) -> str:
        """The secret. Raises FileNotFoundError if it was never made."""
        return self.path(name).read_text().strip()

    def write(self, name: str, value: str) -> None:
        """Keep a secret; whole or not at all."""
        write_private(self.path(name), value + "\n")


@dataclass(frozen=True, slots=True)
class Layout:
    """The data directory of one stack."""

    root: Path

    @property
    def secrets(self) -> Secrets:
        """The stack's secrets."""
        return Secrets(self.root / "secrets")

    @property
    def logs(self) -> Path:
        """One log file a part."""
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        """Addresses, process ids and ports; no secrets."""
        return self.root / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Held by the process that runs the stack."""
        return self.root / "lock"

    @property
    def requests(self) -> Path:
        """Where other processes leave what the running stack is asked to do."""
        return self.root / "requests"

    def prepare(self, room: int = _ROOM) -> None:
        """Make the folders. Raises DataDirUnusable if they cannot be written or the disk has less ``room`` (bytes)."""
        try:
            for folder in (self.root, self.logs, self.requests):
                folder.mkdir(parents=True, exist_ok=True)
            self.secrets.folder.mkdir(mode=0o700, exist_ok=True)
            self.secrets.folder.chmod(0o700)
            probe = self.root / ".probe"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink()
        except OSError as error:
            raise DataDirUnusable(
                f"{self.root} cannot be written: {error.strerror}", "Choose another folder with --data-dir"
            ) from None
        free = shutil.disk_usage(self.root).free
        if free < room:
            raise DataDirUnusable(
                f"The disk of {self.root} is full: {free // 2**20} MB are free and {room // 2**20} MB are needed",
                "Make room, or choose another disk with --data-dir",
            )

    def read_state(self) -> dict[str, Any] | None:
        """What the last stack here wrote about itself, or None."""
        try:
            found = json.loads(self.state_file.read_text())
        except (OSError, json.JSONDecodeError):
            return None
        return found if isinstance(found, dict) else None

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state file; a reader sees the old one or the new one."""
        write_atomically(self.state_file, json.dumps(state, indent=2) + "\n", 0o644)

    def ports(self, base: int | None) -> Ports:
        """The ports of this data directory: as asked, else as last time, else the usual ones."""
        if base is not None:
            return Ports.at(base)
        known = (self.read_state() or {}).get("ports")
        return Ports(**known) if known else Ports()


def ports_as_dict(ports: Ports) -> dict[str, int]:
    """Ports by name, for the state file."""
    return asdict(ports)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read."""
    write_atomically(path, text, 0o600)


def write_atomically(path: Path, text: str, mode: int) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)

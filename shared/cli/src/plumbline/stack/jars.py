"""The Java archives of Kafka and Zipkin: fetched once into the user's cache, checked against committed digests.

jgo resolves ``bill/<name>.toml`` from Maven Central. It writes a lock file and never reads it again, so what
it fetched is compared here with the committed lock: every archive named there, with its SHA-256, and no other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from plumbline.stack.errors import StackError

_BILL: Final = files("plumbline.stack") / "bill"
_FETCHED: Final = re.compile(r"^Downloading (\S+\.jar)\b")

Tell = Callable[[str], None]


def cache_dir() -> Path:
    """Plumbline's folder in the user's cache (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "plumbline"


def jars(name: str, tell: Tell = lambda _: None, bill: Traversable = _BILL) -> list[Path]:
    """The archives of ``kafka`` or ``zipkin``, fetched if this user does not have them yet.

    ``bill`` is the folder of their bill and lock. Raises StackError where they cannot be fetched or are not what was
    committed.
    """
    lock = (bill / f"{name}.lock.toml").read_bytes()
    wanted = locked(lock)
    home = cache_dir() / "jars" / f"{name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not home.is_dir():
        with _alone(home):
            if not home.is_dir():
                _fetch(name, wanted, home, tell, bill)
    return [home / file for file in wanted]


def locked(lock: bytes) -> dict[str, str]:
    """File name → SHA-256 of every archive a lock file names."""
    found = {}
    for entry in tomllib.loads(lock.decode())["dependencies"]:
        classifier = f"-{entry['classifier']}" if entry.get("classifier") else ""
        found[f"{entry['artifactId']}-{entry['version']}{classifier}.jar"] = entry["sha256"]
    return found


def write_lock(name: str, bill: Traversable = _BILL) -> None:
    """Renew ``<name>.lock.toml`` after its bill was changed; for developers."""
    with tempfile.TemporaryDirectory() as work:
        _resolve(name, Path(work), {}, lambda _: None, bill)
        text = (Path(work) / "env" / "jgo.lock.toml").read_text()
        # When it was made says nothing about what it holds, and would change the file every time.
        text = re.sub(r"^generated = .*\n", "", text, flags=re.MULTILINE)
        Path(str(bill / f"{name}.lock.toml")).write_text(text)


def _fetch(name: str, wanted: dict[str, str], home: Path, tell: Tell, bill: Traversable) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{name}-") as work:
        _resolve(name, Path(work), wanted, tell, bill)
        ready = Path(work) / "ready"
        ready.mkdir()
        for path in (Path(work) / "env").rglob("*.jar"):
            if path.name not in wanted:
                raise StackError(f"{name} came with {path.name}, which its lock file does not name")
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != wanted[path.name]:
                raise StackError(
                    f"{path.name} is not the file it was when its digest was written down",
                    "Something between here and Maven Central changes files; do not go on.",
                )
            shutil.move(path, ready / path.name)
        missing = sorted(set(wanted) - {path.name for path in ready.iterdir()})
        if missing:
            raise StackError(f"{name} came without {', '.join(missing)}")
        ready.rename(home)


def _resolve(name: str, work: Path, wanted: dict[str, str], tell: Tell, bill: Traversable) -> None:
    (work / "jgo.toml").write_bytes((bill / f"{name}.toml").read_bytes())
    repository = os.environ.get("M2_REPO") or str(cache_dir() / "m2")
    command = [sys.executable, "-m", "jgo", "--timeout", "60", "--resolver", "python", "--color", "plain"]
    command += ["--cache-dir", str(work / "env"), "--repo-cache", repository, "sync"]
    # A wide terminal, else a progress line is broken in two and cannot be read back.
    environment = {**os.environ, "COLUMNS": "200", "XDG_RUNTIME_DIR": str(work), "PYTHONWARNINGS": "ignore"}
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        count = 0
        for line in process.stdout:
            said.append(line.rstrip())
            if match := _FETCHED.match(line):
                count += 1
                tell(f"{count}/{len(wanted)} {match.group(1)}")
    if process.returncode != 0:
        words = " / ".join(line for line in said[-3:] if line)
        raise StackError(
            f"The Java archives of {name} could not be fetched: {words}",
            "Maven Central must be reachable the first time; then run the same command again.",
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two first starts at the same time fetch once."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with (home.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise StackError(
            f"The cache folder {home.parent} cannot be used: {error.strerror}",
            "Set XDG_CACHE_HOME to a folder you can write, with 200 MB free.",
        ) from None

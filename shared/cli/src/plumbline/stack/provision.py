"""Topics, users and rights in Kafka: who may write and read what is said here and nowhere else.

The rights are the picture of architecture §2. An entity may write its own inbound topic and nothing more;
a service reads its inputs under its own consumer groups and writes its own streams and dead letters.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from confluent_kafka.cimpl import NewTopic

from contracts.streams import (
    ALERTS,
    CONTEXT,
    INBOUND_PREFIX,
    METRICS,
    NOTIFICATIONS,
    PORTFOLIO,
    RECEIPTS,
    STREAMS,
    Stream,
    inbound,
)
from plumbline.stack.errors import StackError
from plumbline.stack.layout import Secrets

INBOUND_DLQ: Final = INBOUND_PREFIX + "dlq"
"""Where quarantined inbound records are mirrored, for all entities together: none of them can read it."""

DLQ_DAYS: Final = 30
_ITERATIONS: Final = 4096  # of SCRAM, the least Kafka takes: the secrets are 160 random bits, not passwords
_DAY_MS: Final = 24 * 3600 * 1000
_MIB: Final = 1024 * 1024

# None stands for any name, principal and host; the library's annotations do not say so.
_EVERYTHING: Final = AclBindingFilter(
    ResourceType.ANY,
    None,  # type: ignore[arg-type]
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]
    None,  # type: ignore[arg-type]
    AclOperation.ANY,
    AclPermissionType.ANY,
)

_quiet: Final = logging.getLogger("plumbline.stack.kafka")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one service does on Kafka."""

    user: str
    reads: tuple[Stream, ...] = ()
    writes: tuple[Stream, ...] = ()
    inbound: bool = False


SERVICES: Final = (
    Rights(user="intake", writes=(PORTFOLIO, CONTEXT, RECEIPTS), inbound=True),
    Rights(user="scoring", reads=(PORTFOLIO, CONTEXT), writes=(METRICS, ALERTS)),
    Rights(user="notifier", reads=(PORTFOLIO, RECEIPTS, METRICS, ALERTS), writes=(NOTIFICATIONS,)),
    Rights(user="portal-gateway", reads=STREAMS),
)


def secret_of(user: str) -> str:
    """The name of a Kafka user's password among the stack's secrets."""
    return f"kafka-{user}"


def admin_client(bootstrap: str, user: str, password: str, **more: Any) -> AdminClient:
    """A client for administration; it says nothing on standard error by itself."""
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "log.connection.close": False,
        **more,
    }
    return AdminClient(settings, logger=_quiet)


class Provisioner:
    """Makes topics, users and rights, each only where it is missing: run it as often as you like."""

    def __init__(self, bootstrap: str, user: str, secrets: Secrets, *, replicas: int = 1) -> None:
        self._admin = admin_client(bootstrap, user, secrets.read(secret_of(user)))
        self._secrets = secrets
        self._replicas = replicas

    def services(self) -> None:
        """Every stream with its dead letters, and a user for each service."""
        topics = [_topic(s.topic, s, self._replicas) for s in STREAMS]
        topics += [_dead_letters(name, self._replicas) for name in (*(s.dlq for s in STREAMS), INBOUND_DLQ)]
        self._topics(topics)
        self._users(rights.user for rights in SERVICES)
        self._acls(binding for rights in SERVICES for binding in _service_acls(rights))

    def entities(self, refs: Iterable[str]) -> None:
        """An inbound topic and a user for each entity, who may write this topic and nothing else.

        Raises StackError where a reference cannot name a topic.
        """
        refs = list(refs)
        streams = [inbound_of(ref) for ref in refs]
        self._topics([_topic(s.topic, s, self._replicas) for s in streams])
        self._users(refs)
        self._acls(
            _allow(ref, ResourceType.TOPIC, stream.topic, operation)
            for ref, stream in zip(refs, streams, strict=True)
            for operation in (AclOperation.WRITE, AclOperation.DESCRIBE)
        )

    def topics(self) -> list[str]:
        """The topics there are."""
        return sorted(self._admin.list_topics(timeout=15).topics)

    def _topics(self, wanted: list[NewTopic]) -> None:
        there = set(self.topics())
        missing = [topic for topic in wanted if topic.topic not in there]
        if missing:
            _finish(self._admin.create_topics(missing, request_timeout=20), KafkaError.TOPIC_ALREADY_EXISTS)

    def _users(self, users: Iterable[str]) -> None:
        users = list(users)
        described = self._admin.describe_user_scram_credentials(request_timeout=15)
        assert isinstance(described, Future)  # asked for everybody, it answers once
        there = set(described.result())
        missing = [user for user in users if user not in there]
        if missing:
            info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
            _finish(
                self._admin.alter_user_scram_credentials(
                    [
                        UserScramCredentialUpsertion(user, info, self._secrets.ensure(secret_of(user)).encode())
                        for user in missing
                    ],
                    request_timeout=20,
                )
            )

    def _acls(self, wanted: Iterable[AclBinding]) -> None:
        there = set(self._admin.describe_acls(_EVERYTHING, request_timeout=15).result())
        missing = [binding for binding in wanted if binding not in there]
        if missing:
            _finish(self._admin.create_acls(missing, request_timeout=20))


def inbound_of(ref: str) -> Stream:
    """An entity's inbound stream. Raises StackError for a reference that cannot name a topic."""
    try:
        return inbound(ref)
    except ValueError as error:
        raise StackError(str(error)) from None


def _topic(name: str, stream: Stream, replicas: int) -> NewTopic:
    config: dict[str, str] = {
        **_durability(replicas),
        "cleanup.policy": "compact" if stream.compacted else "delete",
        "retention.ms": str(-1 if stream.retention_days is None else stream.retention_days * _DAY_MS),
        "retention.bytes": "-1",
        **_sizes(stream),
    }
    return NewTopic(name, num_partitions=stream.partitions, replication_factor=replicas, config=config)


def _sizes(stream: Stream) -> dict[str, str]:
    if stream.owner != "entity":
        # A fact is its event with defaults spelt out, so it is larger; a relay must never meet one it cannot send.
        return {"max.message.bytes": str(2 * _MIB)}
    # A broker measures what was sent. Unpacked by the broker, it measures what intake would have to hold: a
    # megabyte of zeros sent compressed is a gigabyte at the reader.
    return {"max.message.bytes": str(_MIB), "compression.type": "uncompressed"}


def _durability(replicas: int) -> dict[str, str]:
    # One broker may be away without stopping writes, and no acknowledged record is on one broker alone.
    return {"min.insync.replicas": str(max(1, replicas - 1)), "unclean.leader.election.enable": "false"}


def _dead_letters(name: str, replicas: int) -> NewTopic:
    # More than the largest event: the mirror holds it with its headers and the error.
    config = {
        **_durability(replicas),
        "retention.ms": str(DLQ_DAYS * _DAY_MS),
        "max.message.bytes": str(3 * _MIB),
    }
    return NewTopic(name, num_partitions=1, replication_factor=replicas, config=config)


def _service_acls(rights: Rights) -> list[AclBinding]:
    user = rights.user
    read, write, describe = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE
    prefixed = ResourcePatternType.PREFIXED
    found = [_allow(user, ResourceType.GROUP, user, operation, prefixed) for operation in (read, describe)]
    for stream in rights.reads:
        found += [_allow(user, ResourceType.TOPIC, stream.topic, operation) for operation in (read, describe)]
        # Its own dead letters of this stream; the mirror's record says which consumer quarantined it.
        found += [_allow(user, ResourceType.TOPIC, stream.dlq, operation) for operation in (write, describe)]
    for stream in rights.writes:
        found += [_allow(user, ResourceType.TOPIC, stream.topic, operation) for operation in (write, describe)]
    if rights.inbound:
        found += [_allow(user, ResourceType.TOPIC, INBOUND_PREFIX, o, prefixed) for o in (read, describe)]
        found += [_allow(user, ResourceType.TOPIC, INBOUND_DLQ, operation) for operation in (write, describe)]
    return found


def _allow(
    user: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def _finish(futures: dict[Any, Any], *harmless: int) -> None:
    for future in futures.values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() not in harmless:
                raise StackError(f"Kafka could not be provisioned: {error.args[0].str()}") from None

"""Who may say and hear what on Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from confluent_kafka import KafkaException, Producer
from tests.support.stack import free_port_base

from contracts.streams import PORTFOLIO, RECEIPTS, STREAMS, inbound
from plumbline.output import Refused
from plumbline.session import Session
from plumbline.stack import AccessRefused, NotRunning, Stack, StackError
from plumbline.stack.layout import Layout
from plumbline.stack.provision import Provisioner, admin_client, secret_of
from plumbline.stack.refusals import check_login, explain

pytestmark = pytest.mark.stack

OWN = inbound("XM-DEMO-1").topic
FOREIGN = inbound("XM-DEMO-2").topic


def login(stack: Stack, user: str) -> dict[str, str]:
    return {
        "bootstrap_servers": stack.kafka.address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": stack.layout.secrets.read(secret_of(user)),
    }


@asynccontextmanager
async def running(client: AIOKafkaProducer | AIOKafkaConsumer) -> AsyncIterator[AIOKafkaProducer]:
    """``async with client`` leaves its connections open where starting fails."""
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def send(stack: Stack, user: str, topic: str, *, idempotent: bool = True) -> None:
    async with running(AIOKafkaProducer(**login(stack, user), enable_idempotence=idempotent)) as producer:
        await producer.send_and_wait(topic, b"{}", key=b"p")


async def test_an_entity_writes_to_its_own_topic(stack: Stack) -> None:
    await send(stack, "XM-DEMO-1", OWN)


async def test_an_entity_is_refused_a_foreign_topic_with_error_29(stack: Stack) -> None:
    with pytest.raises(TopicAuthorizationFailedError) as caught:
        await send(stack, "XM-DEMO-1", FOREIGN, idempotent=False)
    assert caught.value.errno == 29


async def test_an_entity_cannot_write_the_streams_between_services(stack: Stack) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await send(stack, "XM-DEMO-1", PORTFOLIO.topic)


async def test_a_service_that_only_reads_cannot_write_anywhere(stack: Stack) -> None:
    with pytest.raises((ClusterAuthorizationFailedError, TopicAuthorizationFailedError)):
        await send(stack, "portal-gateway", PORTFOLIO.topic)


async def test_an_entity_cannot_read_its_own_topic_back(stack: Stack) -> None:
    consumer = AIOKafkaConsumer(**login(stack, "XM-DEMO-1"))
    async with running(consumer):
        consumer.assign([TopicPartition(OWN, 0)])
        await consumer.seek_to_beginning()
        with pytest.raises(TopicAuthorizationFailedError):
            await consumer.getone()


async def test_intake_reads_every_inbound_topic_under_its_own_group(stack: Stack) -> None:
    await send(stack, "XM-DEMO-2", FOREIGN)
    consumer = AIOKafkaConsumer(FOREIGN, **login(stack, "intake"), group_id="intake-test", auto_offset_reset="earliest")
    async with running(consumer):
        assert (await consumer.getone()).value == b"{}"


async def test_a_service_cannot_join_the_group_of_another(stack: Stack) -> None:
    consumer = AIOKafkaConsumer(PORTFOLIO.topic, **login(stack, "scoring"), group_id="notifier")
    with pytest.raises(GroupAuthorizationFailedError):
        async with running(consumer):
            await consumer.getone()


async def test_scoring_cannot_read_receipts(stack: Stack) -> None:
    consumer = AIOKafkaConsumer(RECEIPTS.topic, **login(stack, "scoring"), group_id="scoring-test")
    with pytest.raises(TopicAuthorizationFailedError):
        async with running(consumer):
            await consumer.getone()


async def test_nobody_makes_a_topic_by_writing_to_it(stack: Stack) -> None:
    with pytest.raises((TopicAuthorizationFailedError, UnknownTopicOrPartitionError)):
        await send(stack, "XM-DEMO-1", OWN + "-more")


def test_every_stream_is_there_as_it_is_declared(stack: Stack) -> None:
    admin = admin_client(stack.kafka.address, "admin", stack.layout.secrets.read(secret_of("admin")))
    topics = admin.list_topics(timeout=10).topics
    assert {s.topic: len(topics[s.topic].partitions) for s in STREAMS} == {s.topic: s.partitions for s in STREAMS}
    assert {s.dlq for s in STREAMS} | {"plumbline.inbound.dlq"} <= set(topics)


def test_provisioning_again_changes_nothing(stack: Stack) -> None:
    again = Provisioner(stack.kafka.address, "admin", stack.layout.secrets)
    before = set(again.topics())
    again.services()
    again.entities(["XM-DEMO-1"])
    assert set(again.topics()) == before


@pytest.mark.parametrize("ref", ["a b", "", "dlq", "x" * 200, "ü", "a/b"])
def test_a_reference_that_cannot_name_a_topic_is_refused(stack: Stack, ref: str) -> None:
    with pytest.raises(StackError):
        stack.provisioner().entities([ref])


def test_a_wrong_password_is_said_to_be_one(stack: Stack) -> None:
    with pytest.raises(AccessRefused, match="refused the user XM-DEMO-1 or its password"):
        check_login(stack.kafka.address, "XM-DEMO-1", "wrong", seconds=3)
    with pytest.raises(AccessRefused, match="refused the user nobody or its password"):
        check_login(stack.kafka.address, "nobody", "wrong", seconds=3)


def test_a_command_says_so_before_it_sends(stack: Stack, tmp_path: Path) -> None:
    """librdkafka would only let the messages time out, fifteen seconds later."""
    layout = Layout(tmp_path)
    layout.secrets.folder.mkdir()
    layout.secrets.ensure(secret_of("XM-DEMO-1"))  # not the one this broker knows
    with pytest.raises(Refused, match="refused the user XM-DEMO-1 or its password") as refused:
        Session(layout, stack.ports, frozenset()).producer("XM-DEMO-1")
    assert str(layout.secrets.path(secret_of("XM-DEMO-1"))) in refused.value.remedy
    producer = Session(stack.layout, stack.ports, frozenset()).producer("XM-DEMO-1")
    producer.produce(OWN, b"{}")
    assert producer.flush(10) == 0


def test_no_broker_is_not_a_wrong_password() -> None:
    with pytest.raises(NotRunning, match="does not answer"):
        check_login(f"127.0.0.1:{free_port_base()}", "XM-DEMO-1", "any", seconds=1)


def test_a_foreign_topic_is_refused_in_words(stack: Stack) -> None:
    caught: list[Exception] = []
    password = stack.layout.secrets.read(secret_of("XM-DEMO-1"))
    producer = Producer(
        {
            "bootstrap.servers": stack.kafka.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "XM-DEMO-1",
            "sasl.password": password,
        }
    )
    producer.produce(FOREIGN, b"{}", on_delivery=lambda error, _: caught.append(KafkaException(error)))
    producer.flush(10)
    assert "error 29" in str(explain(caught[0], "XM-DEMO-1"))

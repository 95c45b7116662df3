"""Kafka's refusals in words. Its clients report a wrong password as a failed connection at best."""

from __future__ import annotations

import time

from confluent_kafka import KafkaError, KafkaException

from plumbline.stack.errors import AccessRefused, NotRunning, StackError
from plumbline.stack.provision import admin_client

_NO_ANSWER = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}


def explain(error: Exception, user: str) -> StackError:
    """What a client's error means for this user, whether confluent-kafka or aiokafka raised it."""
    code = error.args[0].code() if isinstance(error, KafkaException) else getattr(error, "errno", None)
    match code:
        case KafkaError.TOPIC_AUTHORIZATION_FAILED:  # 29
            return AccessRefused(
                f"Kafka refused {user} this topic (error 29)",
                "An entity writes to plumbline.inbound.<its reference> and nowhere else",
            )
        case KafkaError.GROUP_AUTHORIZATION_FAILED:  # 30
            return AccessRefused(f"Kafka refused {user} this consumer group (error 30)")
        case KafkaError.CLUSTER_AUTHORIZATION_FAILED:  # 31: what an idempotent producer gets without any right
            return AccessRefused(f"Kafka lets {user} write nothing at all (error 31)")
        case KafkaError._AUTHENTICATION | KafkaError.SASL_AUTHENTICATION_FAILED:
            return AccessRefused(
                f"Kafka refused the user {user} or its password", "Whoever runs the broker can give a new one"
            )
        case _ if code in _NO_ANSWER:
            return NotRunning("Kafka does not answer", "plumbline status tells whether it runs")
        case _:
            return StackError(f"Kafka: {error}")


def check_login(bootstrap: str, user: str, password: str, seconds: float = 5) -> None:
    """Log in and ask nothing else. Raises AccessRefused or NotRunning with the true reason.

    For when a client could only say that it cannot connect: aiokafka's "Unable to bootstrap" is both.
    """
    seen: list[KafkaError] = []
    client = admin_client(bootstrap, user, password, error_cb=seen.append)
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.list_topics(timeout=0.3)
            return
        except KafkaException as error:
            # A refusal reaches the error callback at once; the call itself only times out.
            client.poll(0)
            reasons = [found for found in seen if found.code() not in _NO_ANSWER]
            if reasons or time.monotonic() > deadline:
                raise explain(KafkaException(reasons[0]) if reasons else error, user) from None

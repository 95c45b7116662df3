"""The doors to Kafka: connection arguments, and a relay's producer."""

from __future__ import annotations

import logging
import ssl
from typing import Any

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLScram512

from runtime.settings import Settings


def bootstrap(settings: Settings) -> list[str]:
    """Bootstrap servers as a list: aiokafka does not split a string at commas."""
    return [server.strip() for server in settings.kafka_bootstrap.split(",") if server.strip()]


def build_broker(settings: Settings, client_id: str) -> KafkaBroker:
    """FastStream's broker, for consuming only: nothing leaves except through the outbox."""
    return KafkaBroker(
        bootstrap(settings),
        client_id=client_id,
        security=_security(settings),
        allow_auto_create_topics=False,
        consumer_only=True,
        metadata_max_age_ms=5_000,  # a new entity's inbound topic is read within seconds
        request_timeout_ms=15_000,
        retry_backoff_ms=200,
        graceful_timeout=15,
        logger=logging.getLogger("faststream"),
        log_level=logging.DEBUG,
    )


def build_producer(settings: Settings, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer; its owner puts time limits around it, because aiokafka sets none."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap(settings),
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        compression_type="zstd",  # a fifth of lz4's time as aiokafka sets that, and smaller
        max_batch_size=256 * 1024,
        max_request_size=4 * 1024 * 1024,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
        **sasl(settings),
    )


def sasl(settings: Settings) -> dict[str, Any]:
    """aiokafka's arguments for SCRAM-SHA-512, or none where no user is set."""
    if settings.kafka_username is None:
        return {}
    return {
        "security_protocol": "SASL_SSL" if settings.kafka_tls else "SASL_PLAINTEXT",
        "ssl_context": ssl.create_default_context() if settings.kafka_tls else None,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password(),
    }


def _security(settings: Settings) -> BaseSecurity | None:
    if settings.kafka_username is None:
        return None
    return SASLScram512(
        username=settings.kafka_username,
        password=settings.kafka_password(),
        use_ssl=settings.kafka_tls,
        ssl_context=ssl.create_default_context() if settings.kafka_tls else None,
    )

"""Every span attribute and metric Plumbline emits, once; OpenTelemetry semantic conventions 1.44 (messaging)."""

from __future__ import annotations

from typing import Final

MESSAGING_SYSTEM: Final = "messaging.system"
DESTINATION: Final = "messaging.destination.name"
PARTITION: Final = "messaging.destination.partition.id"
OPERATION_NAME: Final = "messaging.operation.name"
OPERATION_TYPE: Final = "messaging.operation.type"
CONSUMER_GROUP: Final = "messaging.consumer.group.name"
OFFSET: Final = "messaging.kafka.offset"
MESSAGE_ID: Final = "messaging.message.id"
BATCH_COUNT: Final = "messaging.batch.message_count"
ERROR_TYPE: Final = "error.type"
EVENT_TYPE: Final = "cloudevents.event_type"
EVENT_ID: Final = "cloudevents.event_id"
EVENT_SUBJECT: Final = "cloudevents.event_subject"
HTTP_STATUS: Final = "http.response.status_code"

CONSUMED: Final = "messaging.client.consumed.messages"
"""Counter, {message}: records taken from Kafka and committed."""
SENT: Final = "messaging.client.sent.messages"
"""Counter, {message}: records Kafka acknowledged."""
PROCESS_DURATION: Final = "messaging.process.duration"
"""Histogram, s: one batch, from fetch to commit."""
QUARANTINED: Final = "plumbline.quarantined.messages"
"""Counter, {message}: records that can never be accepted."""
DUPLICATES: Final = "plumbline.duplicate.messages"
"""Counter, {message}: records dropped by the inbox."""
GAPS: Final = "plumbline.offset.gaps"
"""Counter, {gap}: offsets skipped; legal after retention and compaction only."""

METRICS: Final = (CONSUMED, SENT, PROCESS_DURATION, QUARANTINED, DUPLICATES, GAPS)

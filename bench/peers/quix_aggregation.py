"""The keyed aggregation of the comparison, by Quix Streams: five sums an event in RocksDB with a changelog,
exactly-once, each event's new sums published. Run by bench.peers in an environment of its own; argument: a JSON file.
"""

import json
import sys
from pathlib import Path
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.kafka import ConnectionConfig
from quixstreams.models.serializers import Deserializer, SerializationContext


class OneKey(Deserializer):
    """Quix keeps state by the message's key; under one key for all, it is the partition's."""

    def __call__(self, value: bytes, ctx: SerializationContext) -> str:
        return "all"


def sums(value: Any, _key: str, _time: int, headers: Any, state: State) -> list[list[Any]]:
    """Adds one event to its five sums: those of this partition, which whoever reads adds up."""
    source = dict(headers)["ce_source"].decode()
    number = round(float(value["value"]) * 100)
    partition = message_context().partition
    said = []
    for key in (
        f"indicator:{value['project_id']}|{value['indicator_id']}",
        f"project:{value['project_id']}",
        f"entity:{source}",
        f"entity-year:{source}|{value['period']['start'][:4]}",
        f"source:{value['source_type']}",
    ):
        count, total = state.get(key, (0, 0))
        count, total = count + 1, total + number
        state.set(key, (count, total))
        said.append([f"{partition}/{key}", count, total])
    return said


def main() -> None:
    """Run until told to stop."""
    told = json.loads(Path(sys.argv[1]).read_text())
    app = Application(
        broker_address=ConnectionConfig(
            bootstrap_servers=told["bootstrap"],
            security_protocol="sasl_plaintext",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username=told["username"],
            sasl_password=told["password"],
        ),
        consumer_group=told["group"],
        state_dir=told["state"],
        processing_guarantee="exactly-once",
        auto_offset_reset="earliest",
        loglevel="WARNING",
    )
    updates = app.topic(told["input"], key_deserializer=OneKey(), value_deserializer="json")
    figures = app.topic(told["output"], value_serializer="json")
    app.dataframe(updates).apply(sums, stateful=True, metadata=True).to_topic(figures)
    app.run()


main()

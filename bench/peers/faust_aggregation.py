"""The keyed aggregation of the comparison, by Faust: five sums an event in RocksDB with a changelog, at least once,
each event's new sums published. Run by bench.peers in an environment of its own; argument: a JSON file.
"""

import json
import sys
from pathlib import Path

import faust

told = json.loads(Path(sys.argv[1]).read_text())
app = faust.App(
    told["group"],
    broker=f"kafka://{told['bootstrap']}",
    broker_credentials=faust.SASLCredentials(
        username=told["username"], password=told["password"], mechanism="SCRAM-SHA-512"
    ),
    store="rocksdb://",
    datadir=told["state"],
    processing_guarantee=told["guarantee"],
    topic_partitions=told["partitions"],
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    stream_wait_empty=False,
    web_enabled=False,
)
updates = app.topic(told["input"], value_serializer="json", key_type=bytes)
figures = app.topic(told["output"], value_serializer="json", key_type=bytes)
totals = app.Table("sums", partitions=told["partitions"])


@app.agent(updates)
async def add(stream):  # type: ignore[no-untyped-def]
    """Adds one event to its five sums: those of this partition, which whoever reads adds up."""
    async for event in stream.events():
        value, partition = event.value, event.message.partition
        source = dict(event.headers)["ce_source"].decode()
        number = round(float(value["value"]) * 100)
        said = []
        for name in (
            f"indicator:{value['project_id']}|{value['indicator_id']}",
            f"project:{value['project_id']}",
            f"entity:{source}",
            f"entity-year:{source}|{value['period']['start'][:4]}",
            f"source:{value['source_type']}",
        ):
            key = f"{partition}/{name}"
            count, total = totals.get(key) or (0, 0)
            count, total = count + 1, total + number
            totals[key] = (count, total)
            said.append([key, count, total])
        await figures.send(key=event.message.key, value=said)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--loglevel", "warn", "--without-web"]
    app.main()

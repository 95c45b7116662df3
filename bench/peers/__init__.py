"""Quix Streams, Faust and Kafka Streams doing the ceiling's keyed aggregation on the same records of the same Kafka."""

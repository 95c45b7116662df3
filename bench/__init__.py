"""Benchmarks: what Plumbline does, beside what could be done on the same broker and database in the same run."""

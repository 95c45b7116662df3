"""What can go wrong while a service runs.

RuntimeFault
├── ConfigError    the environment is wrong: the process must not start
├── Reject         this record can never be accepted: quarantine it at once
└── Stopped        too much is being rejected: the fault is likelier ours, so stop and call a person
"""

from __future__ import annotations


class RuntimeFault(Exception):
    """Base of the runtime's own errors; the docstring of a subclass is its message where none is given."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigError(RuntimeFault):
    """The configuration is incomplete or contradictory."""


class Reject(RuntimeFault):
    """The record can never be accepted.

    ``code`` is stable and machine-readable; ``problems`` lists every fault as (place, text and remedy).
    """

    def __init__(self, code: str, message: str, problems: list[tuple[str, str]] | None = None) -> None:
        self.code = code
        self.problems = problems or []
        super().__init__(message)


class Stopped(RuntimeFault):
    """More records are rejected than bad senders explain; the consumer stopped."""

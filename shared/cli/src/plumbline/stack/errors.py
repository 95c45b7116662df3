"""What can go wrong around the embedded stack, in words a person can act on."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked. ``remedy`` says what to do, ``log`` where more is to be read."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}. {remedy}" if remedy else message)
        self.message, self.remedy = message, remedy


class AlreadyRunning(StackError):
    """Another process runs a stack on this data directory."""


class PortTaken(StackError):
    """A port the stack needs belongs to somebody else."""


class DataDirUnusable(StackError):
    """The data directory cannot be written, or its disk is full."""


class PartFailed(StackError):
    """A part did not start, or died."""


class NotRunning(StackError):
    """No stack runs on this data directory."""


class AccessRefused(StackError):
    """Kafka or the issuer refused a user: wrong password, or no right to do this."""

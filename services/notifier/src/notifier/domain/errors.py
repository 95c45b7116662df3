"""What a subscriber can be told is wrong.

DomainError
├── SubscriptionRefused    the request breaks rules; every fault at once
├── FilingRefused          the wish about messages breaks rules; every fault at once
├── HoursRefused           what is said of the time to be told breaks rules; every fault at once
├── SameSubscription       a changed subscription would say what another says
├── ReceiptsOfOthers       only the entity itself reads its receipts
├── TooManySubscriptions   the limit is reached
└── NotFound               there is none, or it is somebody else's
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Base of the notifier's own errors; the docstring of a subclass is its message."""

    code: ClassVar[str] = "refused"

    def __str__(self) -> str:
        return (type(self).__doc__ or "").strip()


class SubscriptionRefused(DomainError):
    """The subscription is not valid."""

    code = "invalid-subscription"

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__(faults)


class FilingRefused(DomainError):
    """The messages cannot be filed so."""

    code = "invalid-filing"

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__(faults)


class HoursRefused(DomainError):
    """You cannot be told at such hours."""

    code = "invalid-hours"

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__(faults)


class SameSubscription(DomainError):
    """You have another subscription that says the same."""

    code = "same-subscription"


class ReceiptsOfOthers(DomainError):
    """Only an entity itself reads its receipts."""

    code = "receipts-of-others"


class TooManySubscriptions(DomainError):
    """The limit of subscriptions is reached; delete one that is no longer needed."""

    code = "too-many-subscriptions"


class NotFound(DomainError):
    """There is nothing by that id, or it is not yours."""

    code = "not-found"

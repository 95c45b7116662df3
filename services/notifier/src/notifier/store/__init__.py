"""Every SQL statement of the notifier."""

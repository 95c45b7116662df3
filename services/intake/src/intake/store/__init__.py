"""Every SQL statement of intake, by what it is about."""

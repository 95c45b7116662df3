"""Every SQL statement of the portal gateway, by what it is about."""

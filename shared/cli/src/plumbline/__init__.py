"""The plumbline command: the embedded stack, and every service's doors from a shell."""

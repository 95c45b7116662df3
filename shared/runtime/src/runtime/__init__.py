"""How a Plumbline service runs: settings, database, delivery, telemetry, authentication."""

"""What Plumbline's services say to each other: envelope, streams, events. Depends on pydantic only."""

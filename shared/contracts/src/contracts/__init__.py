"""What Plumbline's services say to each other: the envelope, the streams, the events. Depends on pydantic only."""

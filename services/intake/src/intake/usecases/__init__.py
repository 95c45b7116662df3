"""What intake does: load, decide, save, say. One function an operation."""

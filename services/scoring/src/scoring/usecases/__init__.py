"""What scoring does, one function an operation."""

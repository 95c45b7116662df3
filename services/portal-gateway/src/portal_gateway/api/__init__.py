"""HTTP in: the REST interface, the stream, sign-in and the pages."""

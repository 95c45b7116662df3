"""Other services and the issuer, over HTTP, under the caller's own token."""

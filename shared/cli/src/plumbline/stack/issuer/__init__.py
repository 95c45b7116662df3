"""A small OpenID Connect issuer for one machine: what Keycloak is in production, by the same code path.

Authorization code with PKCE for people, client credentials for an entity's systems, keys that rotate.
Users, clients and their claims are in ``issuer.json`` of the data directory; secrets are beside it.
"""

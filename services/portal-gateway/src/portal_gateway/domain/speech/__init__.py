"""How the portal speaks: the reader's language, numbers, names of scopes, words for codes."""

"""Judging an IATI activity and reading its facts: pure rules over a plain tree (methodology §2)."""

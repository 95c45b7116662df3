"""Scoring turns accepted facts into metrics, incrementally and exactly."""

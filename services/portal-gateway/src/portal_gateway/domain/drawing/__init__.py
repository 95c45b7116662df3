"""Drawings as numbers: figures, charts and maps laid out for a template, to be read from either side."""

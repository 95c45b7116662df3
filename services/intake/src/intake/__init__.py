"""Intake validates what entities send and publishes accepted facts."""

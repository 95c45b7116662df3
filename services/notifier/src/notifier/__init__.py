"""Notifier tells the people who asked."""

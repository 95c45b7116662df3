"""The portal's pages: read as the caller, arranged for the templates, readable without a script."""

from __future__ import annotations

from portal_gateway.api.pages import (
    dialects,
    entities,
    inbox,
    metrics,
    overview,
    pillars,
    places,
    project,
    projects,
    receipts,
)
from portal_gateway.api.pages.frame import render, router

__all__ = [
    "dialects",
    "entities",
    "inbox",
    "metrics",
    "overview",
    "pillars",
    "places",
    "project",
    "projects",
    "receipts",
    "render",
    "router",
]

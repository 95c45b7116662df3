"""The portal's pages: read as the caller, arranged for the templates, readable without a script."""

from __future__ import annotations

from portal_gateway.api.pages import (
    account,
    dialects,
    entities,
    exports,
    hours,
    inbox,
    keys,
    maps,
    metrics,
    operations,
    overview,
    pillars,
    places,
    project,
    projects,
    receipts,
    saved,
    subscriptions,
)
from portal_gateway.api.pages.frame import render, router

__all__ = [
    "account",
    "dialects",
    "entities",
    "exports",
    "hours",
    "inbox",
    "keys",
    "maps",
    "metrics",
    "operations",
    "overview",
    "pillars",
    "places",
    "project",
    "projects",
    "receipts",
    "render",
    "router",
    "saved",
    "subscriptions",
]

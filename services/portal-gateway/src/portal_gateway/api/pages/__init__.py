"""The portal's pages: read as the caller, arranged for the templates, readable without a script."""

from __future__ import annotations

from portal_gateway.api.pages import inbox, metrics, overview, projects, receipts
from portal_gateway.api.pages.frame import render, router

__all__ = ["inbox", "metrics", "overview", "projects", "receipts", "render", "router"]

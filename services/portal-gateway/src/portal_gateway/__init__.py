"""Portal gateway serves the read model: REST, SSE and the web portal."""

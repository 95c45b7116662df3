"""What every answer of every service says to a browser."""

from __future__ import annotations

import httpx
import pytest

from runtime.http import Problem, create_app


@pytest.mark.parametrize(
    ("path", "status"), [("/known", 404), ("/unknown", 404), ("/fault", 500), ("/health/live", 200)]
)
async def test_nothing_in_an_answer_runs_or_is_kept_whatever_failed(path: str, status: int) -> None:
    app = create_app("Drill", "A drill.")

    @app.get("/known")
    async def known() -> None:
        raise Problem(404, "not-found", "Nothing is here")

    @app.get("/fault")
    async def fault() -> None:
        raise RuntimeError("nobody foresaw this")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://drill") as http:
        answer = await http.get(path)
    assert answer.status_code == status
    assert "nobody foresaw this" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"

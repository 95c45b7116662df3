"""The sign-in page: one form, no script, readable by anybody's browser and screen reader."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with the form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

STYLE: Final = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 24rem; margin: 12vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .5rem; }
p { margin: 0 0 1rem; }
.mark { border-inline-start: .25rem solid #b25d00; padding-inline-start: .75rem; }
.wrong { border-inline-start: .25rem solid #c4162a; padding-inline-start: .75rem; font-weight: 600; }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem .625rem; margin-bottom: 1rem;
  border: 1px solid #6b7280; border-radius: .25rem; background: Field; color: FieldText; }
button { font: inherit; font-weight: 600; padding: .5rem 1.25rem; border: 1px solid #0b4f8a;
  border-radius: .25rem; background: #0b5394; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #1a73e8; outline-offset: 2px; }
"""


def sign_in(request: str, client: str, returns_to: str, *, user: str = "", wrong: bool = False) -> HTMLResponse:
    """The form. ``returns_to`` is the origin the browser goes to afterwards."""
    error = '<p class="wrong" role="alert">User name or password is not right. Please try again.</p>' if wrong else ""
    # Where the user name is known the password is the next thing to type.
    focus_user, focus_password = ("", " autofocus") if user else (" autofocus", "")
    body = f"""\
<p>to continue to {escape(client)}</p>
<p class="mark">Demonstration: invented organisations, invented figures.</p>
{error}
<form method="post" action="/sign-in">
<input type="hidden" name="request" value="{escape(request)}">
<label for="user">User name</label>
<input id="user" name="user" value="{escape(user)}" autocomplete="username" autocapitalize="none"
 spellcheck="false" required{focus_user}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{focus_password}>
<button type="submit">Sign in</button>
</form>"""
    # Browsers apply form-action to the redirect after the form too, so the client's origin must be in it.
    return _page("Sign in", body, form_action=f"'self' {returns_to}", status=403 if wrong else 200)


def message(title: str, text: str, status: int) -> HTMLResponse:
    """A page that only says something."""
    return _page(title, f"<p>{escape(text)}</p>", form_action="'none'", status=status)


def _page(title: str, body: str, *, form_action: str, status: int) -> HTMLResponse:
    policy = (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action {form_action};"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – Plumbline</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
"""
    return HTMLResponse(html, status_code=status, headers={**_HEADERS, "Content-Security-Policy": policy})

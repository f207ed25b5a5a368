"""What every answer tells the browser: run only what we serve, guess no types, keep nothing private."""

from flask import Flask, Response, request

OURS_ALONE = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
# The page that browses the contract starts itself with a script of its own; it shows nobody's data.
DOCS = f"{OURS_ALONE}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


def init_app(app: Flask) -> None:
    app.after_request(add)


def add(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Content-Security-Policy"] = DOCS if request.path.startswith("/docs") else OURS_ALONE
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response

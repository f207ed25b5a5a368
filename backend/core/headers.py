"""What every answer tells the browser: run nothing but ours, guess no types, leak no addresses, keep no copies."""

from flask import Flask, Response, request

# Swagger UI's page carries its configuration in one inline script.
STRICT = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
DOCS = STRICT + "; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


def add(response: Response) -> Response:
    if response.status_code == 304:
        return response  # the copy it renews has them
    headers = response.headers
    if "Cache-Control" not in headers and request.path.startswith("/api/"):
        headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", DOCS if request.path.startswith("/docs") else STRICT)
        headers["Referrer-Policy"] = "no-referrer"
    return response


def init_app(app: Flask) -> None:
    app.after_request(add)

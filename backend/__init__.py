"""Anlin 安邻: the backend that keeps a residential community going when everyone has to stay home."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from backend import cli, config, embedded
from backend.core import contract, errors, headers, health, logs, production, public_cache, ratelimit
from backend.core.crypto import keyring
from backend.core.settings import settings
from backend.extensions import api, db, migrate

# Every feature: its models, its blueprints, and, where it has them, its evidence and its deadlines.
FEATURES = {
    "places": ("routes",),
    "people": ("routes",),
    "fieldwork": ("evidence", "routes"),
    "certification": ("evidence", "inbox", "deadlines", "routes", "public_routes"),
    "cases": ("evidence", "routes"),
    "payments": ("inbox", "deadlines", "routes"),
    "groupbuy": (
        "payable",
        "inbox",
        "deadlines",
        "claims.completion",
        "campaign_routes",
        "order_routes",
        "arrivals.routes",
        "handout.routes",
        "handout.sheet_routes",
        "claims.routes",
        "claims.photo_routes",
        "changes.routes",
        "joining.routes",
        "settlement.routes",
    ),
    "medicine": (
        "inbox",
        "requests.erasure",
        "requests.routes",
        "requests.care_routes",
        "pharmacies.routes",
        "trips.origin",
        "trips.deadlines",
        "trips.routes",
        "delivery.routes",
        "goods.routes",
        "money.payable",
        "money.routes",
    ),
    "volunteering": (
        "inbox",
        "teams.routes",
        "teams.coverage_routes",
        "records.routes",
        "tasks.deadlines",
        "tasks.patterns",
        "tasks.deliveries",
        "tasks.routes",
        "tasks.claim_routes",
        "planning.routes",
    ),
}


class PlaceCodeConverter(BaseConverter):
    """`<place_code:code>` in a route."""

    regex = r"[0-9]{4,12}(?:-[0-9]{3}){0,3}"


class OrjsonProvider(JSONProvider):
    """orjson instead of json: several times faster, and it knows dates and UUIDs."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Straight from bytes: no text in between."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), option=orjson.OPT_NON_STR_KEYS)
        return Response(body, mimetype="application/json")

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


class Application(Flask):
    """Flask, told that none of our functions is asynchronous: it need not look at each of them at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """WeChat's client sends no PATCH: a POST may say that it is one."""
        if environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") == "PATCH" and environ["REQUEST_METHOD"] == "POST":
            environ["REQUEST_METHOD"] = "PATCH"
        return super().wsgi_app(environ, start_response)


def create_app(**overrides: Any) -> Flask:
    """The application. Settings come from the environment (see config.SETTINGS); `overrides` are for tests."""
    values = {**config.load(), **overrides}
    if not values["DATABASE_URL"]:
        values["MIGRATION_DATABASE_URL"], values["DATABASE_URL"] = embedded.start()
    app = Application(__name__, static_folder=None)
    app.config.update(config.flask_settings(values))
    settings.update(values)
    app.json = OrjsonProvider(app)
    app.url_map.converters["place_code"] = PlaceCodeConverter
    if values["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=values["TRUSTED_PROXIES"])  # type: ignore[method-assign]
    keyring.load(values["DATA_KEYS"], values["BLIND_INDEX_KEY"])
    db.init_app(app)
    migrate.init_app(app, db)
    logs.init_app(app)
    headers.init_app(app)
    ratelimit.init_app(app)
    public_cache.init_app(app)
    contract.init_app(app)
    register_features(app)
    errors.init_app(app)
    cli.init_app(app)
    if values["APP_ENV"] == "production":
        production.refuse_unsafe_database(app)
    return app


def register_features(app: Flask) -> None:
    app.register_blueprint(health.blp)
    demo = {"demo": ("routes", "app_routes")} if app.config["DEMO_MODE"] else {}
    for feature, modules in {**FEATURES, **demo}.items():
        for module in modules:
            loaded = import_module(f"backend.{feature}.{module}")
            if hasattr(loaded, "blp"):
                api.register_blueprint(loaded.blp)
            if hasattr(loaded, "pages"):
                app.register_blueprint(loaded.pages)

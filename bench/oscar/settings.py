"""django-oscar as its own sandbox sets it up (every app of it, ATOMIC_REQUESTS), and generous where a choice is ours:
no session, no sign-in, no CSRF, no basket middleware, no e-mail, no DEBUG, a connection kept by each thread."""

import os

from oscar.defaults import *  # noqa: F403  the documented way: every OSCAR_ setting has to be a setting
from psycopg.conninfo import conninfo_to_dict

DJANGO = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "flatpages")
PARTS = (
    "analytics",
    "checkout",
    "address",
    "shipping",
    "catalogue",
    "communication",
    "partner",
    "basket",
    "payment",
    "offer",
    "order",
    "customer",
    "search",
    "voucher",
    "wishlists",
    "dashboard",
)
BOARDS = (
    "reports",
    "users",
    "orders",
    "catalogue",
    "offers",
    "partners",
    "pages",
    "ranges",
    "reviews",
    "vouchers",
    "communications",
    "shipping",
)


def database(url: str) -> dict:
    """Django's spelling of a URL. A kept connection a thread is what our own pools come to as well."""
    parts = conninfo_to_dict(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{ours: str(parts.get(theirs, "")) for ours, theirs in names.items()},
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": None,
    }


SECRET_KEY = "of a benchmark: nothing is signed with it"
DEBUG = False
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": database(os.environ["DATABASE_URL"])}
INSTALLED_APPS = [
    *(f"django.contrib.{name}" for name in DJANGO),
    "oscar.config.Shop",
    *(f"oscar.apps.{part}.apps.{part.capitalize()}Config" for part in PARTS),
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    *(f"oscar.apps.dashboard.{board}.apps.{board.capitalize()}DashboardConfig" for board in BOARDS),
    *("widget_tweaks", "haystack", "treebeard", "django_tables2"),
]
SITE_ID = 1
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it sets the Content-Length
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
AUTHENTICATION_BACKENDS = ["oscar.apps.customer.auth_backends.EmailBackend"]
ROOT_URLCONF = "bench.oscar.shop"
STATIC_URL, MEDIA_URL = "/static/", "/media/"
USE_TZ, TIME_ZONE = True, "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
SILENCED_SYSTEM_CHECKS = ["admin.E403", "admin.E408", "admin.E409", "admin.E410"]  # the admin's wants; it is not served
OSCAR_INITIAL_ORDER_STATUS = OSCAR_INITIAL_LINE_STATUS = "Pending"
OSCAR_ORDER_STATUS_PIPELINE = {"Pending": ("Being processed", "Cancelled"), "Being processed": (), "Cancelled": ()}
OSCAR_DEFAULT_CURRENCY = "CNY"

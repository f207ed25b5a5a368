"""The WSGI entry point: ``gunicorn -c backend/gunicorn_conf.py wsgi:app``."""

from backend import create_app

app = create_app()

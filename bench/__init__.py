"""Benchmarks anyone can run: `python -m bench` (see bench/__main__.py)."""

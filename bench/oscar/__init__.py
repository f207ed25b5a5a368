"""A django-oscar shop that takes one order a POST. It runs in a virtual environment of its own (bench/oscar_world.py),
so nothing here may import the rest of this project."""

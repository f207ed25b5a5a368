"""Trucks: what came, who gets how much of it, what the scales say; tables `lot` and `substitute`."""

"""Certification: one click to "epidemic-free", and all that can end it; table `application` and what belongs to it."""

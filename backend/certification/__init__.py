"""Certification: one click to "epidemic-free" and all that can end it. Grid workers file, reviewers decide; `application`."""

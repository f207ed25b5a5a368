"""The end: who was paid, and every account at zero."""

"""Trips to a pharmacy for many households: planned by the community, sealed, made by one volunteer, reconciled."""

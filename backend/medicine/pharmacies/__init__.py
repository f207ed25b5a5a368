"""Pharmacies near a community: what they are designated for, what they have, how long one queues. No patient here."""

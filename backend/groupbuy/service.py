"""The door for other features: what they do once goods have come (deliveries to make, shifts to fill)."""

from backend.groupbuy.arrivals.service import on_arrival as on_arrival

"""Neighbouring places ask a campaign's organiser to pool their orders with it; table `join_request`."""

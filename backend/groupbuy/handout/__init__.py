"""Handing out: numbers called in batches, doors, printed sheets; table `pickup`."""

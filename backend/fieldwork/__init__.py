"""Fieldwork: what was done each day in a compound for the control items. Grid workers; table `daily_record`."""

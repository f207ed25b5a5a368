"""Requests for medicine: who needs what, checked by a second person; papers in custody; what will run out."""

"""Before the hand-out: the waiting list, requests after the cut-off, full cases; tables `waiting_entry` and
`change_request`."""

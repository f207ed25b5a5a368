"""What was bought, from the counter to a door; and where it goes when a household does not take it."""

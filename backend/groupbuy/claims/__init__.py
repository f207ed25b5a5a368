"""After the hand-out: claims with photos, recalls of a lot; tables `claim` and `recall`."""

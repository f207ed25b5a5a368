"""Medicine for people who cannot go out: from the photo of a box to the door, with no volunteer out of pocket.
Residents, building heads, volunteers and the community act; table `medicine_request` first."""

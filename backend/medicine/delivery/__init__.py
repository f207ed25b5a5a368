"""From the unpacked bags to the doors: who carries which, that it is the right person, what they refuse."""

"""Tasks: who takes them, who holds what at a door, who takes over. Volunteers and coordinators act; table `task`."""

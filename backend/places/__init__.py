"""Places: the city's register down to the household. Grid workers keep what lies below the community; table `place`."""

"""The teams 群众工作队: who helps, where, how much, in which post, and which posts stand empty; table `volunteer`."""

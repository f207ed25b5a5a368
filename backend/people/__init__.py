"""People: users, sign-in, the posts they hold at places, household members and consent; table `app_user` first."""

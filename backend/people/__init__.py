"""People: users, sign-in, the posts they hold at places, household members and consent; tables `app_user` and others."""

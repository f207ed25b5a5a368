"""Volunteers: the mass-work teams, one head and seven roles, tasks with one holder each, rest, hours.
Secretaries and community workers keep the teams, volunteers claim and do the tasks; tables `mass_work_team`,
`volunteer`, `task` and `task_claim` first. What is decided on values alone stands in `rest` and the rooms' rules."""

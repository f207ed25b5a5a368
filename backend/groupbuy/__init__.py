"""Group buy: campaigns, the households' orders, shortfall shared out, hand-out by number; tables `campaign` and
`group_order` first. What can be decided on values alone stands in `pricing`, `arrivals/allocation` and
`handout/calling`, without a session, a request or a clock."""

"""Companies: the tenants. What a company owns elsewhere ends with the event this slice sends."""

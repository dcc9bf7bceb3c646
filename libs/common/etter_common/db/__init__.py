"""PostgreSQL: engine, one-transaction sessions, the repository with its company filter, row-level security."""

"""How the benches measure: servers in processes of their own, one load generator, one table."""

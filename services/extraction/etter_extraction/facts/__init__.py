"""Facts: what a parsed document says about roles, each with the words it stands on. Pure, no I/O, deterministic."""
